/** Rows: last stamp wins in any order, graves (however few) keep what is gone away, ids count only inside their project. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GRAVES, Rows } from '../../src/store/rows.ts';
import type { BranchRow, ProjectRow, Row, TaskRow } from '../../src/types.ts';

const project = (stamp: number, id = 'p') => ({ id, name: id, stamp }) as ProjectRow;
const branch = (stamp: number, id = 'b', of = 'p') => ({ id, project_id: of, name: id, stamp }) as BranchRow;
const task = (stamp: number, id = 't', of = 'b') =>
  ({ id, project_id: 'p', branch_id: of, title: id, status: 'todo', stamp }) as TaskRow;
const gone = (id: string, stamp: number): Row => ({ id, project_id: 'p', deleted: true, stamp });

function fresh(graves?: number): Rows {
  const rows = new Rows(graves);
  rows.watch('p');
  rows.put('project', project(0));
  return rows;
}

test('the same rows in any order, with repeats, give the same result', () => {
  const history: readonly (readonly [string, Row])[] = [
    ['branch', branch(1)],
    ['task', task(2)],
    ['task', { ...task(3), status: 'done' }],
    ['task', task(4, 'u')],
    ['branch', gone('b', 5)],
    ['branch', branch(6)],
    ['task', task(7, 'v')],
    ['task', gone('v', 8)],
    ['task', task(9, 't')],
  ];
  const order = fc.shuffledSubarray([...history, ...history], { minLength: history.length * 2 });
  fc.assert(
    fc.property(order, (rowsInOrder) => {
      const rows = fresh();
      for (const [kind, row] of rowsInOrder) rows.put(kind, row);
      expect(rows.branches().map((row) => row.stamp)).toEqual([6]);
      expect(rows.tasks().map((row) => [row.id, row.stamp])).toEqual([['t', 9]]);
    }),
  );
});

test('two projects may have branches of the same id', () => {
  const rows = fresh();
  rows.put('branch', branch(1, 'main', 'p'));
  rows.put('branch', branch(2, 'main', 'q'));
  expect(rows.branch('p', 'main')?.stamp).toBe(1);
  expect(rows.branch('q', 'main')?.stamp).toBe(2);
});

test('a snapshot ends branches that it does not have, but not those that are newer than it', () => {
  const rows = fresh();
  for (const row of [branch(1, 'old'), branch(9, 'new')]) rows.put('branch', row);
  rows.put('task', task(2, 't', 'old'));
  rows.replace('p', project(4), [branch(3, 'kept')], 5);
  expect(
    rows
      .branches()
      .map((row) => row.id)
      .sort(),
  ).toEqual(['kept', 'new']);
  expect(rows.tasks()).toEqual([]);
  expect(rows.put('branch', branch(2, 'old'))).toBe(false);
});

test('a sweep ends tasks that a whole list does not have, but not those that are newer than it', () => {
  const rows = fresh();
  for (const row of [task(1, 'old'), task(9, 'new'), task(2, 'listed'), task(3, 'elsewhere', 'c')])
    rows.put('task', row);
  rows.sweep('p', 'b', new Set(['listed']), 5);
  expect(
    rows
      .tasks()
      .map((row) => row.id)
      .sort(),
  ).toEqual(['elsewhere', 'listed', 'new']);
});

test('only tasks of the watched project are kept', () => {
  const rows = fresh();
  rows.watch('q');
  expect(rows.put('task', task(1))).toBe(false);
});

test('a snapshot mends what an edge had wrong: at the same stamp, and a branch that was missing', () => {
  const rows = fresh();
  rows.replace('p', { ...project(4), total_tasks: 7 }, [{ ...branch(3, 'wrong'), total_tasks: 7 }], 5);
  rows.replace(
    'p',
    { ...project(4), total_tasks: 1 },
    [{ ...branch(3, 'wrong'), total_tasks: 1 }, branch(2, 'lost')],
    5,
  );
  expect(rows.project('p')?.total_tasks).toBe(1);
  expect(rows.branch('p', 'wrong')?.total_tasks).toBe(1);
  expect(rows.branch('p', 'lost')?.stamp).toBe(2);
  expect(rows.put('branch', { ...branch(3, 'wrong'), total_tasks: 9 })).toBe(false);
  rows.put('branch', gone('wrong', 8));
  rows.replace('p', project(4), [branch(3, 'wrong')], 5);
  expect(rows.branch('p', 'wrong')).toBeNull();
});

test('an older answer that comes late brings back no branch that a newer one lacked', () => {
  const rows = fresh();
  rows.replace('p', project(3), [], 5);
  rows.replace('p', project(2), [branch(2)], 3);
  expect(rows.branches()).toEqual([]);
  expect(rows.put('branch', branch(6), { at: 7, whole: false })).toBe(true);
  rows.clear('p');
  rows.replace('p', project(2), [branch(2)], 3);
  expect(rows.branch('p', 'b')?.stamp).toBe(2);
});

/** A log of creates (true) and deletes of a few tasks. */
const log = fc.array(fc.tuple(fc.constantFrom('t', 'u', 'v', 'w'), fc.boolean()), { minLength: 1, maxLength: 30 });
type Log = readonly (readonly [string, boolean])[];

/** What is there after the first `end` events. */
function thereAt(events: Log, end: number): ReadonlyMap<string, TaskRow> {
  const there = new Map<string, TaskRow>();
  for (const [stamp, [id, alive]] of events.slice(0, end).entries()) {
    there.delete(id);
    if (alive) there.set(id, task(stamp, id));
  }
  return there;
}

test('however few graves are kept, what was read before comes too late to bring anything back', () => {
  fc.assert(
    fc.property(log, fc.nat(30), fc.nat(3), (events, read, graves) => {
      const rows = fresh(graves);
      for (const [stamp, [id, alive]] of events.entries()) {
        rows.put('task', alive ? task(stamp, id) : gone(id, stamp), { at: stamp + 1, whole: false });
        expect(rows.graves).toBeLessThanOrEqual(graves);
      }
      const end = Math.min(read, events.length);
      for (const row of thereAt(events, end).values()) rows.put('task', row, { at: end, whole: true });
      expect(new Map(rows.tasks().map((row) => [row.id, row]))).toEqual(thereAt(events, events.length));
    }),
  );
});

test('twenty thousand deletes leave no more graves than a burst, and an older list is known as such', () => {
  const rows = fresh();
  for (let stamp = 1; stamp <= 20_000; stamp += 1) rows.put('task', gone(`t${stamp}`, stamp));
  expect(rows.graves).toBe(GRAVES);
  expect(rows.isPast('p', 20_000 - GRAVES)).toBe(true);
  expect(rows.isPast('p', 20_001)).toBe(false);
  expect(rows.put('task', task(7, 't7'), { at: 9, whole: true })).toBe(false);
  expect(rows.put('task', task(20_001, 't7'), { at: 20_002, whole: true })).toBe(true);
  rows.clear('p');
  expect([rows.graves, rows.isPast('p', 1)]).toEqual([0, false]);
});
