/** Sleep, hidden pages, networks that go and come, tokens that end: time is what the clock says, never how often it ticked. */
import { describe, expect, test } from 'vitest';
import { Lab } from '../testing/lab.ts';

async function connected(): Promise<Lab> {
  const lab = new Lab();
  lab.world.change({ entity: 'project', action: 'create', id: 'p1', project: 'p1', name: 'One' });
  lab.client.connect();
  await lab.quiet();
  return lab;
}

test('a page that nobody sees for five minutes lets go, and continues from its place when it is seen', async () => {
  const lab = await connected();
  const { wire } = lab;
  lab.client.input({ type: 'hidden' });
  for (let i = 0; i < 14; i += 1) {
    wire?.session?.beat('ping');
    lab.deliver();
    await lab.advance(20_000);
  }
  expect(lab.phase).toBe('live');
  wire?.session?.beat('ping');
  lab.deliver();
  await lab.advance(25_000);
  expect([lab.phase, wire?.closed]).toEqual(['paused', 1000]);
  lab.world.change({ entity: 'task', action: 'create', id: 't1', project: 'p1', fields: {} });
  await lab.advance(600_000);
  expect(lab.phase).toBe('paused');
  lab.client.input({ type: 'wake' });
  await lab.quiet();
  expect(lab.store.rows.project('p1')?.total_tasks).toBe(1);
});

test('a device that slept finds out at once, although its socket says that it is open', async () => {
  const lab = await connected();
  lab.wire?.session?.close();
  await lab.sleep(20_000);
  await lab.advance(20_000);
  await lab.quiet();
  expect(lab.server.sockets.length).toBe(2);
});

test('offline: attempts stop and are not counted; online: at once', async () => {
  const lab = await connected();
  lab.unreachable = true;
  lab.client.input({ type: 'offline' });
  await lab.advance(3_500);
  expect(lab.phase).toBe('paused');
  const attempts = lab.asked.length;
  await lab.advance(600_000);
  expect(lab.asked.length).toBe(attempts);
  lab.unreachable = false;
  lab.client.input({ type: 'online' });
  await lab.quiet();
  expect(lab.client.machine.failures).toBe(0);
});

describe('tokens', () => {
  test('are renewed on the open connection when they end soon', async () => {
    const lab = await connected();
    lab.token = 'next.one.x';
    lab.wire?.session?.control('sync', 'token-expiring', { tokenExp: 0 });
    lab.deliver();
    await lab.settle();
    expect(lab.asked.at(-1)).toBe('expiring');
    expect(lab.script.heard.at(-1)).toMatchObject({
      type: 'sync',
      payload: { action: 'token', data: { token: 'next.one.x' } },
    });
    expect(lab.server.sockets).toHaveLength(1);
  });

  test('are asked for on every way to a connection, also after sleep', async () => {
    const lab = await connected();
    lab.token = 'later.x.y';
    await lab.sleep(3_600_000);
    await lab.quiet();
    expect(lab.wire?.protocols).toEqual(['summary.v2', 'bearer.later.x.y']);
  });

  test('that cannot be fetched now are no sign-out: it is tried again', async () => {
    const lab = new Lab();
    lab.token = undefined;
    lab.client.connect();
    await lab.settle();
    expect(lab.phase).toBe('waiting');
    lab.token = 't.t.t';
    lab.world.change({ entity: 'project', action: 'create', id: 'p1', project: 'p1', name: 'One' });
    await lab.quiet();
  });

  test('of an attempt that was given up are not used', async () => {
    const lab = new Lab();
    lab.client.connect();
    lab.client.close();
    await lab.settle();
    expect([lab.phase, lab.server.sockets.length]).toEqual(['closed', 0]);
  });
});

test('streams may be named, added and left while connected', async () => {
  const lab = new Lab();
  for (const id of ['p1', 'p2', 'p3'])
    lab.world.change({ entity: 'project', action: 'create', id, project: id, name: id });
  lab.client.input({ type: 'want', streams: ['project:p1'] });
  lab.client.connect();
  await lab.quiet();
  expect(lab.store.rows.projects().map(({ id }) => id)).toEqual(['p1']);
  lab.client.input({ type: 'want', streams: ['project:p2', 'project:p3'] });
  await lab.quiet();
  expect(lab.store.rows.projects().map(({ id }) => id)).toEqual(['p2', 'p3']);
});
