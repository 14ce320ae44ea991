/** A wire to the edge that can be cut: every connection ends at once, and no new one is taken, or only plain HTTP. */
import { connect, createServer, type Server, type Socket } from 'node:net';

export class Wire {
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #left: 'all' | 'http' | 'nothing' = 'all';

  constructor(port: number) {
    this.#server = createServer((near) => {
      near.on('error', () => near.destroy());
      if (this.#left === 'nothing') near.destroy();
      else near.once('data', (first) => this.#begin(near, first, port));
    });
  }

  /** What a connection is for shows in its first bytes. */
  #begin(near: Socket, first: Buffer, port: number): void {
    if (this.#left === 'nothing' || (this.#left === 'http' && /upgrade: websocket/i.test(String(first)))) {
      near.destroy();
      return;
    }
    const far = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#open.add(one);
      one.on('close', () => {
        this.#open.delete(one);
        other.destroy();
      });
      one.on('error', () => other.destroy());
    }
    far.write(first);
    near.pipe(far).pipe(near);
  }

  async listen(): Promise<number> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return address.port;
  }

  cut(left: 'http' | 'nothing' = 'nothing'): void {
    this.#left = left;
    for (const socket of this.#open) socket.destroy();
  }

  mend(): void {
    this.#left = 'all';
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
