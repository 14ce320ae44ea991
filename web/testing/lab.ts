/** A client, a world and a wire between them, on one virtual clock: cut, lose, double and delay as a test likes. */
import { Client, type Env, type Tuning } from '../src/client.ts';
import { sentenceOf } from '../src/state.ts';
import { Store } from '../src/store/store.ts';
import type { Script } from './script.ts';
import { FakeServer, type FakeSocket } from './server.ts';
import { World } from './world.ts';

export class Lab {
  readonly world: World;
  readonly store: Store;
  readonly server: FakeServer;
  readonly env: Env;
  /** The client under test; another one may take its place. */
  client: Client;
  time = 1_000_000;
  /** What the next token call gives (undefined: it fails); and why it was asked for. */
  token: string | null | undefined = 't.t.t';
  readonly asked: string[] = [];
  luck = 0;
  #timers: { readonly at: number; readonly call: () => void }[] = [];
  #bytes = 1;

  constructor(world = new World(), tuning: Tuning = { buffer: { delayMs: 0 } }, graves?: number) {
    this.store = new Store(graves);
    this.world = world;
    this.server = new FakeServer(world, (call, ms) => this.#later(call, ms));
    this.server.holding = true;
    this.env = this.#env();
    this.client = new Client(this.env, this.store, tuning);
  }

  get script(): Script {
    return this.server.script;
  }

  get wire(): FakeSocket | null {
    return this.server.socket;
  }

  get phase(): string {
    return this.client.machine.phase;
  }

  /** How often a token was asked for because the last one was refused. */
  get rejections(): number {
    return this.asked.filter((why) => why === 'rejected').length;
  }

  /** Neither socket nor call comes through. */
  set unreachable(down: boolean) {
    this.server.down = down;
    this.script.failing = down ? { '/': 0 } : {};
  }

  /** Let promises settle. */
  async settle(): Promise<void> {
    for (let i = 0; i < 8; i += 1) await Promise.resolve();
    // Bodies of answers need more than promises.
    if (this.phase === 'polling') for (let i = 0; i < 8; i += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  /** Hand over the next `count` texts of the server. */
  deliver(count = Number.POSITIVE_INFINITY): void {
    this.wire?.deliver(count);
  }

  cut(code = 1006, reason = ''): void {
    this.server.cut(code, reason);
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

  /** The device sleeps: time passes, and no timer runs until it is over. */
  async sleep(ms: number): Promise<void> {
    this.time += ms;
    await this.advance(0);
  }

  /** Connected, everything delivered, nothing left to repair. */
  async quiet(): Promise<void> {
    for (let i = 0; i < 90; i += 1) {
      await this.settle();
      this.deliver();
      if (this.phase === 'live' && (this.wire?.inbox.length ?? 0) === 0) {
        this.client.flush();
        return;
      }
      await this.advance(1_000);
    }
    throw new Error(`still ${this.phase} after a minute and a half: ${sentenceOf(this.client.machine.reason)}`);
  }

  #later(call: () => void, ms: number): unknown {
    const timer = { at: this.time + ms, call };
    this.#timers.push(timer);
    return timer;
  }

  #env(): Env {
    return {
      open: (token) => this.server.connect(['summary.v2', `bearer.${token}`]),
      token: async (why) => {
        this.asked.push(why);
        if (this.token === undefined) throw new Error('no network');
        return this.token;
      },
      call: (path, token, init) => {
        return this.server.fetch(`http://edge${path}`, {
          ...init,
          headers: { ...init.headers, authorization: `Bearer ${token}` },
        });
      },
      now: () => this.time,
      random: () => this.luck,
      randomBytes: (bytes) => {
        this.#bytes += 1;
        bytes.fill(this.#bytes % 251);
      },
      setTimeout: (call, ms) => this.#later(call, ms),
      clearTimeout: (timer) => {
        this.#timers = this.#timers.filter((one) => one !== timer);
      },
    };
  }
}
