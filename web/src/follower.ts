/**
 * The driver: gives the machine its inputs and does its effects. Sockets, clock and chance come from `Env`; rows go to a
 * `Sink`. This much keeps a page live; `client.ts` adds the user's own changes.
 */

import { BUFFER, type Buffer, type BufferRules, buffered, EMPTY_BUFFER } from './buffer.ts';
import { pollOnce } from './calls.ts';
import { type Effect, type Input, type Machine, RULES, START } from './connection.ts';
import type { Env, Sink, Socket, Tuning } from './env.ts';
import { type DataFrame, decode, type ServerFrame } from './frames.ts';
import { step, wakeAt } from './machine.ts';
import { encode, type Outbound, uuid7 } from './outbound.ts';
import { isUp } from './phases.ts';
import type { StreamPosition } from './types.ts';

/** A timer that came this much too late means that the machine slept. */
const SLEPT_MS = 4_000;
/** What follows the connection beside the sink: it hears every control frame and may want to be woken. */
export interface Companion {
  heard(frame: ServerFrame, now: number): void;
  shown(frames: readonly DataFrame[], now: number): void;
  /** Changes can be sent again. */
  ready(now: number): void;
  cut(): void;
  end(now: number): void;
  /** When it must be woken; infinite when it waits for nothing. */
  due(now: number): number;
}

export class Follower {
  machine: Machine;
  /** Frames of a kind that this client doesn't know. */
  unknown = 0;
  readonly #env: Env;
  readonly #sink: Sink;
  readonly #rules: BufferRules;
  readonly #companion: Companion | null;
  readonly #watchers = new Set<() => void>();
  #buffer: Buffer = EMPTY_BUFFER;
  #socket: Socket | null = null;
  #poll: AbortController | null = null;
  #timer: unknown = null;
  #inputs: Input[] = [];
  #busy = false;

  constructor(env: Env, sink: Sink, tuning: Tuning = {}, companion: Companion | null = null) {
    this.#env = env;
    this.#sink = sink;
    this.#rules = { ...BUFFER, ...tuning.buffer };
    this.#companion = companion;
    const rules = { ...RULES, ...tuning.rules };
    this.machine = { ...START, rules, wants: tuning.streams ?? START.wants };
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

  /** Bytes that wait to leave. */
  get congestion(): number {
    return this.#socket?.bufferedAmount ?? 0;
  }

  /** Positions of an HTTP answer that the store has taken in. */
  placed(positions: Readonly<Record<string, StreamPosition>>): void {
    this.input({ type: 'placed', positions });
  }

  /** Show what waits to be shown: before a page goes away, or when a test doesn't want to wait. */
  flush(): void {
    const { frames } = this.#buffer;
    this.#buffer = EMPTY_BUFFER;
    this.#show(frames);
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
    this.arm();
  }

  #step(input: Input): void {
    const before = this.machine;
    const [machine, effects] = step(before, input, { now: this.#env.now(), luck: this.#env.random() });
    this.machine = machine;
    if (isUp(before) && !isUp(machine)) {
      this.flush();
      this.#companion?.cut();
    }
    if (machine.phase !== 'polling') this.#poll?.abort();
    if (input.type === 'dispose') this.#companion?.end(this.#env.now());
    const frames = effects.flatMap((effect) => (effect.type === 'apply' ? effect.frames : []));
    if (frames.length > 0) this.#take(frames);
    for (const effect of effects) this.#do(effect);
    if (machine !== before) for (const watcher of this.#watchers) watcher();
  }

  #do(effect: Effect): void {
    switch (effect.type) {
      case 'token':
        this.#token(effect);
        break;
      case 'open':
        this.#open(effect.token);
        break;
      case 'close':
        this.#drop(effect.code);
        break;
      case 'send':
        if (effect.frame.type === 'sync') this.flush();
        this.send(effect.frame);
        break;
      case 'poll':
        void this.#ask(effect);
        break;
      case 'forget':
        this.flush();
        this.#sink.forget(effect.stream);
        break;
      case 'heard':
        this.#heard(effect.frame);
        break;
      case 'ready':
        this.#companion?.ready(this.#env.now());
    }
  }

  #take(frames: readonly DataFrame[]): void {
    const [buffer, now] = buffered(this.#buffer, frames, this.#env.now(), this.#rules);
    this.#buffer = buffer;
    this.#show(now);
  }

  /** The rows first, then the end of the changes that they bring: an edit never flickers back. */
  #show(frames: readonly DataFrame[]): void {
    if (frames.length === 0) return;
    const now = this.#env.now();
    try {
      this.#sink.apply(frames, now);
    } catch (error) {
      this.#failed(frames, error);
    }
    this.#companion?.shown(frames, now);
  }

  /**
   * The sink's own mistake is thrown where it is seen, and its rows are asked for anew. When it fails at those too, what is
   * on show cannot be right: then the client says so, and stops.
   */
  #failed(frames: readonly DataFrame[], error: unknown): void {
    this.#env.setTimeout(() => {
      throw error;
    }, 0);
    if (frames.some(({ kind }) => kind === 'snapshot')) {
      this.#drop(1000);
      this.input({ type: 'closed', code: 1008, reason: 'this page failed to show what came' });
    } else for (const { stream } of frames) this.input({ type: 'drift', stream });
  }

  #token({ generation, why }: Extract<Effect, { type: 'token' }>): void {
    if (why !== 'expiring') this.#drop(1000);
    const came = (token: string | null | undefined) => this.input({ type: 'token', generation, token });
    this.#env.token(why === 'rejected', why === 'expiring').then(came, () => came(undefined));
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
    socket.onmessage = ({ data }) => {
      if (mine() && typeof data === 'string') this.input({ type: 'frame', frame: decode(data) });
    };
    socket.onclose = ({ code, reason }) => {
      if (!mine()) return;
      this.#socket = null;
      this.input({ type: 'closed', code, reason });
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

  async #ask(effect: Extract<Effect, { type: 'poll' }>): Promise<void> {
    this.#poll?.abort();
    const stop = new AbortController();
    this.#poll = stop;
    const { call } = this.#env;
    const none = (status: number) =>
      this.input({ type: 'unpolled', poll: effect.poll, status, retryAfterMs: 0, lost: [] });
    try {
      const token = await this.#env.token(effect.rejected, false);
      if (stop.signal.aborted) return;
      if (token === null) return none(401);
      if (call === undefined) return none(0);
      const answer = await pollOnce(call, token, effect, this.machine.rules.pollWaitS, stop.signal);
      if (!stop.signal.aborted) this.input(answer);
    } catch {
      none(0);
    }
  }

  /** Send a frame over the open socket; false when there is none. */
  send(frame: Outbound, id?: string): boolean {
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
    this.#companion?.heard(frame, this.#env.now());
    if (frame.kind === 'unknown') this.unknown += 1;
    if (frame.kind !== 'ping' && frame.kind !== 'pong') return;
    this.flush();
    for (const { stream, stamp, digest } of frame.streams) {
      if (this.#sink.drifts?.(stream, stamp, digest)) this.input({ type: 'drift', stream });
    }
  }

  /** Set the timer for what is due next. */
  arm(): void {
    if (this.#timer !== null) this.#env.clearTimeout(this.#timer as never);
    this.#timer = null;
    const now = this.#env.now();
    const wake = wakeAt(this.machine) ?? Number.POSITIVE_INFINITY;
    const at = Math.min(wake, this.#buffer.by, this.#companion?.due(now) ?? Number.POSITIVE_INFINITY);
    if (at === Number.POSITIVE_INFINITY) return;
    const expected = Math.max(now, at);
    this.#timer = this.#env.setTimeout(() => this.#woke(expected), expected - now);
  }

  #woke(expected: number): void {
    this.#timer = null;
    const now = this.#env.now();
    if (now >= this.#buffer.by) this.flush();
    this.#companion?.ready(now);
    if (now - expected > SLEPT_MS) this.input({ type: 'wake' });
    this.input({ type: 'tick' });
  }
}
