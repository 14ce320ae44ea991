import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type BranchState,
  branchSlice,
  selectBranch,
  selectBranches,
  selectNotices,
  selectProject,
  selectProjects,
  selectTask,
  selectTasks,
} from '../src/redux/index.ts';
import { GRAVES, isPast, NO_ROWS, RowEdit } from '../src/redux/rows.ts';
import { Rows } from '../src/store/rows.ts';
import type { Row } from '../src/types.ts';
import { started } from '../testing/store.ts';

test('all summaries come in one call, and the stream goes on from there without a snapshot', async () => {
  const { lab, store } = await started();
  expect(selectProjects(store.getState()).map(({ id }) => id)).toEqual(['p1', 'p2']);
  expect(selectBranch(store.getState(), 'p1', 'main')?.total_tasks).toBe(1);
  expect(lab.script.calls).toEqual(['POST /api/v2/branches/summaries/bulk']);
  const { source, loading, lastSync, subscriptions, connection } = store.getState().branches;
  expect({ source, loading, lastSync, subscriptions, phase: connection.phase }).toMatchObject({
    source: 'bulk',
    loading: false,
    lastSync: 1_000_000,
    subscriptions: ['project:*'],
    phase: 'live',
  });
  expect(lab.script.heard[0]).toMatchObject({ payload: { data: { streams: [{ since: {} }, { since: {} }, {}] } } });
});

test('a batch with its primary, cascade and position is one notification', async () => {
  const { lab, store, told } = await started();
  const before = told();
  const ids = Array.from({ length: 200 }, (_, i) => `b${i}`);
  lab.world.merge(
    ids.map((id) => ({ entity: 'task', action: 'create', id, project: 'p1', fields: { branch_id: id } }) as const),
    ['s-1'],
  );
  lab.deliver();
  expect(told() - before).toBe(1);
  expect(selectBranches(store.getState(), 'p1')).toHaveLength(201);
  expect(selectProject(store.getState(), 'p1')?.total_tasks).toBe(201);
  expect(store.getState().branches.positions.p1?.sequence).toBe(lab.world.applied);
});

test('what did not change stays the same object, for every selector', async () => {
  const { lab, store } = await started();
  const select = () => {
    const state = store.getState();
    return [selectProject(state, 'p2'), selectBranch(state, 'p1', 'main'), selectTasks(state, 'p1', null)];
  };
  const before = select();
  lab.world.change({ entity: 'task', action: 'create', id: 'x', project: 'p1', fields: { branch_id: 'side' } });
  lab.deliver();
  expect(select().every((one, i) => one === before[i])).toBe(true);
  expect(selectProjects(store.getState())).toBe(selectProjects(store.getState()));
});

describe('an optimistic update', () => {
  const rename = { entity: 'task', action: 'patch', id: 't1', projectId: 'p1', fields: { title: 'new' } } as const;

  test('lies over the row until its echo is applied, which is one notification and never flickers', async () => {
    const { lab, store, summaries, told } = await started();
    await summaries.loadTasks('p1');
    const titles: (string | undefined)[] = [];
    store.subscribe(() => titles.push(selectTask(store.getState(), 'p1', 't1')?.title));
    const { outcome } = summaries.change(rename);
    expect(selectTask(store.getState(), 'p1', 't1')?.title).toBe('new');
    expect(store.getState().branches.tasks).not.toHaveProperty('new');
    lab.wire?.deliver(1);
    const before = told();
    lab.wire?.deliver(1);
    expect(told() - before).toBe(1);
    expect(await outcome).toMatchObject({ status: 'applied' });
    expect(store.getState().branches.optimisticUpdates).toEqual({});
    expect(new Set(titles)).toEqual(new Set(['new']));
  });

  test('that is refused comes off with a reason', async () => {
    const { lab, store, summaries } = await started();
    await summaries.loadTasks('p1');
    lab.script.refuse = 'you may only read this project';
    const { outcome } = summaries.change(rename);
    lab.deliver();
    expect(selectTask(store.getState(), 'p1', 't1')?.title).toBe('old');
    expect(selectNotices(store.getState())[0]).toMatchObject({ reason: 'you may only read this project' });
    expect((await outcome).status).toBe('rejected');
  });

  test('with a condition that no longer holds is rejected by the worker, and the other change stays', async () => {
    const { lab, store, summaries } = await started();
    await summaries.loadTasks('p1');
    const stamp = selectTask(store.getState(), 'p1', 't1')?.stamp ?? -1;
    lab.world.change({ entity: 'task', action: 'patch', id: 't1', project: 'p1', fields: { title: 'theirs' } });
    const { outcome } = summaries.change({ ...rename, ifStamp: stamp });
    lab.deliver();
    expect(await outcome).toMatchObject({ status: 'rejected', reason: 'conflict' });
    expect(selectTask(store.getState(), 'p1', 't1')?.title).toBe('theirs');
  });

  test('works on branches and projects too, and two of them fold field by field', async () => {
    const { lab, store, summaries } = await started();
    lab.script.mute = true;
    summaries.change({ entity: 'branch', action: 'patch', id: 'main', projectId: 'p1', fields: { name: 'trunk' } });
    summaries.change({ entity: 'branch', action: 'patch', id: 'main', projectId: 'p1', fields: { archived: true } });
    expect(selectBranch(store.getState(), 'p1', 'main')).toMatchObject({
      name: 'trunk',
      archived: true,
      total_tasks: 1,
    });
  });
});

test('an answer that frames have overtaken takes nothing back', async () => {
  const { lab, store } = await started();
  const late = lab.world.bulk();
  lab.world.change({ entity: 'task', action: 'patch', id: 't1', project: 'p1', fields: { status: 'done' } });
  lab.deliver();
  const before = store.getState().branches.positions.p1;
  store.dispatch(branchSlice.actions.setSummaries({ answer: late, source: 'bulk', at: 0 }));
  expect(selectProject(store.getState(), 'p1')?.completed_tasks).toBe(1);
  expect(store.getState().branches.positions.p1).toEqual(before);
});

test('tasks of a project are kept live from the moment they were loaded, deleted ones stay away', async () => {
  const { lab, store, summaries } = await started();
  await summaries.loadTasks('p1');
  lab.world.change({ entity: 'task', action: 'create', id: 't2', project: 'p1', fields: {} });
  lab.world.change({ entity: 'task', action: 'delete', id: 't1', project: 'p1' });
  lab.deliver();
  expect(selectTasks(store.getState(), 'p1', 'main').map(({ id }) => id)).toEqual(['t2']);
});

test('streams are chosen, and what is no longer followed is forgotten', async () => {
  const { lab, store, summaries } = await started();
  summaries.follow(['p2']);
  await lab.quiet();
  expect(selectProjects(store.getState()).map(({ id }) => id)).toEqual(['p2']);
  expect(store.getState().branches.subscriptions).toEqual(['project:p2']);
});

test('rows in any order, with repeats, are what the rows of the store without Redux are', () => {
  const branch = (id: string, stamp: number): [string, Row] => [
    'branch',
    { id, project_id: 'p', name: id, stamp } as Row,
  ];
  const task = (id: string, of: string, stamp: number): [string, Row] => {
    return ['task', { id, project_id: 'p', branch_id: of, title: id, stamp } as Row];
  };
  const gone = (kind: string, id: string, stamp: number): [string, Row] => {
    return [kind, { id, project_id: 'p', deleted: true, stamp }];
  };
  const row = fc.nat(30).chain((stamp) =>
    fc.oneof(
      fc.constantFrom('a', 'b').map((id) => branch(id, stamp)),
      fc.tuple(fc.constantFrom('x', 'y', 'z'), fc.constantFrom('a', 'b')).map(([id, of]) => task(id, of, stamp)),
      fc.constantFrom('a', 'b').map((id) => gone('branch', id, stamp)),
      fc.constantFrom('x', 'y', 'z').map((id) => gone('task', id, stamp)),
    ),
  );
  fc.assert(
    fc.property(fc.uniqueArray(row, { maxLength: 20, selector: ([, { stamp }]) => stamp }), (rows) => {
      const edit = new RowEdit(NO_ROWS, ['p']);
      const other = new Rows();
      other.watch('p');
      for (const [kind, one] of [['project', { id: 'p', name: 'p', stamp: 0 } as Row] as const, ...rows]) {
        edit.put(kind, one);
        other.put(kind, one);
      }
      const sorted = (list: readonly Row[]) => [...list].sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(sorted(Object.values(edit.result.summaries))).toEqual(sorted(other.branches()));
      expect(sorted(Object.values(edit.result.tasks))).toEqual(sorted(other.tasks()));
    }),
  );
});

test('graves are bounded, and what was read before those that went brings nothing back', () => {
  const edit = new RowEdit(NO_ROWS, ['p']);
  for (let stamp = 1; stamp <= 2 * GRAVES; stamp += 1)
    edit.put('task', { id: `t${stamp}`, project_id: 'p', deleted: true, stamp });
  const { graves, floors } = edit.result;
  expect(Object.keys(graves).length).toBeLessThanOrEqual(GRAVES);
  expect([isPast(floors, 'p', GRAVES - 1), isPast(floors, 'p', 2 * GRAVES)]).toEqual([true, false]);
  const late = { id: 't7', project_id: 'p', branch_id: 'b', stamp: 6 } as Row;
  edit.put('task', late, { at: 7, whole: true });
  expect(edit.result.tasks).toEqual({});
  edit.put('task', { ...late, stamp: 2 * GRAVES + 1 });
  expect(Object.keys(edit.result.tasks)).toHaveLength(1);
  edit.clear('p');
  expect(edit.result).toMatchObject({ graves: {}, floors: {} });
});

test('an older answer that comes late brings back no branch that a newer one lacked', () => {
  const edit = new RowEdit(NO_ROWS, []);
  const branch = (stamp: number) => ({ id: 'b', project_id: 'p', name: 'b', stamp }) as Row;
  edit.replace('p', { id: 'p', name: 'p', stamp: 3 } as Row, [], 5);
  edit.replace('p', { id: 'p', name: 'p', stamp: 2 } as Row, [branch(2)], 3);
  expect(edit.result.summaries).toEqual({});
  edit.put('branch', branch(6), { at: 7, whole: false });
  expect(Object.values(edit.result.summaries)).toHaveLength(1);
});

test('an edit that fails leaves the state as it was', () => {
  const before: BranchState = branchSlice.reducer(undefined, { type: '' });
  const broken = [{ kind: 'update', stream: 'project:p', changes: null, cascade: {}, metadata: {} }] as never;
  expect(() => branchSlice.reducer(before, branchSlice.actions.applyUpdate({ frames: broken, at: 1 }))).toThrow();
  expect(branchSlice.reducer(before, { type: '' })).toBe(before);
});
