/** One connection of the fake edge: text in, texts out. It follows the protocol's rules for subscribe, resume and changes. */
import type { Move, Wire } from './moves.ts';
import type { World } from './world.ts';

export interface Script {
  /** Refuse the next changes with this reason instead of taking them. */
  refuse?: string;
  /** Take changes without ever answering. */
  mute?: boolean;
  /** Pages of a snapshot. */
  parts?: number;
  /** Frames that a resume may replay; more means a snapshot. */
  ring?: number;
  /** Every client frame that came, in order. */
  readonly heard: Record<string, unknown>[];
}

interface Want {
  readonly stream: string;
  readonly since?: { readonly epoch: string; readonly sequence: number };
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

  constructor(world: World, send: (text: string) => void, script: Script = { heard: [] }) {
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
      features: ['resume', 'changes', 'token', 'all-projects', 'cascades'],
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
    const place = this.#world.places.get(stream.slice(8));
    const at = { epoch: this.#world.epoch, sequence: this.#world.applied, replayed: 0 };
    if (place === undefined || (place.project === null && place.grave === null)) {
      return {
        stream,
        ...at,
        status: 'error',
        error: { code: 'unknown-project', message: 'no such project', temporary: false },
      };
    }
    this.#joined.add(stream);
    if (since === undefined || since.epoch !== this.#world.epoch) {
      after.push(() => this.#snapshot(stream));
      return { stream, ...at, status: 'snapshot' };
    }
    const missed = place.frames.filter((frame) => frame.sequence > since.sequence);
    if (missed.length > (this.#script.ring ?? 300)) {
      after.push(() => this.#snapshot(stream));
      return { stream, ...at, status: 'snapshot' };
    }
    if (missed.length === 0) return { stream, ...at, status: 'live' };
    for (const frame of missed) after.push(() => this.#send(JSON.stringify(frame)));
    return { stream, ...at, status: 'recovered', replayed: missed.length };
  }

  #snapshot(stream: string): void {
    for (const page of this.#world.snapshot(stream.slice(8), this.#script.parts ?? 1)) this.#send(JSON.stringify(page));
  }

  #pass(frames: readonly Wire[]): void {
    const stream = frames[0]?.stream ?? '';
    if (this.#joined.has(stream)) {
      for (const frame of frames) this.#send(JSON.stringify(frame));
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
    const primary = (frame.payload.data?.primary ?? {}) as { id: string } & Record<string, unknown>;
    const { id: task, project_id, ...fields } = primary;
    const project = String(project_id ?? frame.stream?.slice(8));
    const offset = this.#world.offset + 1;
    this.#control('ack', 'accepted', { messageId: id, correlationId: id, position: { partition: 0, offset } });
    const move: Move = { entity: 'task', action: 'patch', id: task, project, fields };
    const done = this.#world.change(move, { source: 'user', userId: 'alice', correlationId: id });
    const outcome = done === null ? 'rejected' : 'applied';
    const error = done === null ? { code: 'unknown', message: 'there is no such task', temporary: false } : undefined;
    this.#control('ack', outcome, { messageId: id, correlationId: id, position: { partition: 0, offset }, error });
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
