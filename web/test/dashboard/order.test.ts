/** The task list: what needs eyes first, and made from the one before it is what making it anew gives. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { changed, type Listed, NONE, type TaskSort, taskList } from '../../src/dashboard/order.ts';
import type { TaskRow } from '../../src/types.ts';

const task = (id: string, status: string, more: Partial<TaskRow> = {}) =>
  ({ id, project_id: 'p', branch_id: 'b', title: id, status, priority: 'medium', ...more }) as TaskRow;
const ALL = { projectId: 'p', branchId: 'b', query: '', status: null, priority: null, sort: 'work' } as const;

test('tasks that need eyes come first, urgent ones before others', () => {
  const rows = [
    task('a', 'done'),
    task('b', 'todo'),
    task('c', 'todo', { priority: 'critical' }),
    task('d', 'blocked'),
    task('e', 'odd'),
  ];
  expect(taskList(rows, ALL).map((row) => row.id)).toEqual(['d', 'c', 'b', 'e', 'a']);
  expect(taskList(rows, { ...ALL, status: 'todo', query: 'B' }).map((row) => row.id)).toEqual(['b']);
  expect(taskList(rows, { ...ALL, priority: 'critical' }).map((row) => row.id)).toEqual(['c']);
});

test('numbers in ids and titles sort by their value', () => {
  const rows = ['t10', 't9', 't100'].map((id) => task(id, 'todo'));
  for (const sort of ['work', 'title'] as const)
    expect(taskList(rows, { ...ALL, sort }).map((row) => row.id)).toEqual(['t9', 't10', 't100']);
});

const ids = Array.from({ length: 12 }, (_, index) => `t${index}`);
const move = fc.record({
  id: fc.constantFrom(...ids),
  status: fc.constantFrom('todo', 'blocked', 'done', 'gone'),
  last_activity: fc.constantFrom('2026-01-01', '2026-01-02', null),
});

test('from the list before, any changes give what sorting anew gives', () => {
  fc.assert(
    fc.property(
      fc.constantFrom<TaskSort>('work', 'recent', 'title'),
      fc.constantFrom(null, 'todo'),
      fc.array(fc.array(move, { maxLength: 6 }), { maxLength: 6 }),
      (sort, status, turns) => {
        const rows = new Map<string, TaskRow>();
        let before: Listed = NONE;
        for (const moves of turns) {
          for (const { id, ...more } of moves) {
            if (more.status === 'gone') rows.delete(id);
            else rows.set(id, task(id, more.status, more));
          }
          const now = [...rows.values()];
          const list = taskList(now, { ...ALL, sort, status }, before);
          expect(list).toEqual(taskList(now, { ...ALL, sort, status }));
          before = { rows: now, list };
        }
      },
    ),
  );
});

test('what changed is found by one walk, and in another order nothing is missed', () => {
  const [a, b, c, d] = [{ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd' }];
  const other = { id: 'b' };
  expect(changed([a, b, c], [a, other, c, d])).toEqual({ gone: [b], fresh: [other, d] });
  expect(changed([a, b, c], [a, c])).toEqual({ gone: [b], fresh: [] });
  const { gone, fresh } = changed([a, b, c], [c, a, d]);
  const left = new Set([a, b, c].filter((one) => !gone.includes(one)));
  expect(new Set([...left, ...fresh])).toEqual(new Set([c, a, d]));
});
