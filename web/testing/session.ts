/** One connection of the fake edge: text in, texts out. It follows the protocol's rules for subscribe, resume and changes. */
import { joining, noticeOf, projectOf, type Since } from './joins.ts';
import type { Move, Wire } from './moves.ts';
import { newScript, type Script } from './script.ts';
import type { World } from './world.ts';

interface Want {
  readonly stream: string;
  readonly since?: Since;
}

interface ClientFrame {
  readonly type: string;
  readonly id?: string;
  readonly stream?: string;
  readonly payload: { readonly entity?: string; readonly action: string; readonly data?: Record<string, unknown> };
}

let counter = 0;

export class FakeSession {
  readonly #world: World;
  readonly #send: (text: string) => void;
  readonly #script: Script;
  readonly #joined = new Set<string>();
  readonly #stop: () => void;
  #all = false;

  constructor(world: World, send: (text: string) => void, script: Script = newScript()) {
    this.#world = world;
    this.#send = send;
    this.#script = script;
    this.#stop = world.onFrames((frames) => this.#pass(frames));
    this.#control('sync', 'welcome', {
      connectionId: 'c',
      serverTime: 0,
      heartbeatMs: 25_000,
      tokenExp: 0,
      user: 'alice',
      limits: { messagesPerSecond: 20, burst: 40 },
      features: ['resume', 'changes', 'token', 'all-projects', ...(script.notices === true ? [] : ['cascades'])],
    });
  }

  close(): void {
    this.#stop();
  }

  take(text: string): void {
    const frame = JSON.parse(text) as ClientFrame;
    this.#script.heard.push(frame as unknown as Record<string, unknown>);
    if (frame.type === 'heartbeat' && frame.payload.action === 'ping') this.beat('pong');
    if (frame.type === 'update') this.#change(frame);
    if (frame.type !== 'sync') return;
    if (frame.payload.action === 'token') this.#control('sync', 'token', { tokenExp: 0 });
    if (frame.payload.action === 'unsubscribe') this.#leave((frame.payload.data?.streams ?? []) as readonly Want[]);
    const streams = (frame.payload.data?.streams ?? []) as readonly Want[];
    if (frame.payload.action === 'subscribe' || frame.payload.action === 'resume') this.#join(streams);
  }

  beat(action: 'ping' | 'pong'): void {
    const streams = [...this.#joined].map((stream) => {
      const place = this.#world.places.get(stream.slice(8));
      const digest = place?.project?.digest ?? 0;
      const stamp = (place?.project ?? place?.grave)?.stamp ?? -1;
      return { stream, epoch: this.#world.epoch, sequence: this.#world.applied, digest, stamp };
    });
    this.#control('heartbeat', action, { streams });
  }

  reset(): void {
    for (const stream of this.#joined) this.#control('sync', 'reset', { stream, epoch: this.#world.epoch });
    for (const stream of this.#joined) this.#snapshot(stream);
  }

  control(type: string, action: string, data: object): void {
    this.#control(type, action, data);
  }

  #leave(wants: readonly Want[]): void {
    for (const { stream } of wants) {
      this.#joined.delete(stream);
      if (stream === 'project:*') this.#all = false;
    }
    this.#control('sync', 'unsubscribed', { streams: wants.map(({ stream }) => ({ stream })) });
  }

  #join(wants: readonly Want[]): void {
    const named = new Map(wants.filter((want) => want.stream !== 'project:*').map((want) => [want.stream, want]));
    if (wants.some((want) => want.stream === 'project:*')) {
      this.#all = true;
      for (const [id, { project }] of this.#world.places) {
        const stream = `project:${id}`;
        if (project !== null && !named.has(stream)) named.set(stream, { stream });
      }
    }
    const answers: object[] = [];
    const after: (() => void)[] = [];
    for (const want of named.values()) answers.push(this.#answer(want, after));
    this.#control('sync', 'subscribed', { streams: answers });
    for (const call of after) call();
  }

  #answer(want: Want, after: (() => void)[]): object {
    const { stream, since } = want;
    const { status, missed } = joining(this.#world, stream, since, this.#script.ring ?? 300);
    const at = { stream, epoch: this.#world.epoch, sequence: this.#world.applied, replayed: missed.length };
    if (status === 'error') {
      return { ...at, status, error: { code: 'unknown-project', message: 'no such project', temporary: false } };
    }
    this.#joined.add(stream);
    if (status === 'snapshot') after.push(() => this.#snapshot(stream));
    for (const frame of missed) after.push(() => this.#data(frame));
    return { ...at, status };
  }

  #data(frame: Wire): void {
    this.#send(JSON.stringify(this.#script.notices === true ? noticeOf(frame) : frame));
  }

  #snapshot(stream: string): void {
    for (const page of this.#world.snapshot(projectOf(stream), this.#script.parts ?? 1))
      this.#send(JSON.stringify(page));
  }

  #pass(frames: readonly Wire[]): void {
    const stream = frames[0]?.stream ?? '';
    if (this.#joined.has(stream)) {
      for (const frame of frames) this.#data(frame);
    } else if (this.#all) {
      this.#joined.add(stream);
      const at = { epoch: this.#world.epoch, sequence: this.#world.applied, replayed: 0 };
      this.#control('sync', 'subscribed', { streams: [{ stream, status: 'snapshot', ...at }] });
      this.#snapshot(stream);
    }
  }

  #change(frame: ClientFrame): void {
    const id = frame.id ?? '';
    if (this.#script.mute === true) return;
    if (this.#script.refuse !== undefined) {
      const error = { code: 'forbidden', message: this.#script.refuse, temporary: false, messageId: id };
      this.#control('error', 'failed', error);
      return;
    }
    const {
      id: task,
      project_id,
      branch_id: _b,
      task_id: _t,
      ...fields
    } = (frame.payload.data?.primary ?? {}) as {
      id: string;
    } & Record<string, unknown>;
    const project = String(project_id ?? projectOf(frame.stream ?? ''));
    const position = { partition: 0, offset: this.#world.offset + 1 };
    const ack = { messageId: id, correlationId: id, position };
    this.#control('ack', 'accepted', ack);
    const ifStamp = frame.payload.data?.ifStamp;
    const stamp = this.#world.places.get(project)?.tasks.get(task)?.stamp;
    if (ifStamp !== undefined && ifStamp !== stamp) {
      this.#world.offset += 1;
      this.#control('ack', 'rejected', { ...ack, error: { code: 'rejected', message: 'conflict', temporary: false } });
      return;
    }
    const { entity = 'task', action } = frame.payload;
    const move = { entity, action: action === 'update' ? 'create' : action, id: task, project, fields } as Move;
    const done = this.#world.change(move, { source: 'user', userId: 'alice', correlationId: id });
    const error = done === null ? { code: 'rejected', message: 'unknown', temporary: false } : undefined;
    this.#control('ack', done === null ? 'rejected' : 'applied', { ...ack, error });
  }

  #control(type: string, action: string, data: object): void {
    counter += 1;
    const payload = { entity: 'connection', action, data };
    this.#send(
      JSON.stringify({
        sequence: 0,
        type,
        id: `k${counter}`,
        version: '2.0',
        timestamp: 0,
        payload,
        metadata: { source: 'system' },
      }),
    );
  }
}
