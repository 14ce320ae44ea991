/** What the views show of the rows. */
import { expect, test } from 'vitest';
import { choiceOf, hashOf } from '../../src/dashboard/ui.ts';
import { percent, sums, taskList, tree, visible } from '../../src/dashboard/view.ts';
import { ordered } from '../../src/dashboard/words.ts';
import type { BranchRow, ProjectRow, TaskRow } from '../../src/types.ts';

const project = (id: string, more: Partial<ProjectRow> = {}) =>
  ({ id, name: id, archived: false, ...more }) as ProjectRow;
const branch = (id: string, of: string) => ({ id, name: id, project_id: of, archived: false }) as BranchRow;
const task = (id: string, status: string, more: Partial<TaskRow> = {}) =>
  ({ id, project_id: 'p', branch_id: 'b', title: id, status, priority: 'medium', ...more }) as TaskRow;
const ALL = { projectId: 'p', branchId: 'b', query: '', status: null, sort: 'work' } as const;

test('open is what is neither done nor out of work', () => {
  const row = {
    total_tasks: 10,
    completed_tasks: 4,
    in_progress_tasks: 2,
    active_tasks: 8,
    status_breakdown: { done: 4, in_progress: 2, todo: 2, cancelled: 2 },
    priority_breakdown: { low: 10 },
  };
  expect(sums([row, row])).toMatchObject({
    total: 20,
    done: 8,
    inProgress: 4,
    open: 8,
    statuses: { done: 8 },
    priorities: { low: 20 },
  });
});

test('nothing is not finished, and almost all is not all', () => {
  expect([percent(0, 0), percent(999, 1_000), percent(7, 7)]).toEqual([0, 99, 100]);
});

test('a breakdown shows known names in order, then unknown ones, and no zeros', () => {
  const parts = ordered({ cancelled: 1, zebra: 2, done: 3, todo: 4, blocked: 0 });
  expect(parts.map(([name]) => name)).toEqual(['done', 'todo', 'zebra', 'cancelled']);
});

test('a query keeps a project by its own name with all branches, or by those of its branches', () => {
  const rows = [project('alpha'), project('beta')];
  const branches = [branch('main', 'alpha'), branch('beta-2', 'alpha'), branch('x10', 'beta'), branch('x9', 'beta')];
  const names = tree(rows, branches, 'BETA').map(({ project: row, branches: own }) => [
    row.id,
    own.map((one) => one.id),
  ]);
  expect(names).toEqual([
    ['alpha', ['beta-2']],
    ['beta', ['x9', 'x10']],
  ]);
});

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
});

test('only lines in sight are drawn', () => {
  expect(visible(36_000, 720, 36, 10_000, 8)).toEqual([992, 1_028]);
  expect(visible(0, 720, 36, 3)).toEqual([0, 3]);
});

test('the address names the open branch, whatever is in its id', () => {
  const choice = { projectId: 'a/b c', branchId: 'é#1' };
  expect(choiceOf(hashOf(choice))).toEqual(choice);
  expect(choiceOf(hashOf({ projectId: 'p', branchId: null }))).toEqual({ projectId: 'p', branchId: null });
  expect(choiceOf('#code=x')).toBeNull();
});
