/**
 * A scriptable server in memory, for tests of pages that use the client: give its `WebSocket` and `fetch` to the client,
 * change its `world`, cut its connections, and let its `script` refuse, fail or lag.
 */
import type { Socket } from '../src/env.ts';
import { FakeHttp, type Later } from './http.ts';
import { newScript } from './script.ts';
import { FakeSession } from './session.ts';
import { World } from './world.ts';

export class FakeSocket implements Socket {
  onopen: ((event: never) => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: ((event: never) => void) | null = null;
  /** Texts of the server that were not handed over yet. */
  readonly inbox: string[] = [];
  readonly protocols: readonly string[];
  session: FakeSession | null = null;
  /** Code with which it was closed, by either side. */
  closed: number | null = null;

  constructor(protocols: readonly string[] = []) {
    this.protocols = protocols;
  }

  send(text: string): void {
    if (this.closed !== null) throw new Error('the socket is closed');
    this.session?.take(text);
  }

  close(code = 1005): void {
    this.closed ??= code;
    this.session?.close();
    this.session = null;
  }

  /** The server's side ends it. */
  end(code: number, reason = ''): void {
    if (this.closed !== null) return;
    this.close(code);
    this.onclose?.({ code, reason });
  }

  /** Hand over the next `count` texts. */
  deliver(count = Number.POSITIVE_INFINITY): void {
    for (let i = 0; i < count && this.closed === null; i += 1) {
      const text = this.inbox.shift();
      if (text === undefined) return;
      this.onmessage?.({ data: text });
    }
  }
}

export class FakeServer {
  readonly world: World;
  readonly script = newScript();
  readonly sockets: FakeSocket[] = [];
  /** While true, new connections fail at once. */
  down = false;
  /** While true, texts wait until a test delivers them. */
  holding = false;
  readonly #http: FakeHttp;

  constructor(world = new World(), later: Later = (call, ms) => setTimeout(call, ms)) {
    this.world = world;
    this.#http = new FakeHttp(world, this.script, later);
  }

  /** The open connection that was made last. */
  get socket(): FakeSocket | null {
    const socket = this.sockets.at(-1);
    return socket === undefined || socket.closed !== null ? null : socket;
  }

  readonly fetch: typeof fetch = async (input, init) => {
    const request = new Request(input instanceof URL ? input.href : input, init);
    return this.#http.answer(request);
  };

  /** A class to give to the client in place of the platform's own. */
  get WebSocket(): new (
    url: string,
    protocols: string[],
  ) => FakeSocket {
    const connect = (protocols: readonly string[]) => this.connect(protocols);
    return class {
      constructor(_url: string, protocols: string[]) {
        // biome-ignore lint/correctness/noConstructorReturn: a stand-in, whose instances are the server's own
        return connect(protocols);
      }
    } as unknown as new (
      url: string,
      protocols: string[],
    ) => FakeSocket;
  }

  connect(protocols: readonly string[] = []): FakeSocket {
    if (this.down) throw new Error('refused');
    const socket = new FakeSocket(protocols);
    this.sockets.push(socket);
    const token = protocols.find((name) => name.startsWith('bearer.'))?.slice('bearer.'.length) ?? '';
    if (this.script.tokens?.includes(token) === false) {
      queueMicrotask(() => socket.end(4401, '{"c":"unauthenticated"}'));
      return socket;
    }
    socket.session = new FakeSession(this.world, (text) => this.#pass(socket, text), this.script);
    return socket;
  }

  /** Cut the open connection, as a network does, or with a code. */
  cut(code = 1006, reason = ''): void {
    this.socket?.end(code, reason);
  }

  #pass(socket: FakeSocket, text: string): void {
    socket.inbox.push(text);
    if (!this.holding) queueMicrotask(() => !this.holding && socket.deliver(1));
  }
}
