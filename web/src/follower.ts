/**
 * The driver: gives the machine its inputs and does its effects. Sockets, clock and chance come from `Env`; rows go to a
 * `Sink`. This much keeps a page live; `client.ts` adds the user's own changes.
 */

import { BUFFER, type Buffer, type BufferRules, type BufferTurn, buffered, EMPTY_BUFFER } from './buffer.ts';
import { pollOnce, pollQuery } from './calls.ts';
import { type Effect, type Input, type Machine, NEVER, START, type TokenWhy } from './connection.ts';
import type { Env, Sink, Socket, Tuning } from './env.ts';
import { type DataFrame, decode, type ServerFrame } from './frames.ts';
import { step, wakeAt } from './machine.ts';
import { encode, type Outbound, type Want } from './outbound.ts';
import { isUp } from './session.ts';
import type { StreamPosition } from './types.ts';

/** A timer that came this much too late means that the machine slept. */
const SLEPT_MS = 4_000;
/** More than this not yet on the wire: changes wait. */
const CONGESTED = 262_144;

/** What follows the connection beside the sink: it hears every control frame and may want to be woken. */
export interface Companion {
  heard(frame: ServerFrame, now: number): void;
  shown(frames: readonly DataFrame[], now: number): void;
  /** Something happened, or time passed: do what is due. Returns when it must be asked again; infinite when it waits for nothing. */
  ready(now: number): number;
  end(now: number): void;
}

export class Follower {
  machine: Machine;
  /** Frames of a kind that this client doesn't know. */
  unknown = 0;
  protected readonly env: Env;
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
    this.env = env;
    this.#sink = sink;
    this.#rules = { ...BUFFER, ...tuning.buffer };
    this.#companion = companion;
    const rules = { ...START.rules, ...tuning.rules };
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

  /** Positions of an HTTP answer that the store has taken in. */
  placed(positions: Readonly<Record<string, StreamPosition>>): void {
    this.input({ type: 'placed', positions });
  }

  /** Show what waits to be shown: before a page goes away, or when a test doesn't want to wait. */
  flush(): void {
    this.#show([EMPTY_BUFFER, this.#buffer.frames]);
  }

  /** Give the machine one input; inputs that come while it works wait their turn. */
  input(input: Input): void {
    this.#inputs.push(input);
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#inputs.length > 0) this.#step(this.#inputs.shift() as Input);
    } finally {
      this.#busy = false;
    }
    this.arm();
  }

  #step(input: Input): void {
    const before = this.machine;
    const [machine, effects] = step(before, input, { now: this.env.now(), luck: this.env.random() });
    this.machine = machine;
    if (!isUp(machine)) this.flush();
    if (machine.phase !== 'polling') this.#poll?.abort();
    if (input.type === 'dispose') this.#companion?.end(this.env.now());
    for (const effect of effects) this.#do(effect);
    if (machine !== before) for (const watcher of this.#watchers) watcher();
  }

  #do(effect: Effect): void {
    switch (effect[0]) {
      case 'token':
        this.#token(effect[1], effect[2]);
        break;
      case 'open':
        this.#open(effect[1]);
        break;
      case 'close':
        this.#drop(effect[1]);
        break;
      case 'send':
        if (effect[1].type === 'sync') this.flush();
        this.send(effect[1]);
        break;
      case 'poll':
        void this.#ask(effect[1], effect[2], effect[3]);
        break;
      case 'apply':
        this.#show(buffered(this.#buffer, effect[1], this.env.now(), this.#rules));
        break;
      case 'forget':
        this.flush();
        this.#sink.forget(effect[1]);
        break;
      case 'heard':
        this.#heard(effect[1]);
    }
  }

  /** The rows first, then the end of the changes that they bring: an edit never flickers back. */
  #show([buffer, frames]: BufferTurn): void {
    this.#buffer = buffer;
    if (frames.length === 0) return;
    const now = this.env.now();
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
    this.env.setTimeout(() => {
      throw error;
    }, 0);
    if (frames.some(({ kind }) => kind === 'snapshot')) {
      this.#drop(1000);
      this.input({ type: 'closed', code: 1008, reason: 'sink' });
    } else for (const { stream } of frames) this.input({ type: 'drift', stream });
  }

  #token(generation: number, why: TokenWhy): void {
    if (why !== 'expiring') this.#drop(1000);
    const came = (token: string | null | undefined) => this.input({ type: 'token', generation, token });
    this.env.token(why).then(came, () => came(undefined));
  }

  #open(token: string): void {
    this.#drop(1000);
    let socket: Socket;
    try {
      socket = this.env.open(token);
    } catch {
      this.input({ type: 'closed', code: 1006, reason: '' });
      return;
    }
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.input({ type: 'frame', frame: decode(data as string) });
    socket.onclose = ({ code, reason }) => {
      this.#socket = null;
      this.input({ type: 'closed', code, reason });
    };
    socket.onerror = () => {};
  }

  #drop(code: number): void {
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return;
    socket.onmessage = socket.onclose = null;
    try {
      socket.close(code);
    } catch {
      // Already closing: nothing is left to do.
    }
  }

  async #ask(poll: number, why: TokenWhy, streams: readonly Want[]): Promise<void> {
    this.#poll?.abort();
    const stop = new AbortController();
    this.#poll = stop;
    let answer: Input = { type: 'unpolled', poll, status: 0 };
    try {
      const token = await this.env.token(why);
      const { rules, staleSince } = this.machine;
      const query = pollQuery(streams, rules.pollWaitS, staleSince !== null);
      answer =
        token === null ? { ...answer, status: 401 } : await pollOnce(this.env.call, token, poll, query, stop.signal);
    } catch {
      // Not reached: as if the server had failed.
    }
    if (!stop.signal.aborted) this.input(answer);
  }

  /** Send a frame over the open socket; false when there is none, or a change would only wait behind others. */
  protected send(frame: Outbound, id?: string): boolean {
    if (this.#socket === null || (id && (this.#socket.bufferedAmount ?? 0) > CONGESTED)) return false;
    try {
      this.#socket.send(encode(frame, id));
      return true;
    } catch {
      return false;
    }
  }

  #heard(frame: ServerFrame): void {
    this.#companion?.heard(frame, this.env.now());
    if (frame.kind === 'unknown') this.unknown += 1;
    if (frame.kind !== 'ping' && frame.kind !== 'pong') return;
    this.flush();
    for (const { stream, stamp, digest } of frame.streams) {
      if (this.#sink.drifts?.(stream, stamp, digest)) this.input({ type: 'drift', stream });
    }
  }

  /** See to what is due, and set the timer for what is next. */
  protected arm(): void {
    const now = this.env.now();
    const due = this.#companion?.ready(now) ?? NEVER;
    const at = Math.min(due, wakeAt(this.machine) ?? NEVER, this.#buffer.by);
    const expected = Math.max(now, at);
    const woke = () => this.#woke(expected);
    this.env.clearTimeout(this.#timer as never);
    this.#timer = at < NEVER ? this.env.setTimeout(woke, expected - now) : null;
  }

  #woke(expected: number): void {
    this.#timer = null;
    const now = this.env.now();
    if (now >= this.#buffer.by) this.flush();
    if (now - expected > SLEPT_MS) this.input({ type: 'wake' });
    this.input({ type: 'tick' });
  }
}
