/**
 * Pure of I/O: a user's own changes that the log has not confirmed yet. They wait here while there is no connection, are
 * sent again with the same id when nobody answered, and are folded over the rows when those are shown.
 *
 * Rolling back is deleting the entry: there are no inverse patches. An entry ends when its echo came or its project is
 * read past its place, or with a reason when it was refused or nobody answered.
 */
import type { Posted } from './calls.ts';
import type { DataFrame, ServerFrame } from './frames.ts';
import type { Change } from './outbound.ts';
import type { LogPosition } from './types.ts';

export const ACK_MS = 10_000;
export const SENDS = 3;
export const SETTLE_MS = 5_000;
export const DECIDE_MS = 60_000;

/** What the queue holds at most: changes, their bytes, and for how long without a connection. */
export interface Bounds {
  readonly messages: number;
  readonly bytes: number;
  readonly ttlMs: number;
}

export const BOUNDS: Bounds = { messages: 256, bytes: 262_144, ttlMs: 60_000 };

/** `id` is the UUIDv7 of the change. `position` is the end of its place in the log; `until` ends a state that passes. */
export interface Pending {
  readonly id: string;
  readonly change: Change;
  readonly bytes: number;
  readonly since: number;
  readonly sentAt: number | null;
  readonly sends: number;
  readonly state: 'waiting' | 'accepted' | 'applied';
  readonly position: LogPosition | null;
  readonly until: number;
}

/** How a change ended. `settled`: read past its place without word of it, so the rows themselves say what came of it. */
export interface Outcome {
  readonly id: string;
  readonly change: Change;
  readonly status: 'applied' | 'rejected' | 'lost' | 'settled';
  readonly reason: string;
  readonly position: LogPosition | null;
}

/** A change that was given to the client. Neither promise fails. `accepted` is null when it never came into the log. */
export interface Sent {
  readonly id: string;
  readonly accepted: Promise<LogPosition | null>;
  readonly outcome: Promise<Outcome>;
}

interface Waiter {
  readonly accepted: (position: LogPosition | null) => void;
  readonly ended: (outcome: Outcome) => void;
}

type Ending = readonly [Outcome['status'], string];
type Tell = (pending: readonly Pending[], outcomes: readonly Outcome[], now: number) => void;

export class Outbox {
  pending: readonly Pending[] = [];
  /** Ends of the own changes in the log, by partition. */
  readonly written = new Map<number, number>();
  readonly #bounds: Bounds;
  readonly #tell: Tell;
  readonly #waiters = new Map<string, Waiter>();
  /** How fast changes may leave: half of what the server takes, so that its limit is never met. */
  #perSecond = 10;
  #burst = 20;
  #left = 20;
  #at = 0;

  constructor(bounds: Bounds, tell: Tell) {
    this.#bounds = bounds;
    this.#tell = tell;
  }

  get bytes(): number {
    return this.pending.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  begin(change: Change, id: string, now: number): Sent {
    let accepted: Waiter['accepted'] = () => {};
    let ended: Waiter['ended'] = () => {};
    const sent: Sent = {
      id,
      accepted: new Promise((resolve) => {
        accepted = resolve;
      }),
      outcome: new Promise((resolve) => {
        ended = resolve;
      }),
    };
    this.#waiters.set(id, { accepted, ended });
    const bytes = JSON.stringify(change).length;
    const until = now + this.#bounds.ttlMs;
    const fresh = {
      id,
      change,
      bytes,
      since: now,
      sentAt: null,
      sends: 0,
      state: 'waiting',
      position: null,
      until,
    } as const;
    const full = this.pending.length >= this.#bounds.messages || this.bytes + bytes > this.#bounds.bytes;
    this.#turn([...this.pending, fresh], now, (entry) =>
      full && entry === fresh ? ['lost', 'too many changes are waiting'] : null,
    );
    return sent;
  }

  /** Send what was never sent, or not answered in time, with `send`; no faster than the server takes it. */
  send(send: (entry: Pending) => boolean, now: number): void {
    this.#left = Math.min(this.#burst, this.#left + ((now - this.#at) / 1_000) * this.#perSecond);
    this.#at = now;
    for (const entry of this.pending) {
      const { state, sends, sentAt } = entry;
      if (state !== 'waiting' || sends >= SENDS || (sentAt !== null && now - sentAt < ACK_MS)) continue;
      if (this.#left < 1 || !send(entry)) return;
      this.#left -= 1;
      this.#edit(entry.id, { sentAt: now, sends: sends + 1 });
    }
  }

  heard(frame: ServerFrame, now: number): void {
    if (frame.kind === 'welcome') {
      this.#perSecond = frame.limits.messagesPerSecond / 2;
      this.#left = this.#burst = frame.limits.burst / 2;
    }
    if (frame.kind === 'ack') {
      const { action, messageId, position, error } = frame;
      if (action === 'rejected') this.refuse(messageId, error ?? 'refused', now);
      else this.accept(messageId, position, action !== 'accepted', now);
    }
    // A temporary refusal: the same change is sent again later, with the same id.
    if (frame.kind === 'error' && !frame.temporary) this.refuse(frame.messageId, frame.message || frame.code, now);
  }

  /** What came of a change that was sent over HTTP. */
  posted(id: string, came: Posted, now: number): void {
    if (came === null) this.#edit(id, { sentAt: null, sends: 0 });
    else if ('refused' in came) this.refuse(id, came.refused, now);
    else this.accept(id, came.position, false, now);
  }

  accept(id: string, position: LogPosition | null, decided: boolean, now: number): void {
    const entry = this.pending.find((one) => one.id === id);
    if (position !== null) {
      this.written.set(position.partition, Math.max(position.offset, this.written.get(position.partition) ?? 0));
      this.#waiters.get(id)?.accepted(position);
    }
    if (entry === undefined) return;
    const state = decided || entry.state === 'applied' ? 'applied' : 'accepted';
    const until = now + (state === 'applied' ? SETTLE_MS : DECIDE_MS);
    this.#edit(id, { state, until, position: position ?? entry.position });
    this.#tell(this.pending, [], now);
  }

  refuse(id: string | null, why: string, now: number): void {
    this.#turn(this.pending, now, (entry) => (entry.id === id ? ['rejected', why] : null));
  }

  /** Frames that are shown now: they bring a change itself back, or prove that its project is read past it. */
  shown(frames: readonly DataFrame[], now: number): void {
    if (this.pending.length === 0) return;
    const echoes = new Set<unknown>();
    for (const { metadata } of frames) {
      echoes.add(metadata.correlationId);
      for (const id of metadata.merged?.correlationIds ?? []) echoes.add(id);
    }
    for (const entry of this.pending) {
      if (passed(entry, frames)) this.#edit(entry.id, { until: Math.min(entry.until, now + SETTLE_MS) });
    }
    this.#turn(this.pending, now, ({ id }) => (echoes.has(id) ? ['applied', ''] : null));
  }

  /** The connection is gone: what nobody confirmed is sent again, with the same id. */
  cut(): void {
    for (const { id, state } of this.pending) if (state === 'waiting') this.#edit(id, { sentAt: null });
  }

  /** Entries that waited too long end, with a reason where nobody knows of them. */
  sweep(now: number): void {
    this.#turn(this.pending, now, (entry) => endOf(entry, now));
  }

  /** The client ends: whoever waits is told so. */
  end(now: number): void {
    this.#turn(this.pending, now, () => ['lost', 'the client was closed']);
  }

  #edit(id: string, fields: Partial<Pending>): void {
    this.pending = this.pending.map((entry) => (entry.id === id ? { ...entry, ...fields } : entry));
  }

  /** Keep what has no ending, and tell of those that have one. */
  #turn(entries: readonly Pending[], now: number, ending: (entry: Pending) => Ending | null): void {
    const outcomes: Outcome[] = [];
    const kept = entries.filter((entry) => {
      const end = ending(entry);
      const { id, change, position } = entry;
      if (end !== null) outcomes.push({ id, change, position, status: end[0], reason: end[1] });
      return end === null;
    });
    if (kept.length === this.pending.length && outcomes.length === 0) return;
    this.pending = kept;
    this.#tell(kept, outcomes, now);
    for (const outcome of outcomes) {
      const waiter = this.#waiters.get(outcome.id);
      this.#waiters.delete(outcome.id);
      waiter?.accepted(outcome.position);
      waiter?.ended(outcome);
    }
  }
}

function endOf({ state, until, sends, sentAt }: Pending, now: number): Ending | null {
  const silent = state === 'waiting' && sends >= SENDS && sentAt !== null && now - sentAt >= ACK_MS;
  if (silent) return ['lost', 'the server did not answer'];
  if (now < until) return null;
  if (state === 'waiting') return ['lost', 'the server could not be reached'];
  return [state === 'applied' ? 'applied' : 'settled', ''];
}

function passed({ change, position, state }: Pending, frames: readonly DataFrame[]): boolean {
  if (position === null || state === 'waiting') return false;
  return frames.some(({ stream, metadata: { position: at } }) => {
    return (
      stream === `project:${change.projectId}` && at?.partition === position.partition && at.offset >= position.offset
    );
  });
}
