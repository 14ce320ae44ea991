/** The client: follows streams and sends the user's own changes, over the socket or, while polling, over HTTP. */
import { postChange } from './calls.ts';
import type { Env, Sink, Tuning } from './env.ts';
import { Follower } from './follower.ts';
import { body, type Change, update, uuid7 } from './outbound.ts';
import { BOUNDS, Outbox, type Pending, type Sent } from './outbox.ts';
import { isUp } from './session.ts';
import type { LogPosition, TaskRow } from './types.ts';

export type { Env, Sink, Socket, Tuning } from './env.ts';
export type { Sent } from './outbox.ts';

export class Client extends Follower {
  readonly #outbox: Outbox;
  #posting = false;

  constructor(env: Env, sink: Sink, tuning: Tuning = {}) {
    const bounds = { ...BOUNDS, ...tuning.queue };
    const outbox = new Outbox(
      bounds,
      (entry) => this.#hand(entry),
      (...turn) => sink.changes?.(...turn),
    );
    super(env, sink, tuning, outbox);
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
    return Array.from(this.#outbox.written, ([partition, offset]) => ({ partition, offset }));
  }

  /** Change something: shown at once, sent when there is a connection, taken back with a reason when it is refused. */
  change(change: Change): Sent {
    const now = this.env.now();
    const begun = this.#outbox.begin(change, uuid7(now, this.env.randomBytes), now);
    this.arm();
    return begun;
  }

  /** Change a task's fields. Returns the id of the change. */
  edit(projectId: string, taskId: string, fields: Partial<TaskRow>): string {
    return this.change({ entity: 'task', action: 'patch', id: taskId, projectId, fields }).id;
  }

  /** Send one change now, over the socket or, while polling, over HTTP, where they go one by one; false when it must wait. */
  #hand(entry: Pending): boolean {
    const { machine } = this;
    if (isUp(machine)) return this.send(update(entry.change), entry.id);
    if (machine.phase !== 'polling' || this.#posting) return false;
    void this.#post(entry);
    return true;
  }

  async #post({ id, change }: Pending): Promise<void> {
    const { call, token, now } = this.env;
    this.#posting = true;
    const came = await token('connect')
      .then((text) => (text ? postChange(call, text, body(change, id)) : null))
      .catch(() => null);
    this.#posting = false;
    this.#outbox.posted(id, came, now());
    if (came !== null) this.arm();
  }
}
