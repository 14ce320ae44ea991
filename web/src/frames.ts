/** Pure: from the text on the wire to what the machine and the store read, and the frames that a client sends. */
import type { Cascade, Change, Envelope, LogPosition, Metadata, Row, StreamPosition } from './types.ts';

/** A frame that changes rows. `part` counts from 1; a frame that is not split has one part. */
export interface DataFrame {
  readonly kind: 'update' | 'merged' | 'snapshot';
  readonly id: string;
  readonly stream: string;
  readonly epoch: string;
  readonly sequence: number;
  readonly prev: number;
  readonly part: number;
  readonly parts: number;
  readonly timestamp: number;
  readonly changes: readonly Change[];
  readonly cascade: Cascade;
  readonly delta: Readonly<Record<string, unknown>> | null;
  /** Named only in a notice, which carries no rows: what to fetch. */
  readonly changed: readonly Changed[];
  readonly metadata: Metadata;
}

export interface Changed {
  readonly entity: string;
  readonly action: string;
  readonly id: string;
  readonly branchId?: string;
}

export interface Joined extends StreamPosition {
  readonly stream: string;
  readonly status: string;
  readonly replayed: number;
}

export interface Ping extends StreamPosition {
  readonly stream: string;
  readonly digest: number | null;
  readonly stamp: number | null;
  readonly position?: LogPosition;
}

export interface Ack {
  readonly kind: 'ack';
  readonly action: string;
  readonly messageId: string;
  readonly position?: LogPosition;
  readonly error?: Fault;
}

export interface Fault {
  readonly code?: string;
  readonly message?: string;
}

/** How much the server takes of one connection. */
export interface Limits {
  readonly messagesPerSecond: number;
  readonly burst: number;
}

export type ControlFrame =
  | {
      readonly kind: 'welcome';
      readonly heartbeatMs: number;
      readonly user: string;
      readonly features: readonly string[];
      readonly limits: Limits;
    }
  | { readonly kind: 'subscribed'; readonly streams: readonly Joined[] }
  | { readonly kind: 'unsubscribed'; readonly streams: readonly { readonly stream: string }[] }
  | { readonly kind: 'reset'; readonly stream: string }
  | { readonly kind: 'stale'; readonly since: number | null; readonly reason: string }
  | { readonly kind: 'live' }
  | { readonly kind: 'goodbye'; readonly retryAfterMs: number; readonly jitterMs: number }
  | { readonly kind: 'ping' | 'pong'; readonly streams: readonly Ping[] }
  | Ack
  | {
      readonly kind: 'error';
      readonly code: string;
      readonly message: string;
      readonly messageId?: string;
      readonly temporary: boolean;
    }
  | { readonly kind: 'token-expiring' | 'token' }
  | { readonly kind: 'unknown' };

export type ServerFrame = DataFrame | ControlFrame;

type Bag = Readonly<Record<string, unknown>>;

/** Read one text frame. Anything that is no frame of this version is `unknown`: counted, never fatal. */
export function decode(text: string): ServerFrame {
  try {
    return read(JSON.parse(text));
  } catch {
    return { kind: 'unknown' };
  }
}

/** The same for a frame that is parsed already: one of a long-poll's answer. */
export function read(value: unknown): ServerFrame {
  const frame = (value ?? {}) as Envelope;
  const payload = (frame.payload ?? {}) as Payload;
  const data = (frame.type === 'update' || frame.type === 'bulk') && typeof frame.sequence === 'number';
  return data ? dataFrame(frame, payload) : controlFrame(frame, payload);
}

/** Every row that a frame carries, with its kind, ancestors first. */
export function rowsOf(frame: DataFrame): readonly (readonly [string, Row])[] {
  const { cascade } = frame;
  const rows: (readonly [string, Row])[] = [];
  for (const row of cascade.projects ?? []) rows.push(['project', row]);
  for (const row of cascade.branches ?? []) rows.push(['branch', row]);
  for (const row of cascade.tasks ?? []) rows.push(['task', row]);
  for (const change of frame.changes) rows.push([change.entity, change.row]);
  for (const row of cascade.subtasks ?? []) rows.push(['subtask', row]);
  for (const row of cascade.contexts ?? []) rows.push(['context', row]);
  return rows;
}

/** The ids of the changes that frames bring back to whoever made them. */
export function echoesOf(frames: readonly DataFrame[]): ReadonlySet<unknown> {
  const echoes = new Set<unknown>();
  for (const { metadata } of frames) {
    echoes.add(metadata.correlationId);
    for (const id of metadata.merged?.correlationIds ?? []) echoes.add(id);
  }
  return echoes;
}

/** Frames in groups to apply one after the other: the pages of a snapshot together, every other frame alone. */
export function groupsOf(frames: readonly DataFrame[]): readonly (readonly [DataFrame, ...DataFrame[]])[] {
  const groups: [DataFrame, ...DataFrame[]][] = [];
  for (const frame of frames) {
    const last = groups.at(-1);
    if (frame.kind === 'snapshot' && frame.part > 1 && last?.[0].stream === frame.stream) last.push(frame);
    else groups.push([frame]);
  }
  return groups;
}

/**
 * Only the shape that everything relies on is checked: the edge's own tests hold it to the contract, and a frame that
 * breaks it all the same is dropped and counted by the driver, because no step keeps half of what it did.
 */
function dataFrame(
  { payload: _payload, ...head }: Envelope,
  { entity = '', action = '', data = {} }: Payload,
): DataFrame {
  const { primary, cascade = {}, delta = null, changed = [] } = data;
  const rows = primary ? [primary as Row] : [];
  const frame = {
    stream: '',
    part: 1,
    parts: 1,
    ...(head as typeof head & Told),
    delta,
    changed,
    changes: [],
    cascade,
  };
  if (head.type === 'update')
    return { ...frame, kind: 'update', changes: rows.map((row) => ({ entity, action, row })) };
  if (action !== 'snapshot') return { ...frame, kind: 'merged', changes: (primary ?? []) as readonly Change[] };
  // A snapshot is the project's row (or tombstone) and every branch.
  return { ...frame, kind: 'snapshot', cascade: { projects: rows, branches: cascade.branches ?? [] } };
}

/** What no frame leaves out. */
type Told = Required<Pick<Envelope, 'epoch' | 'prev' | 'metadata'>>;

interface Payload {
  readonly entity?: string;
  readonly action?: string;
  readonly data?: Bag & {
    readonly primary?: unknown;
    readonly cascade?: Cascade;
    readonly delta?: Bag | null;
    readonly changed?: readonly Changed[];
  };
}

const CONTROL = new Set<string>(
  'welcome subscribed unsubscribed reset stale live goodbye token token-expiring ping pong'.split(' '),
);

function controlFrame({ type }: Envelope, { action = '', data = {} }: Payload): ServerFrame {
  const kind = type === 'ack' || type === 'error' ? type : CONTROL.has(action) ? action : 'unknown';
  return { streams: [], ...data, action, kind } as unknown as ServerFrame;
}
