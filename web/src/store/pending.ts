/**
 * Pure: a person's own changes that the log has not confirmed yet, folded over the rows when they are shown.
 *
 * Rolling back is deleting the entry: there are no inverse patches. An entry ends when its row's stamp includes it, when
 * its echo came, or with a reason when it was refused or nobody answered.
 */
import type { Ack } from '../frames.ts';
import type { TaskRow } from '../types.ts';

export const ACK_MS = 10_000;
export const SENDS = 3;
export const UNSENT_MS = 60_000;
export const SETTLE_MS = 5_000;
export const MOST = 256;

export type TaskChanges = Partial<Pick<TaskRow, 'status' | 'title'>>;

/** `id` is the change's UUIDv7. `offset` is its place in the log once it is known; `until` ends a state that passes. */
export interface Pending {
  readonly id: string;
  readonly projectId: string;
  readonly taskId: string;
  readonly changes: TaskChanges;
  readonly since: number;
  readonly sentAt: number | null;
  readonly sends: number;
  readonly state: 'waiting' | 'accepted' | 'applied';
  readonly offset: number | null;
  readonly until: number | null;
}

export interface Notice {
  readonly id: string;
  readonly taskId: string;
  readonly projectId: string;
  readonly text: string;
}

export interface Outcome {
  readonly pending: readonly Pending[];
  readonly notices: readonly Notice[];
}

/** What a person sees of a task: its row with the open changes on top, in the order they were made. */
export function overlaid(task: TaskRow, pending: readonly Pending[]): TaskRow {
  let shown = task;
  for (const entry of pending) {
    if (entry.taskId === task.id && entry.projectId === task.project_id) shown = { ...shown, ...entry.changes };
  }
  return shown;
}

export function begun(
  pending: readonly Pending[],
  entry: Pick<Pending, 'id' | 'projectId' | 'taskId' | 'changes'>,
  now: number,
): Outcome {
  if (pending.length >= MOST) return { pending, notices: [noticeOf(entry, 'too many changes are waiting')] };
  const fresh: Pending = { ...entry, since: now, sentAt: null, sends: 0, state: 'waiting', offset: null, until: null };
  return { pending: [...pending, fresh], notices: [] };
}

export function sent(pending: readonly Pending[], id: string, now: number): readonly Pending[] {
  return pending.map((entry) => (entry.id === id ? { ...entry, sentAt: now, sends: entry.sends + 1 } : entry));
}

/** The connection is gone: what nobody confirmed is sent again, with the same id, when there is one. */
export function unsent(pending: readonly Pending[]): readonly Pending[] {
  return pending.map((entry) => (entry.state === 'waiting' ? { ...entry, sentAt: null } : entry));
}

export function acked(pending: readonly Pending[], ack: Ack, now: number): Outcome {
  const entry = pending.find((one) => one.id === ack.messageId);
  if (entry === undefined) return { pending, notices: [] };
  const others = pending.filter((one) => one !== entry);
  if (ack.action === 'rejected') return { pending: others, notices: [noticeOf(entry, ack.error ?? 'refused')] };
  const offset = ack.position === null ? entry.offset : ack.position.offset - 1;
  const state = ack.action === 'accepted' && entry.state === 'waiting' ? 'accepted' : 'applied';
  const next: Pending = {
    ...entry,
    state,
    offset: entry.offset ?? offset,
    until: state === 'applied' ? now + SETTLE_MS : null,
  };
  return { pending: pending.map((one) => (one === entry ? next : one)), notices: [] };
}

export function refused(pending: readonly Pending[], messageId: string, why: string): Outcome {
  const entry = pending.find((one) => one.id === messageId);
  if (entry === undefined) return { pending, notices: [] };
  return { pending: pending.filter((one) => one !== entry), notices: [noticeOf(entry, why)] };
}

/** A frame brought the change itself back: the row has it now. */
export function echoed(pending: readonly Pending[], correlationIds: ReadonlySet<string>): readonly Pending[] {
  return pending.some((entry) => correlationIds.has(entry.id))
    ? pending.filter((entry) => !correlationIds.has(entry.id))
    : pending;
}

/** Entries that their rows include are done; entries that waited too long end with a reason. */
export function swept(pending: readonly Pending[], stampOf: (entry: Pending) => number, now: number): Outcome {
  const kept: Pending[] = [];
  const notices: Notice[] = [];
  for (const entry of pending) {
    const included = entry.offset !== null && stampOf(entry) >= entry.offset;
    const settled = entry.until !== null && now >= entry.until;
    if (included || settled) continue;
    const why = lostReason(entry, now);
    if (why === null) kept.push(entry);
    else notices.push(noticeOf(entry, why));
  }
  return kept.length === pending.length ? { pending, notices } : { pending: kept, notices };
}

/** The entries to send now: never sent, or not answered in time. */
export function due(pending: readonly Pending[], now: number): readonly Pending[] {
  return pending.filter((entry) => {
    if (entry.state !== 'waiting' || entry.sends >= SENDS) return false;
    return entry.sentAt === null || now - entry.sentAt >= ACK_MS;
  });
}

function lostReason(entry: Pending, now: number): string | null {
  if (entry.state !== 'waiting') return null;
  if (entry.sends >= SENDS && entry.sentAt !== null && now - entry.sentAt >= ACK_MS) return 'the server did not answer';
  return now - entry.since >= UNSENT_MS ? 'the server could not be reached' : null;
}

function noticeOf(entry: Pick<Pending, 'id' | 'taskId' | 'projectId'>, text: string): Notice {
  return { id: entry.id, taskId: entry.taskId, projectId: entry.projectId, text };
}
