/** Two ways to load, and an edge whose frames only say what changed. */
import { describe, expect, test } from 'vitest';
import { Loader } from '../src/load.ts';
import { selectBranch, selectProject, selectProjects } from '../src/redux/index.ts';
import { Refetch } from '../src/refetch.ts';
import { Lab } from '../testing/lab.ts';
import { app } from '../testing/store.ts';

describe('loading', () => {
  test.each([404, 405, 501, 500, 0])('falls back to the calls of version 1 after %i', async (status) => {
    const { lab, store, summaries } = app(
      (made) => {
        made.script.failing = { '/api/v2/branches': status };
      },
      ['p1', 'p2'],
    );
    expect(await summaries.load()).toBe(true);
    expect(store.getState().branches.source).toBe('legacy');
    expect(selectBranch(store.getState(), 'p1', 'main')?.total_tasks).toBe(1);
    const tries = status === 500 || status === 0 ? 2 : 1;
    expect(lab.script.calls.filter((call) => call.includes('bulk'))).toHaveLength(tries);
    lab.script.failing = {};
    await summaries.load();
    expect(store.getState().branches.source).toBe('legacy');
    lab.time += 300_000;
    await summaries.load();
    expect(store.getState().branches.source).toBe('bulk');
  });

  test('without names it reads every project that there is', async () => {
    const { lab, store, summaries } = app((made) => {
      made.script.failing = { '/api/v2/branches': 404 };
    });
    expect(await summaries.load()).toBe(true);
    expect(selectProjects(store.getState()).map(({ id }) => id)).toEqual(['p1', 'p2']);
    expect(lab.script.calls.slice(1)).toEqual([
      'GET /api/v2/views/projects?columns=project_id',
      'GET /api/v1/projects/p1/branches/summaries?include_archived=true',
      'GET /api/v1/projects/p2/branches/summaries?include_archived=true',
    ]);
  });

  test.each([401, 403, 429])('never falls back after %i', async (status) => {
    const { lab, store, summaries } = app(
      (made) => {
        made.script.failing = { '/api/v2/branches': status };
      },
      ['p1'],
    );
    expect(await summaries.load()).toBe(false);
    expect(store.getState().branches.error).not.toBeNull();
    expect(lab.script.calls.some((call) => call.includes('/api/v1/'))).toBe(false);
  });

  test('of a project that is not there is no reason to take the other way', async () => {
    const { lab, summaries } = app(() => {}, ['p1', 'gone']);
    expect(await summaries.load()).toBe(false);
    expect(lab.script.calls.some((call) => call.includes('/api/v1/'))).toBe(false);
  });

  test('an edge without cascades only says what changed: the page fetches it, together and no earlier than it is there', async () => {
    const { lab, store, summaries } = app((made) => {
      made.script.notices = true;
    });
    await summaries.start();
    await lab.quiet();
    expect(summaries.client.machine.features).not.toContain('cascades');
    lab.script.calls.splice(0);
    for (let i = 0; i < 5; i += 1) {
      lab.world.change({ entity: 'task', action: 'create', id: `n${i}`, project: 'p1', fields: {} });
    }
    lab.deliver();
    expect(selectProject(store.getState(), 'p1')?.total_tasks).toBe(1);
    await lab.advance(200);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(selectProject(store.getState(), 'p1')?.total_tasks).toBe(6);
    expect(lab.script.calls).toEqual(['POST /api/v2/branches/summaries/bulk']);
  });
});

test('without a bulk call, too, what a notice names is read no earlier than it is there', async () => {
  const { lab, store, summaries } = app((made) => {
    made.script.notices = true;
    made.script.failing = { '/api/v2/branches': 404 };
  });
  await summaries.start();
  await lab.quiet();
  lab.script.calls.splice(0);
  lab.world.change({ entity: 'task', action: 'create', id: 'n', project: 'p1', fields: {} });
  lab.deliver();
  await lab.advance(200);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(selectProject(store.getState(), 'p1')?.total_tasks).toBe(2);
  const place = encodeURIComponent(`0:${lab.world.offset}`);
  const query = `include_archived=true&min_position=${place}`;
  expect(lab.script.calls).toEqual([`GET /api/v1/projects/p1/branches/summaries?${query}`]);
});

test('what a notice named is read again when that was refused for being too often', async () => {
  const { lab, store, summaries } = app((made) => {
    made.script.notices = true;
  });
  await summaries.start();
  await lab.quiet();
  lab.script.failing = { '/api/v2/branches': 429 };
  lab.world.change({ entity: 'task', action: 'create', id: 'n', project: 'p1', fields: {} });
  lab.deliver();
  await lab.advance(200);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(store.getState().branches.error).toContain('429');
  lab.script.failing = {};
  lab.script.calls.splice(0);
  await lab.advance(4_900);
  expect(lab.script.calls).toEqual([]);
  await lab.advance(200);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(selectProject(store.getState(), 'p1')?.total_tasks).toBe(2);
});

test('without Redux, too, what a notice names is fetched, and lists of its tasks are read again', async () => {
  const lab = new Lab();
  lab.world.change({ entity: 'project', action: 'create', id: 'p1', project: 'p1', name: 'One' });
  lab.script.notices = true;
  const { env, store } = lab;
  const loader = new Loader({ call: env.call as never, token: env.token, now: env.now });
  const refetch = new Refetch(
    loader,
    ({ answer }) => store.loadBulk(answer),
    () => {},
    env.setTimeout,
  );
  const apply = store.apply.bind(store);
  store.apply = (frames, now) => {
    const fresh = apply(frames, now);
    refetch.seen(fresh);
    return fresh;
  };
  lab.client.connect();
  await lab.quiet();
  const replaced: string[] = [];
  store.onReplaced((id) => replaced.push(id));
  lab.world.change({ entity: 'task', action: 'create', id: 'n', project: 'p1', fields: {} });
  lab.deliver();
  await lab.advance(200);
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect([store.rows.project('p1')?.total_tasks, replaced]).toEqual([1, ['p1']]);
});
