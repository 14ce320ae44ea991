/** A client, a world and a wire between them, on one virtual clock: cut, lose, double and delay as a test likes. */
import { Client, type Env, type Socket, type Tuning } from '../src/client.ts';
import { Store } from '../src/store/store.ts';
import { FakeSession, type Script } from './session.ts';
import { World } from './world.ts';

class Wire implements Socket {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  readonly inbox: string[] = [];
  session: FakeSession | null = null;
  /** Code with which this page closed it. */
  closed: number | null = null;

  send(text: string): void {
    this.session?.take(text);
  }

  close(code?: number): void {
    this.closed = code ?? 1005;
    this.session?.close();
    this.session = null;
  }
}

export class Lab {
  readonly world: World;
  readonly store = new Store();
  readonly script: Script = { heard: [] };
  readonly client: Client;
  time = 1_000_000;
  /** What the next token call gives; and how often it was asked with `rejected`. */
  token: string | null = 't.t.t';
  rejections = 0;
  /** While true, connections fail at once. */
  unreachable = false;
  luck = 0;
  wires: Wire[] = [];
  #timers: { readonly at: number; readonly call: () => void }[] = [];
  #bytes = 1;

  constructor(world = new World(), tuning: Tuning = { buffer: { delayMs: 0 } }) {
    this.world = world;
    this.client = new Client(this.#env(), this.store, tuning);
  }

  get wire(): Wire | null {
    const wire = this.wires.at(-1);
    return wire === undefined || wire.closed !== null ? null : wire;
  }

  get phase(): string {
    return this.client.machine.phase;
  }

  /** Let promises settle. */
  async settle(): Promise<void> {
    for (let i = 0; i < 4; i += 1) await Promise.resolve();
  }

  /** Hand over the next `count` texts of the server. */
  deliver(count = Number.POSITIVE_INFINITY): void {
    for (let i = 0; i < count; i += 1) {
      const { wire } = this;
      const text = wire?.inbox.shift();
      if (wire === null || text === undefined) return;
      wire.onmessage?.({ data: text });
    }
  }

  cut(code = 1006, reason = ''): void {
    const { wire } = this;
    if (wire === null) return;
    wire.close(code);
    wire.onclose?.({ code, reason });
  }

  /** Move the clock, running what becomes due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.time + ms;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.time = Math.max(this.time, next.at);
      next.call();
      await this.settle();
    }
    this.time = end;
  }

  /** Connected, everything delivered, nothing left to repair. */
  async quiet(): Promise<void> {
    for (let i = 0; i < 60; i += 1) {
      await this.settle();
      this.deliver();
      if (this.phase === 'live' && (this.wire?.inbox.length ?? 0) === 0) return;
      await this.advance(1_000);
    }
    throw new Error(`still ${this.phase} after a minute: ${this.client.machine.reason}`);
  }

  #env(): Env {
    return {
      open: () => this.#open(),
      token: async (rejected) => {
        if (rejected) this.rejections += 1;
        return this.token;
      },
      now: () => this.time,
      random: () => this.luck,
      randomBytes: (bytes) => {
        this.#bytes += 1;
        bytes.fill(this.#bytes % 251);
      },
      setTimeout: (call, ms) => {
        const timer = { at: this.time + ms, call };
        this.#timers.push(timer);
        return timer;
      },
      clearTimeout: (timer) => {
        this.#timers = this.#timers.filter((one) => one !== timer);
      },
    };
  }

  #open(): Socket {
    if (this.unreachable) throw new Error('refused');
    const wire = new Wire();
    this.wires.push(wire);
    wire.session = new FakeSession(this.world, (text) => wire.inbox.push(text), this.script);
    return wire;
  }
}
