/**
 * Pure of I/O: a user's own changes that the log has not confirmed yet. They wait here while there is no connection, are
 * sent again with the same id when nobody answered, and are folded over the rows when those are shown.
 *
 * Rolling back is deleting the entry: there are no inverse patches. An entry ends when its echo came or its project is
 * read past its place, or with a reason when it was refused or nobody answered.
 */
import type { Posted } from './calls.ts';
import { NEVER } from './connection.ts';
import type { Companion } from './follower.ts';
import { type DataFrame, echoesOf, type Fault, type Limits, type ServerFrame } from './frames.ts';
import type { Change } from './outbound.ts';
import type { LogPosition } from './types.ts';

const ACK_MS = 10_000;
const SENDS = 3;
const SETTLE_MS = 5_000;
const DECIDE_MS = 60_000;
/** Longest time between two looks at the clock while changes wait. */
const SWEEP_MS = 1_000;

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

/** Whether the change was taken back, which a person must hear of. */
export function isTakenBack({ status }: Outcome): boolean {
  return status === 'rejected' || status === 'lost';
}

/** A change that was given to the client. Neither promise fails. `accepted` is null when it never came into the log. */
export interface Sent {
  readonly id: string;
  readonly accepted: Promise<LogPosition | null>;
  readonly outcome: Promise<Outcome>;
}

interface Waiter {
  accepted: (position: LogPosition | null) => void;
  ended: (outcome: Outcome) => void;
}

type Ending = readonly [Outcome['status'], string];
type Tell = (pending: readonly Pending[], outcomes: readonly Outcome[], now: number) => void;

export class Outbox implements Companion {
  pending: readonly Pending[] = [];
  /** Ends of the own changes in the log, by partition. */
  readonly written = new Map<number, number>();
  readonly #bounds: Bounds;
  readonly #hand: (entry: Pending) => boolean;
  readonly #tell: Tell;
  readonly #waiters = new Map<string, Waiter>();
  /** How fast changes may leave: half of what the server takes, so that its limit is never met. A change takes `#each` ms. */
  #each = 100;
  #burst = 20;
  /** The time that is taken already, at most a burst ago. */
  #taken = 0;

  /** `hand` sends a change, or says that it must wait; `tell` hears of every move. */
  constructor(bounds: Bounds, hand: (entry: Pending) => boolean, tell: Tell) {
    this.#bounds = bounds;
    this.#hand = hand;
    this.#tell = tell;
  }

  get bytes(): number {
    return this.pending.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  begin(change: Change, id: string, now: number): Sent {
    const waiter = {} as Waiter;
    const sent: Sent = {
      id,
      accepted: new Promise((resolve) => {
        waiter.accepted = resolve;
      }),
      outcome: new Promise((resolve) => {
        waiter.ended = resolve;
      }),
    };
    this.#waiters.set(id, waiter);
    const bytes = JSON.stringify(change).length;
    const until = now + this.#bounds.ttlMs;
    const fresh: Pending = {
      id,
      change,
      bytes,
      since: now,
      sentAt: null,
      sends: 0,
      state: 'waiting',
      position: null,
      until,
    };
    const full = this.pending.length >= this.#bounds.messages || this.bytes + bytes > this.#bounds.bytes;
    this.pending = [...this.pending, fresh];
    if (full) this.#end(now, (entry) => (entry === fresh ? ['lost', 'too many changes are waiting'] : null));
    else this.#tell(this.pending, [], now);
    return sent;
  }

  /** End what waited too long; send what was never sent, or not answered in time, no faster than the server takes it. */
  ready(now: number): number {
    this.#end(now, (entry) => endOf(entry, now));
    this.#send(now);
    return this.pending.length > 0 ? now + SWEEP_MS : NEVER;
  }

  #send(now: number): void {
    this.#taken = Math.max(this.#taken, now - this.#burst * this.#each);
    for (const entry of this.pending) {
      const { id, state, sends, sentAt } = entry;
      if (state !== 'waiting' || sends >= SENDS || (sentAt !== null && now - sentAt < ACK_MS)) continue;
      if (this.#taken + this.#each > now || !this.#hand(entry)) return;
      this.#taken += this.#each;
      this.#edit(id, { sentAt: now, sends: sends + 1 });
    }
  }

  heard(frame: ServerFrame, now: number): void {
    if (frame.kind === 'welcome') this.#welcomed(frame.limits);
    if (frame.kind === 'ack') {
      const { action, messageId, position = null, error } = frame;
      if (action === 'rejected') this.#refuse(messageId, error, now);
      else this.#accept(messageId, position, action !== 'accepted', now);
    }
    // A temporary refusal: the same change is sent again later, with the same id.
    if (frame.kind === 'error' && !frame.temporary) this.#refuse(frame.messageId, frame, now);
  }

  #welcomed({ messagesPerSecond, burst }: Limits): void {
    this.#each = 2_000 / messagesPerSecond;
    this.#burst = burst / 2;
    this.#taken = 0;
    // What nobody confirmed on the connection before is sent again, with the same id.
    for (const { id, state } of this.pending) if (state === 'waiting') this.#edit(id, { sentAt: null });
  }

  /** What came of a change that was sent over HTTP. */
  posted(id: string, came: Posted, now: number): void {
    if (came === null) this.#edit(id, { sentAt: null, sends: 0 });
    else if ('refused' in came) this.#refuse(id, { message: came.refused }, now);
    else this.#accept(id, came.position, false, now);
  }

  #accept(id: string, position: LogPosition | null, decided: boolean, now: number): void {
    if (position !== null) {
      this.written.set(position.partition, Math.max(position.offset, this.written.get(position.partition) ?? 0));
      this.#waiters.get(id)?.accepted(position);
    }
    const entry = this.pending.find((one) => one.id === id);
    if (entry === undefined) return;
    const state = decided || entry.state === 'applied' ? 'applied' : 'accepted';
    const until = now + (state === 'applied' ? SETTLE_MS : DECIDE_MS);
    this.#edit(id, { state, until, position: position ?? entry.position });
    this.#tell(this.pending, [], now);
  }

  #refuse(id: string | undefined, { message, code = 'refused' }: Fault = {}, now: number): void {
    this.#end(now, (entry) => (entry.id === id ? ['rejected', message || code] : null));
  }

  /** Frames that are shown now: they bring a change itself back, or prove that its project is read past it. */
  shown(frames: readonly DataFrame[], now: number): void {
    if (this.pending.length === 0) return;
    const echoes = echoesOf(frames);
    for (const entry of this.pending) {
      if (passed(entry, frames)) this.#edit(entry.id, { until: Math.min(entry.until, now + SETTLE_MS) });
    }
    this.#end(now, ({ id }) => (echoes.has(id) ? ['applied', ''] : null));
  }

  /** The client ends: whoever waits is told so. */
  end(now: number): void {
    this.#end(now, () => ['lost', 'the client was closed']);
  }

  #edit(id: string, fields: Partial<Pending>): void {
    this.pending = this.pending.map((entry) => (entry.id === id ? { ...entry, ...fields } : entry));
  }

  /** Let go of what has an ending, and tell of it. */
  #end(now: number, ending: (entry: Pending) => Ending | null): void {
    const outcomes: Outcome[] = [];
    const kept = this.pending.filter((entry) => {
      const end = ending(entry);
      if (end === null) return true;
      const { id, change, position } = entry;
      const [status, reason] = end;
      outcomes.push({ id, change, position, status, reason });
      return false;
    });
    if (outcomes.length === 0) return;
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
