/**
 * What happened lately, newest first. A merged agent burst is one entry that opens into its parts. Pure but for the set of things that
 * an open burst has touched, which grows from one feed to the next.
 */
import type { DataFrame } from '../frames.ts';
import { projectOf } from '../reading.ts';
import { type Change, isTombstone, type Row, type SessionCount, type SubtaskRow, type TaskRow } from '../types.ts';

export const ENTRIES = 200;
export const PARTS = 200;
export const JOIN_MS = 15_000;

export type ActorKind = 'person' | 'agent' | 'system';

export interface Who {
  readonly kind: ActorKind;
  readonly name: string;
}

/**
 * One thing that changed. `text` is its title or name, `detail` the new values that a person cares about; `branchId` and
 * `taskId` say where to find it, when it is still somewhere.
 */
export interface Part {
  readonly key: string;
  readonly entity: string;
  readonly branchId: string | null;
  readonly taskId: string | null;
  readonly action: string;
  readonly text: string;
  readonly detail: string;
  readonly times: number;
}

/** `events` counts changes, `things` how many different rows they touched. `at` is when this page heard of it. */
export interface Entry {
  readonly key: string;
  readonly who: readonly Who[];
  readonly projectId: string;
  readonly burst: boolean;
  readonly events: number;
  readonly things: number;
  readonly parts: readonly Part[];
  readonly at: number;
  readonly since: number;
}

export interface Feed {
  readonly entries: readonly Entry[];
  /** Different rows of the open bursts, by their keys; kept apart so that entries stay small. A burst's set grows where it is. */
  readonly touched: ReadonlyMap<string, Set<string>>;
}

export const EMPTY: Feed = { entries: [], touched: new Map() };

/** Take in frames that were just applied and tell something new (`Told`). Parts of one merged message count as one. */
export function fed(
  feed: Feed,
  frames: readonly DataFrame[],
  titleOf: (entity: string, row: Row) => string,
  now: number,
): Feed {
  let next = feed;
  for (const frame of frames) {
    if (frame.kind === 'snapshot' || frame.changes.length === 0) continue;
    next = added(next, entryOf(frame, titleOf, now), touchedBy(frame));
  }
  return next;
}

/**
 * Who a frame's changes are by: every session of a merged window, else the one in its metadata. All parts of a window
 * name the same sessions and counts, so only the first part counts.
 */
export function actorsOf(frame: DataFrame): readonly (Who & { readonly events: number })[] {
  const { merged, source, userId, sessionId } = frame.metadata;
  if (merged !== undefined) {
    const counts = frame.part === 1 ? 1 : 0;
    return merged.sessions.map((session) => ({ ...whoOf(session), events: session.events * counts }));
  }
  return [{ ...whoOf({ source, user_id: userId, session_id: sessionId }), events: 1 }];
}

export type Origin = { source?: string | undefined } & {
  [K in 'user_id' | 'session_id']?: SessionCount[K] | undefined;
};

/** Who a change is by: a person is known by name, an agent by its session. What is imported has only a session. */
export function whoOf({ source = 'mcp-ai', user_id: user, session_id: session }: Origin): Who {
  if (source === 'user') return { kind: 'person', name: user || session || 'someone' };
  if (source === 'system') return { kind: 'system', name: user || session || 'system' };
  return { kind: 'agent', name: session || user || '' };
}

function added(feed: Feed, entry: Entry, touched: Set<string>): Feed {
  const last = feed.entries.find((one) => one.projectId === entry.projectId);
  if (last !== undefined && joins(last, entry)) {
    const all = feed.touched.get(last.key) ?? new Set();
    for (const thing of touched) all.add(thing);
    const one = joinedEntry(last, entry, all.size);
    const entries = [one, ...feed.entries.filter((other) => other !== last)];
    return { entries, touched: new Map(feed.touched).set(last.key, all) };
  }
  const entries = [entry, ...feed.entries].slice(0, ENTRIES);
  const open = new Map([...feed.touched].slice(-20));
  return { entries, touched: entry.who[0]?.kind === 'agent' ? open.set(entry.key, touched) : open };
}

/** An agent that goes on in the same project within a few seconds is still the same burst. */
function joins(last: Entry, entry: Entry): boolean {
  const agents = [...last.who, ...entry.who].every((who) => who.kind === 'agent');
  return agents && entry.at - last.at <= JOIN_MS && names(last) === names(entry);
}

function joinedEntry(last: Entry, entry: Entry, things: number): Entry {
  const fresh = new Map(entry.parts.map((part) => [part.key, part]));
  const older = last.parts.filter((part) => !fresh.has(part.key));
  const before = new Map(last.parts.map((part) => [part.key, part.times]));
  const parts = [...fresh.values()].map((part) => ({ ...part, times: part.times + (before.get(part.key) ?? 0) }));
  return {
    ...last,
    burst: true,
    at: entry.at,
    events: last.events + entry.events,
    things,
    parts: [...parts, ...older].slice(0, PARTS),
  };
}

function entryOf(frame: DataFrame, titleOf: (entity: string, row: Row) => string, now: number): Entry {
  const actors = actorsOf(frame);
  const merged = frame.metadata.merged;
  const who = actors.map(({ kind, name }) => ({ kind, name }));
  return {
    key: `${frame.stream}@${frame.epoch}:${frame.sequence}`,
    who,
    projectId: projectOf(frame.stream),
    burst: merged !== undefined,
    events: merged === undefined ? frame.changes.length : frame.part === 1 ? merged.events : 0,
    things: frame.changes.length,
    parts: frame.changes.slice(0, PARTS).map((change) => ({
      key: thingOf(change),
      entity: change.entity,
      ...placeOf(change.entity, change.row),
      action: change.action,
      text: titleOf(change.entity, change.row),
      detail: detailOf(change.entity, change.row, frame.delta),
      times: 1,
    })),
    at: now,
    since: now,
  };
}

function placeOf(entity: string, row: Row): Pick<Part, 'branchId' | 'taskId'> {
  if (isTombstone(row)) return { branchId: null, taskId: null };
  if (entity === 'branch') return { branchId: row.id, taskId: null };
  const { branch_id: branchId = null, task_id: parent = null } = row as Partial<SubtaskRow>;
  return { branchId, taskId: entity === 'task' ? row.id : parent };
}

/** The new status, else the new priority, else which fields changed; of what needs no telling (times, who) nothing. */
function detailOf(entity: string, row: Row, delta: DataFrame['delta']): string {
  if (isTombstone(row)) return '';
  if (delta === null) return entity === 'task' || entity === 'subtask' ? ((row as TaskRow).status ?? '') : '';
  const told = [delta.status, delta.priority].find((value) => typeof value === 'string');
  return typeof told === 'string' ? told : Object.keys(delta).filter(isTelling).slice(0, 3).join(', ');
}

function isTelling(field: string): boolean {
  return !field.startsWith('last_') && field !== 'stamp';
}

function touchedBy(frame: DataFrame): Set<string> {
  return new Set(frame.changes.map(thingOf));
}

function thingOf({ entity, row }: Change): string {
  return `${entity}\u0000${row.id}`;
}

function names(entry: Entry): string {
  return entry.who
    .map((who) => who.name)
    .sort()
    .join('\u0000');
}
