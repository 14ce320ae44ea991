/** The driver: gives the machine its inputs and does its effects. Sockets, clock and chance come from `Env`. */

import { type Effect, type Input, type Machine, START } from './connection.ts';
import { decode, type ServerFrame } from './frames.ts';
import { step, wakeAt } from './machine.ts';
import { encode, type Outbound, patch, uuid7 } from './outbound.ts';
import { due, type TaskChanges } from './store/pending.ts';
import type { Store } from './store/store.ts';
import type { StreamPosition } from './types.ts';

/** The part of a WebSocket that the driver uses. */
export interface Socket {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: never) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface Env {
  readonly open: (token: string) => Socket;
  readonly token: (rejected: boolean) => Promise<string | null>;
  readonly now: () => number;
  readonly random: () => number;
  readonly randomBytes: (bytes: Uint8Array) => void;
  readonly setTimeout: (call: () => void, ms: number) => unknown;
  readonly clearTimeout: (timer: never) => void;
}

/** Longest time between two looks at the clock while own changes wait. */
const SWEEP_MS = 1_000;
/** A timer that came this much too late means that the machine slept. */
const SLEPT_MS = 4_000;

export class Client {
  machine: Machine = START;
  /** Frames of a kind that this client doesn't know. */
  unknown = 0;
  readonly #env: Env;
  readonly #store: Store;
  readonly #watchers = new Set<() => void>();
  #socket: Socket | null = null;
  #timer: unknown = null;
  #inputs: Input[] = [];
  #busy = false;

  constructor(env: Env, store: Store) {
    this.#env = env;
    this.#store = store;
  }

  onState(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  connect(): void {
    this.input({ type: 'connect' });
  }

  close(): void {
    this.input({ type: 'dispose' });
  }

  /** Positions of an HTTP answer that the store has taken in. */
  placed(positions: Readonly<Record<string, StreamPosition>>): void {
    this.input({ type: 'placed', positions });
  }

  /** Change a task: shown at once, sent when there is a connection, taken back with a reason when it is refused. */
  edit(projectId: string, taskId: string, changes: TaskChanges): string {
    const now = this.#env.now();
    const id = uuid7(now, this.#env.randomBytes);
    this.#store.edit({ id, projectId, taskId, changes }, now);
    this.#flush();
    this.#arm();
    return id;
  }

  /** Give the machine one input; inputs that come while it works wait their turn. */
  input(input: Input): void {
    this.#inputs.push(input);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) this.#step(next);
    } finally {
      this.#busy = false;
    }
    this.#arm();
  }

  #step(input: Input): void {
    const before = this.machine;
    const [machine, effects] = step(before, input, { now: this.#env.now(), luck: this.#env.random() });
    this.machine = machine;
    const left = (before.phase === 'live' || before.phase === 'syncing') && !this.#up();
    if (left) this.#store.cut();
    for (const effect of effects) this.#do(effect);
    if (machine !== before) for (const watcher of this.#watchers) watcher();
  }

  #do(effect: Effect): void {
    switch (effect.type) {
      case 'token':
        this.#fetchToken(effect.generation, effect.rejected);
        return;
      case 'open':
        this.#open(effect.token);
        return;
      case 'close':
        this.#drop(effect.code);
        return;
      case 'send':
        this.#send(effect.frame);
        return;
      case 'apply':
        this.#store.apply(effect.frames, this.#env.now());
        return;
      case 'forget':
        this.#store.forget(effect.stream);
        return;
      case 'heard':
        this.#heard(effect.frame);
        return;
      case 'ready':
        this.#flush();
        return;
    }
  }

  #fetchToken(generation: number, rejected: boolean): void {
    this.#drop(1000);
    this.#env.token(rejected).then(
      (token) => this.input({ type: 'token', generation, token }),
      () => this.input({ type: 'token', generation, token: null }),
    );
  }

  #open(token: string): void {
    this.#drop(1000);
    let socket: Socket;
    try {
      socket = this.#env.open(token);
    } catch {
      this.input({ type: 'closed', code: 1006, reason: '' });
      return;
    }
    this.#socket = socket;
    const mine = () => this.#socket === socket;
    socket.onopen = () => mine() && this.input({ type: 'opened' });
    socket.onmessage = (event) => {
      if (mine() && typeof event.data === 'string') this.input({ type: 'frame', frame: decode(event.data) });
    };
    socket.onclose = (event) => {
      if (!mine()) return;
      this.#socket = null;
      this.input({ type: 'closed', code: event.code, reason: event.reason });
    };
    socket.onerror = () => {};
  }

  #drop(code: number): void {
    const socket = this.#socket;
    this.#socket = null;
    try {
      socket?.close(code);
    } catch {
      // Already closing: nothing is left to do.
    }
  }

  #send(frame: Outbound, id?: string): boolean {
    if (this.#socket === null) return false;
    const now = this.#env.now();
    try {
      this.#socket.send(encode(frame, id ?? uuid7(now, this.#env.randomBytes), now));
      return true;
    } catch {
      return false;
    }
  }

  #heard(frame: ServerFrame): void {
    if (frame.kind === 'ack' || frame.kind === 'error') this.#store.answered(frame, this.#env.now());
    if (frame.kind === 'unknown') this.unknown += 1;
    if (frame.kind !== 'ping' && frame.kind !== 'pong') return;
    for (const { stream, stamp, digest } of frame.streams) {
      if (this.#store.drifts(stream, stamp, digest)) this.input({ type: 'drift', stream });
    }
  }

  #up(): boolean {
    return this.machine.phase === 'live' || this.machine.phase === 'syncing';
  }

  #flush(): void {
    if (!this.#up()) return;
    const now = this.#env.now();
    for (const entry of due(this.#store.pending, now)) {
      const { id, projectId, taskId, changes } = entry;
      if (this.#send(patch({ entity: 'task', id: taskId, projectId, changes }), id)) this.#store.sent(id, now);
    }
  }

  #arm(): void {
    if (this.#timer !== null) this.#env.clearTimeout(this.#timer as never);
    this.#timer = null;
    const now = this.#env.now();
    const wake = wakeAt(this.machine);
    const times = [wake === null ? Number.POSITIVE_INFINITY : wake - now];
    if (this.#store.pending.length > 0) times.push(SWEEP_MS);
    const delay = Math.max(0, Math.min(...times));
    if (delay === Number.POSITIVE_INFINITY) return;
    const expected = now + delay;
    this.#timer = this.#env.setTimeout(() => this.#woke(expected), delay);
  }

  #woke(expected: number): void {
    this.#timer = null;
    const now = this.#env.now();
    if (this.#store.pending.length > 0) {
      this.#store.sweep(now);
      this.#flush();
    }
    if (now - expected > SLEPT_MS) this.input({ type: 'wake' });
    this.input({ type: 'tick' });
  }
}
