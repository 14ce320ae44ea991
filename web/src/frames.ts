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
  readonly metadata: Metadata;
}

export interface Joined extends StreamPosition {
  readonly stream: string;
  readonly status: string;
  readonly replayed: number;
  readonly error: string | null;
}

export interface Ping extends StreamPosition {
  readonly stream: string;
  readonly digest: number | null;
  readonly stamp: number | null;
}

export interface Ack {
  readonly kind: 'ack';
  readonly action: string;
  readonly messageId: string;
  readonly position: LogPosition | null;
  readonly error: string | null;
}

export type ControlFrame =
  | { readonly kind: 'welcome'; readonly heartbeatMs: number; readonly user: string | null }
  | { readonly kind: 'subscribed'; readonly streams: readonly Joined[] }
  | { readonly kind: 'unsubscribed'; readonly streams: readonly string[] }
  | { readonly kind: 'reset'; readonly stream: string }
  | { readonly kind: 'stale'; readonly since: number | null; readonly reason: string }
  | { readonly kind: 'live' }
  | { readonly kind: 'goodbye'; readonly retryAfterMs: number; readonly jitterMs: number }
  | { readonly kind: 'ping' | 'pong'; readonly streams: readonly Ping[] }
  | Ack
  | { readonly kind: 'error'; readonly code: string; readonly message: string; readonly messageId: string | null }
  | { readonly kind: 'token-expiring' | 'token' }
  | { readonly kind: 'unknown'; readonly what: string };

export type ServerFrame = DataFrame | ControlFrame;

type Bag = Readonly<Record<string, unknown>>;

/** Read one text frame. Anything that is no frame of this version is `unknown`: counted, never fatal. */
export function decode(text: string): ServerFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'unknown', what: 'not JSON' };
  }
  const frame = value as Envelope | null;
  if (typeof frame !== 'object' || frame === null || typeof frame.type !== 'string') {
    return { kind: 'unknown', what: 'no type' };
  }
  return (READERS[frame.type] ?? unknown)(frame);
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

const READERS: Readonly<Record<string, (frame: Envelope) => ServerFrame>> = {
  update: (frame) => ({ ...head(frame, 'update'), ...oneChange(frame) }),
  bulk: (frame) =>
    actionOf(frame) === 'snapshot'
      ? { ...head(frame, 'snapshot'), changes: [], cascade: snapshotRows(frame), delta: null }
      : { ...head(frame, 'merged'), ...manyChanges(frame) },
  sync: readSync,
  heartbeat: (frame) => ({ kind: actionOf(frame) === 'pong' ? 'pong' : 'ping', streams: pings(frame) }),
  ack: readAck,
  error: readError,
};

function head(frame: Envelope, kind: DataFrame['kind']): Omit<DataFrame, 'changes' | 'cascade' | 'delta'> {
  return {
    kind,
    id: frame.id,
    stream: frame.stream ?? '',
    epoch: frame.epoch ?? '',
    sequence: frame.sequence,
    prev: frame.prev ?? 0,
    part: frame.part ?? 1,
    parts: frame.parts ?? 1,
    timestamp: frame.timestamp,
    metadata: frame.metadata ?? {},
  };
}

function oneChange(frame: Envelope): Pick<DataFrame, 'changes' | 'cascade' | 'delta'> {
  const payload = bag(frame.payload);
  const data = bag(payload.data);
  const change = { entity: text(payload.entity) ?? '', action: text(payload.action) ?? '', row: data.primary as Row };
  const delta = typeof data.delta === 'object' ? (data.delta as Bag | null) : null;
  return { changes: data.primary ? [change] : [], cascade: (data.cascade ?? {}) as Cascade, delta };
}

function manyChanges(frame: Envelope): Pick<DataFrame, 'changes' | 'cascade' | 'delta'> {
  const data = bag(bag(frame.payload).data);
  return {
    changes: (data.primary ?? []) as readonly Change[],
    cascade: (data.cascade ?? {}) as Cascade,
    delta: null,
  };
}

/** A snapshot is the project's row (or tombstone) and every branch. */
function snapshotRows(frame: Envelope): Cascade {
  const data = bag(bag(frame.payload).data);
  const projects = data.primary ? [data.primary as Row] : [];
  return { projects, branches: list(bag(data.cascade).branches) as readonly Row[] };
}

const SYNC: Readonly<Record<string, (data: Bag) => ServerFrame>> = {
  welcome: (data) => ({ kind: 'welcome', heartbeatMs: count(data.heartbeatMs) ?? 25_000, user: text(data.user) }),
  subscribed: (data) => ({ kind: 'subscribed', streams: list(data.streams).map((item) => joinedOf(bag(item))) }),
  unsubscribed: (data) => ({
    kind: 'unsubscribed',
    streams: list(data.streams).map((item) => text(bag(item).stream) ?? ''),
  }),
  reset: (data) => ({ kind: 'reset', stream: text(data.stream) ?? '' }),
  stale: (data) => ({ kind: 'stale', since: count(data.since), reason: text(data.reason) ?? '' }),
  live: () => ({ kind: 'live' }),
  goodbye: (data) => ({
    kind: 'goodbye',
    retryAfterMs: count(data.retryAfterMs) ?? 0,
    jitterMs: count(data.jitterMs) ?? 0,
  }),
  token: () => ({ kind: 'token' }),
  'token-expiring': () => ({ kind: 'token-expiring' }),
};

function readSync(frame: Envelope): ServerFrame {
  const action = actionOf(frame);
  return SYNC[action]?.(dataOf(frame)) ?? { kind: 'unknown', what: `sync ${action}` };
}

function joinedOf(item: Bag): Joined {
  return {
    stream: text(item.stream) ?? '',
    status: text(item.status) ?? '',
    epoch: text(item.epoch) ?? '',
    sequence: count(item.sequence) ?? 0,
    replayed: count(item.replayed) ?? 0,
    error: text(bag(item.error).code),
  };
}

function pings(frame: Envelope): readonly Ping[] {
  return list(dataOf(frame).streams).map((item) => {
    const at = bag(item);
    return {
      stream: text(at.stream) ?? '',
      epoch: text(at.epoch) ?? '',
      sequence: count(at.sequence) ?? 0,
      digest: count(at.digest),
      stamp: count(at.stamp),
    };
  });
}

function readAck(frame: Envelope): ServerFrame {
  const data = dataOf(frame);
  const error = bag(data.error);
  return {
    kind: 'ack',
    action: actionOf(frame),
    messageId: text(data.messageId) ?? frame.metadata?.correlationId ?? '',
    position: (data.position as LogPosition | undefined) ?? null,
    error: text(error.message) ?? text(error.code),
  };
}

function readError(frame: Envelope): ServerFrame {
  const data = dataOf(frame);
  return {
    kind: 'error',
    code: text(data.code) ?? '',
    message: text(data.message) ?? '',
    messageId: text(data.messageId),
  };
}

function unknown(frame: Envelope): ServerFrame {
  return { kind: 'unknown', what: frame.type };
}

function actionOf(frame: Envelope): string {
  return text(bag(frame.payload).action) ?? '';
}

function dataOf(frame: Envelope): Bag {
  return bag(bag(frame.payload).data);
}

function bag(value: unknown): Bag {
  return typeof value === 'object' && value !== null ? (value as Bag) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function count(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
