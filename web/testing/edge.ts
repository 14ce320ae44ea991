/** The fake edge as a real server: the page's files, HTTP calls and WebSocket, on a free port. */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { FakeHttp } from './http.ts';
import { newScript, type Script } from './script.ts';
import { FakeSession } from './session.ts';
import type { World } from './world.ts';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
/** What the real edge sends, so that a page that needs more is found here. */
const POLICY = "default-src 'self'; connect-src 'self'";

export interface FakeEdge {
  readonly url: string;
  readonly script: Script;
  readonly sessions: ReadonlySet<FakeSession>;
  /** Close every connection; new ones are refused while `down` is true. */
  cut(code?: number, reason?: string): void;
  down: boolean;
  close(): Promise<void>;
}

export async function fakeEdge(world: World, options: { port?: number; dist?: string } = {}): Promise<FakeEdge> {
  const script = newScript();
  const http = new FakeHttp(world, script, (call, ms) => setTimeout(call, ms));
  const sessions = new Set<FakeSession>();
  const sockets = new Set<WebSocket>();
  const server = createServer((request, response) => void answer(http, request, response, options.dist));
  const ws = new WebSocketServer({ server, path: '/ws/v2', handleProtocols: () => 'summary.v2' });
  ws.on('connection', (socket) => {
    if (edge.down) {
      socket.close(1013, '{"c":"down","r":0}');
      return;
    }
    sockets.add(socket);
    const session = new FakeSession(world, (text) => socket.readyState === socket.OPEN && socket.send(text), script);
    sessions.add(session);
    socket.on('message', (data) => session.take(String(data)));
    socket.on('close', () => {
      session.close();
      sessions.delete(session);
      sockets.delete(socket);
    });
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const edge: FakeEdge = {
    url: `http://127.0.0.1:${port}`,
    script,
    sessions,
    down: false,
    cut: (code, reason) => {
      for (const socket of sockets) {
        if (code === undefined) socket.terminate();
        else socket.close(code, reason);
      }
    },
    close: () => {
      for (const socket of sockets) socket.terminate();
      ws.close();
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
  return edge;
}

/** HTTP calls go to the fake server; everything else is a file of the page. */
async function answer(
  http: FakeHttp,
  request: IncomingMessage,
  response: ServerResponse,
  dist: string | undefined,
): Promise<void> {
  const path = request.url ?? '/';
  if (!path.startsWith('/api/')) return file(new URL(path, 'http://x').pathname, response, dist);
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const stop = new AbortController();
  response.on('close', () => stop.abort());
  const given = new Request(`http://x${path}`, {
    method: request.method ?? 'GET',
    headers: Object.entries(request.headers).flatMap(([name, value]) => (value ? [[name, String(value)]] : [])) as [
      string,
      string,
    ][],
    body: chunks.length > 0 ? Buffer.concat(chunks) : null,
    signal: stop.signal,
  });
  try {
    const made = await http.answer(given);
    response.writeHead(made.status, Object.fromEntries(made.headers));
    response.end(await made.text());
  } catch {
    response.destroy();
  }
}

async function file(path: string, response: ServerResponse, dist: string | undefined): Promise<void> {
  const name = normalize(path === '/' ? '/index.html' : path);
  try {
    const body = await readFile(join(dist ?? 'dist', name));
    response.writeHead(200, {
      'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
      'content-security-policy': POLICY,
    });
    response.end(body);
  } catch {
    response.writeHead(404);
    response.end();
  }
}
