/** A TCP proxy before the edge, so that a test can cut connections, or let only plain HTTP through. */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

export interface Cut {
  readonly url: string;
  /** Drop whoever asks for a WebSocket. */
  sockets: boolean;
  cut(): void;
  close(): void;
}

export async function proxyTo(target: string): Promise<Cut> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  const server = createServer((client) => {
    client.on('error', () => client.destroy());
    client.once('data', (first) => {
      if (!proxy.sockets && /upgrade: websocket/i.test(String(first))) {
        client.destroy();
        return;
      }
      const edge = connect(Number(port), hostname);
      for (const socket of [client, edge]) {
        open.add(socket);
        socket.on('close', () => open.delete(socket));
        socket.on('error', () => socket.destroy());
      }
      edge.write(first);
      client.pipe(edge).pipe(client);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: Cut = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sockets: true,
    cut: () => {
      for (const socket of open) socket.destroy();
    },
    close: () => {
      server.close();
      proxy.cut();
    },
  };
  return proxy;
}
