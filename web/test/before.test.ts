/** What went wrong in the client of a platform before this one, each as a law that holds here. */

import { configureStore } from '@reduxjs/toolkit';
import { describe, expect, test } from 'vitest';
import { BUFFER, type Buffer, buffered, EMPTY_BUFFER } from '../src/buffer.ts';
import { type DataFrame, decode } from '../src/frames.ts';
import { branchSlice, connectSummaries, selectBranch, selectProjects, selectTasks } from '../src/redux/index.ts';
import { NO_ROWS, RowEdit } from '../src/redux/rows.ts';
import { sentenceOf } from '../src/state.ts';
import { Lab } from '../testing/lab.ts';
import { World } from '../testing/world.ts';

const create = (id: string, fields: object = {}) =>
  ({ entity: 'task', action: 'create', id, project: 'p1', fields }) as const;
const patch = (id: string, fields: object) => ({ entity: 'task', action: 'patch', id, project: 'p1', fields }) as const;

async function connected(setUp: (lab: Lab) => void = () => {}): Promise<Lab> {
  const lab = new Lab();
  lab.store.rows.watch('p1');
  lab.world.change({ entity: 'project', action: 'create', id: 'p1', project: 'p1', name: 'One' });
  lab.world.change(create('t1', { title: 'first' }));
  setUp(lab);
  lab.client.connect();
  await lab.quiet();
  lab.store.loadTasks('p1', lab.world.tasks('p1', null, null, 100));
  return lab;
}

test('frames are ordered by their sequence, whatever order and time they come with', async () => {
  const lab = await connected();
  for (const title of ['a', 'b', 'c']) lab.world.change(patch('t1', { title }));
  lab.wire?.inbox.reverse();
  await lab.quiet();
  expect(lab.store.rows.task('p1', 't1')?.title).toBe('c');
});

test('a second change of the same task within seconds is no duplicate', async () => {
  const lab = await connected();
  for (const title of ['second', 'third']) {
    lab.world.change(patch('t1', { title }));
    lab.deliver();
    expect(lab.store.rows.task('p1', 't1')?.title).toBe(title);
  }
});

test('counts come with the rows: one delete is one less, however often it is told', async () => {
  const lab = await connected();
  for (const id of ['t2', 't3', 't4']) lab.world.change(create(id));
  lab.world.change({ entity: 'task', action: 'delete', id: 't2', project: 'p1' });
  const inbox = lab.wire?.inbox ?? [];
  inbox.push(...inbox);
  await lab.quiet();
  expect(lab.store.rows.branch('p1', 'main')?.total_tasks).toBe(3);
});

test('every summary of a change moves with it, without another call', async () => {
  const lab = await connected();
  lab.script.calls.splice(0);
  lab.world.change(patch('t1', { status: 'done' }));
  lab.deliver();
  expect(lab.store.rows.branch('p1', 'main')?.completed_tasks).toBe(1);
  expect(lab.store.rows.project('p1')?.completed_tasks).toBe(1);
  expect(lab.script.calls).toEqual([]);
});

describe('a mistake of the page itself', () => {
  test('ends neither the connection nor what comes after it, and the rows it missed are asked for anew', async () => {
    const lab = await connected();
    const { store } = lab;
    const apply = store.apply.bind(store);
    store.apply = () => {
      store.apply = apply;
      throw new Error('a bug in the page');
    };
    lab.world.change(patch('t1', { status: 'done' }));
    lab.deliver(1);
    expect(lab.phase).toBe('syncing');
    await expect(lab.advance(0)).rejects.toThrow('a bug in the page');
    await lab.quiet();
    expect(lab.store.rows.project('p1')?.completed_tasks).toBe(1);
  });

  test('that stays is never called live', async () => {
    const lab = await connected();
    lab.store.apply = () => {
      throw new Error('a bug in the page');
    };
    lab.world.change(patch('t1', { status: 'done' }));
    lab.deliver();
    lab.deliver();
    expect([lab.phase, sentenceOf(lab.client.machine.reason)]).toEqual([
      'failed',
      'this page failed to show what came',
    ]);
  });

  test('a frame that nobody understands is counted, and the next one is shown', async () => {
    const lab = await connected();
    lab.wire?.inbox.push('{"type":"update","sequence":5}', '[]', 'null', '{', '{"type":"bulk","payload":null}');
    lab.world.change(patch('t1', { title: 'after' }));
    await lab.quiet();
    expect(lab.store.rows.task('p1', 't1')?.title).toBe('after');
    expect(lab.client.unknown).toBeGreaterThan(0);
  });
});

test('a delete is gone from every list and every count at once', async () => {
  const lab = await connected();
  const store = configureStore({ reducer: { branches: branchSlice.reducer } });
  const summaries = connectSummaries(store, { env: lab.env, buffer: { delayMs: 0 } });
  lab.client = summaries.client;
  await summaries.start();
  await summaries.loadTasks('p1');
  await lab.quiet();
  lab.world.change({ entity: 'branch', action: 'delete', id: 'main', project: 'p1' });
  lab.deliver();
  const state = store.getState();
  expect(selectBranch(state, 'p1', 'main')).toBeUndefined();
  expect(selectTasks(state, 'p1', null)).toEqual([]);
  expect(selectProjects(state)[0]?.total_tasks).toBe(0);
});

test('of two rows of one thing in one batch the newest wins, in whichever order they lie', () => {
  const world = new World();
  world.change({ entity: 'project', action: 'create', id: 'p1', project: 'p1', name: 'One' });
  const frames = [create('t1', { title: 'old' }), patch('t1', { title: 'new' })].map(
    (move) => decode(JSON.stringify(world.change(move))) as DataFrame,
  );
  for (const order of [frames, [...frames].reverse()]) {
    const edit = new RowEdit(NO_ROWS, ['p1']);
    for (const frame of order) edit.frame(frame);
    expect(Object.values(edit.result.tasks).map(({ title }) => title)).toEqual(['new']);
  }
});

test('created and deleted inside one window is gone, deleted and made again is there', async () => {
  const lab = await connected();
  const gone = { entity: 'task', action: 'delete', id: 'x', project: 'p1' } as const;
  lab.world.merge([create('x'), gone], ['s-1']);
  lab.deliver();
  expect(lab.store.rows.task('p1', 'x')).toBeNull();
  lab.world.merge([create('x'), gone, create('x', { title: 'again' })], ['s-1']);
  lab.deliver();
  expect(lab.store.rows.task('p1', 'x')?.title).toBe('again');
});

test('a steady stream of agents is shown at least every second, and a person waits for none of it', () => {
  const agent = { kind: 'update', metadata: { source: 'mcp-ai' } } as DataFrame;
  const person = { kind: 'update', metadata: { source: 'user' } } as DataFrame;
  let buffer: Buffer = EMPTY_BUFFER;
  let shownAt = 0;
  for (let now = 0; now < 5_000; now += 100) {
    const due = now >= buffer.by;
    if (due) {
      buffer = EMPTY_BUFFER;
      shownAt = now;
    }
    [buffer] = buffered(buffer, [agent], now, BUFFER);
    expect(now - shownAt).toBeLessThanOrEqual(1_000);
  }
  const [left, shown] = buffered(buffer, [person], 5_000, BUFFER);
  expect([left, shown.at(-1)]).toEqual([EMPTY_BUFFER, person]);
});

test('what is sent without a connection is kept, counted and sent later', async () => {
  const lab = await connected();
  lab.cut();
  lab.client.edit('p1', 't1', { title: 'kept' });
  expect(lab.client.queue).toMatchObject({ size: 1 });
  await lab.quiet();
  expect(lab.world.places.get('p1')?.tasks.get('t1')?.title).toBe('kept');
});

test('a queue has an end: what does not fit is refused with a reason', async () => {
  const lab = new Lab(new World(), { queue: { messages: 2 } });
  const sent = ['a', 'b', 'c'].map((title) =>
    lab.client.change({ entity: 'task', action: 'patch', id: 't1', projectId: 'p1', fields: { title } }),
  );
  expect(lab.client.queue.size).toBe(2);
  expect(await sent[2]?.outcome).toMatchObject({ status: 'lost', reason: 'too many changes are waiting' });
  lab.client.close();
  expect((await Promise.all(sent.map(({ outcome }) => outcome))).map(({ status }) => status)).toEqual([
    'lost',
    'lost',
    'lost',
  ]);
});

test('the token is asked for at each attempt, never kept from the first', async () => {
  const lab = await connected();
  lab.token = 'second.t.t';
  lab.cut();
  await lab.quiet();
  expect(lab.wire?.protocols).toContain('bearer.second.t.t');
});

test('two tabs of one user are two connections, and closing one leaves the other', async () => {
  const lab = await connected();
  const other = new Lab(lab.world);
  other.client.connect();
  await other.quiet();
  other.client.close();
  lab.world.change(patch('t1', { title: 'still here' }));
  lab.deliver();
  expect(lab.store.rows.task('p1', 't1')?.title).toBe('still here');
});

test('a user, project or branch of any name is one segment of every address', async () => {
  const lab = new Lab();
  const id = 'a/b c?ü#1';
  lab.world.change({ entity: 'project', action: 'create', id, project: id, name: id });
  const store = configureStore({ reducer: { branches: branchSlice.reducer } });
  const summaries = connectSummaries(store, { env: lab.env, projects: [id] });
  lab.script.failing = { '/api/v2/branches': 404 };
  expect(await summaries.load()).toBe(true);
  expect(selectProjects(store.getState()).map((project) => project.id)).toEqual([id]);
});

test('many notices at once are one call', async () => {
  const lab = new Lab();
  lab.script.notices = true;
  lab.world.change({ entity: 'project', action: 'create', id: 'p1', project: 'p1', name: 'One' });
  const store = configureStore({ reducer: { branches: branchSlice.reducer } });
  const summaries = connectSummaries(store, { env: lab.env });
  lab.client = summaries.client;
  await summaries.start();
  await lab.quiet();
  lab.script.calls.splice(0);
  for (let i = 0; i < 20; i += 1) lab.world.change(create(`t${i}`));
  lab.deliver();
  await lab.advance(1_000);
  expect(lab.script.calls).toHaveLength(1);
});

test('missing lists and counts of a frame are empty, not a crash', () => {
  const frame = decode('{"type":"bulk","sequence":4,"payload":{"action":"update","data":{"primary":null}}}');
  expect(frame).toMatchObject({ kind: 'merged', changes: [], cascade: {}, changed: [] });
});
