/** The fake edge over real sockets, as browsers meet it. */
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { fakeEdge } from '../testing/edge.ts';
import { World } from '../testing/world.ts';

test('a socket is welcomed, joined and told of changes; a cut is a cut', async () => {
  const world = new World();
  world.change({ entity: 'project', action: 'create', id: 'p', project: 'p', name: 'P' });
  const edge = await fakeEdge(world);
  try {
    const socket = new WebSocket(`${edge.url.replace('http', 'ws')}/ws/v2`, ['summary.v2', 'bearer.x']);
    const seen: string[] = [];
    socket.on('message', (data) => {
      const frame = JSON.parse(String(data));
      seen.push(`${frame.type} ${frame.payload.action}`);
      if (seen.length === 1)
        socket.send('{"type":"sync","payload":{"action":"subscribe","data":{"streams":[{"stream":"project:*"}]}}}');
      if (seen.length === 3) world.change({ entity: 'task', action: 'create', id: 't', project: 'p', fields: {} });
      if (seen.length === 4) edge.cut();
    });
    const code = await new Promise((resolve) => socket.on('close', resolve));
    expect(seen).toEqual(['sync welcome', 'sync subscribed', 'bulk snapshot', 'update create']);
    expect(code).toBe(1006);
  } finally {
    await edge.close();
  }
});
