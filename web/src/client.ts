/** The client: follows streams and sends the user's own changes, over the socket or, while polling, over HTTP. */
import { postChange } from './calls.ts';
import type { Env, Sink, Tuning } from './env.ts';
import { type Companion, Follower } from './follower.ts';
import { body, type Change, update, uuid7 } from './outbound.ts';
import { BOUNDS, Outbox, type Pending, type Sent } from './outbox.ts';
import { isUp } from './phases.ts';
import type { LogPosition, TaskRow } from './types.ts';

export type { Env, Sink, Socket, Tuning } from './env.ts';
export type { Sent } from './outbox.ts';

/** Longest time between two looks at the clock while own changes wait. */
const SWEEP_MS = 1_000;
/** More than this not yet on the wire: own changes wait. */
const CONGESTED = 262_144;

export class Client extends Follower {
  readonly #env: Env;
  readonly #outbox: Outbox;
  #posting = false;

  constructor(env: Env, sink: Sink, tuning: Tuning = {}) {
    const outbox = new Outbox({ ...BOUNDS, ...tuning.queue }, (...turn) => sink.changes?.(...turn));
    const companion: Companion = {
      heard: (frame, now) => outbox.heard(frame, now),
      shown: (frames, now) => outbox.shown(frames, now),
      ready: (now) => {
        outbox.sweep(now);
        this.#send(now);
      },
      cut: () => outbox.cut(),
      end: (now) => outbox.end(now),
      due: (now) => (outbox.pending.length > 0 ? now + SWEEP_MS : Number.POSITIVE_INFINITY),
    };
    super(env, sink, tuning, companion);
    this.#env = env;
    this.#outbox = outbox;
  }

  /** Own changes that are not confirmed yet, oldest first. */
  get pending(): readonly Pending[] {
    return this.#outbox.pending;
  }

  /** How full the queue of own changes is. */
  get queue(): { readonly size: number; readonly bytes: number } {
    return { size: this.pending.length, bytes: this.#outbox.bytes };
  }

  /** Where the own changes end in the log: what `min_position` takes, so that an answer over HTTP has them. */
  get written(): readonly LogPosition[] {
    return [...this.#outbox.written].map(([partition, offset]) => ({ partition, offset }));
  }

  /** Change something: shown at once, sent when there is a connection, taken back with a reason when it is refused. */
  change(change: Change): Sent {
    const now = this.#env.now();
    const begun = this.#outbox.begin(change, uuid7(now, this.#env.randomBytes), now);
    this.#send(now);
    this.arm();
    return begun;
  }

  /** Change a task's fields. Returns the id of the change. */
  edit(projectId: string, taskId: string, fields: Partial<TaskRow>): string {
    return this.change({ entity: 'task', action: 'patch', id: taskId, projectId, fields }).id;
  }

  /** Send what is due: over the socket, or one by one over HTTP while polling. */
  #send(now: number): void {
    if (isUp(this.machine)) {
      if (this.congestion > CONGESTED) return;
      this.#outbox.send((entry) => this.send(update(entry.change), entry.id), now);
    } else if (this.machine.phase === 'polling' && !this.#posting) {
      this.#outbox.send((entry) => this.#post(entry), now);
    }
  }

  #post({ id, change }: Pending): boolean {
    const { call } = this.#env;
    if (call === undefined || this.#posting) return false;
    this.#posting = true;
    void this.#env
      .token(false, false)
      .then((token) => postChange(call, token, body(change, id)))
      .catch(() => null)
      .then((came) => {
        this.#posting = false;
        this.#outbox.posted(id, came, this.#env.now());
        if (came !== null) this.#send(this.#env.now());
      });
    return true;
  }
}
