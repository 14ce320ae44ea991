/** Without a WebSocket: the same frames over HTTP from the same places, and back up as soon as that works. */
import { expect, test } from 'vitest';
import { sentenceOf } from '../src/state.ts';
import { Lab } from '../testing/lab.ts';

async function connected(): Promise<Lab> {
  const lab = new Lab();
  lab.store.rows.watch('p1');
  lab.world.change({ entity: 'project', action: 'create', id: 'p1', project: 'p1', name: 'One' });
  lab.world.change(task('t1'));
  lab.client.connect();
  await lab.quiet();
  return lab;
}

const task = (id: string) => ({ entity: 'task', action: 'create', id, project: 'p1', fields: {} }) as const;

/** No WebSocket comes through any more, calls do. */
async function polling(lab: Lab): Promise<void> {
  lab.server.down = true;
  lab.cut();
  await lab.advance(48_000);
  expect(lab.phase).toBe('polling');
}

function polls(lab: Lab): readonly string[] {
  return lab.script.calls.filter((call) => call.startsWith('GET /api/v2/changes'));
}

test('polls continue from the place of the socket: no snapshot, no change is lost', async () => {
  const lab = await connected();
  let replaced = 0;
  lab.store.onReplaced(() => {
    replaced += 1;
  });
  lab.world.change(task('t2'));
  await polling(lab);
  expect(lab.store.rows.project('p1')?.total_tasks).toBe(2);
  lab.world.change(task('t3'));
  await lab.settle();
  expect(lab.store.rows.project('p1')?.total_tasks).toBe(3);
  expect(replaced).toBe(0);
  expect(polls(lab)[0]).toMatch(/wait=25&stream=project%3Ap1&since=e1%3A\d+&stream=project%3A\*&since=$/);
});

test('polls hear that the server is behind, once, and when it is not any more', async () => {
  const lab = await connected();
  await polling(lab);
  lab.script.stale = 5;
  await lab.advance(25_000);
  expect(lab.client.machine.staleSince).toBe(5);
  const told = polls(lab).length;
  await lab.advance(20_000);
  expect(polls(lab).length).toBe(told);
  lab.script.stale = null;
  await lab.advance(25_000);
  expect(lab.client.machine.staleSince).toBeNull();
  lab.world.change(task('t2'));
  await lab.settle();
  expect(lab.store.rows.project('p1')?.total_tasks).toBe(2);
});

test('every 30 s the socket is tried, and one that is welcomed ends the polls', async () => {
  const lab = await connected();
  await polling(lab);
  await lab.advance(30_000);
  expect(lab.phase).toBe('polling');
  lab.server.down = false;
  lab.world.change(task('t2'));
  await lab.advance(30_000);
  await lab.quiet();
  const before = polls(lab).length;
  await lab.advance(20_000);
  expect(polls(lab).length).toBe(before);
  expect(lab.store.rows.project('p1')?.total_tasks).toBe(2);
});

test('a place that is gone is asked for anew; a project that may not be read any more is forgotten', async () => {
  const lab = await connected();
  await polling(lab);
  lab.script.ring = 0;
  lab.world.change(task('t2'));
  await lab.settle();
  expect(lab.store.rows.project('p1')?.total_tasks).toBe(2);
  lab.world.places.delete('p1');
  lab.world.change({ entity: 'project', action: 'create', id: 'p2', project: 'p2', name: 'Two' });
  await lab.advance(60_000);
  expect(lab.store.rows.projects().map(({ id }) => id)).toEqual(['p2']);
});

test('a refused token is renewed once; refused again, a person must sign in', async () => {
  const lab = await connected();
  await polling(lab);
  lab.script.tokens = ['fresh'];
  lab.world.change(task('t2'));
  await lab.settle();
  await lab.advance(30_000);
  expect(lab.rejections).toBeGreaterThan(0);
  expect(lab.phase).toBe('unauthorized');
});

test('a call that fails waits longer each time, and says so', async () => {
  const lab = await connected();
  await polling(lab);
  lab.script.failing = { '/api/v2/changes': 503 };
  lab.world.change(task('t2'));
  await lab.settle();
  const first = polls(lab).length;
  await lab.advance(20_000);
  expect(sentenceOf(lab.client.machine.reason)).toBe('no answer from the server');
  expect(polls(lab).length - first).toBeLessThan(6);
  lab.script.failing = {};
  await lab.advance(30_000);
  expect(lab.store.rows.project('p1')?.total_tasks).toBe(2);
});

test('a change that is made while polling goes over HTTP, once, and its echo ends it', async () => {
  const lab = await connected();
  await polling(lab);
  const { outcome } = lab.client.change({
    entity: 'task',
    action: 'patch',
    id: 't1',
    projectId: 'p1',
    fields: { title: 'polled' },
  });
  await lab.settle();
  await lab.advance(1_000);
  expect((await outcome).status).toBe('applied');
  expect(lab.script.calls.filter((call) => call.startsWith('POST /api/v2/changes'))).toHaveLength(1);
  expect(lab.world.places.get('p1')?.tasks.get('t1')?.title).toBe('polled');
});

test('a device that goes offline stops, and comes back at once with the network', async () => {
  const lab = await connected();
  await polling(lab);
  lab.client.input({ type: 'offline' });
  expect(lab.phase).toBe('paused');
  lab.server.down = false;
  lab.client.input({ type: 'online' });
  await lab.quiet();
  expect(lab.phase).toBe('live');
});
