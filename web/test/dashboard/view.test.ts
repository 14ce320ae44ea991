/** What the views show of the rows. */
import { expect, test } from 'vitest';
import { addressOf, hashOf, PLAIN } from '../../src/dashboard/ui.ts';
import { busiest, MOST_BRANCHES, percent, sums, tree, twinsOf } from '../../src/dashboard/view.ts';
import { ordered } from '../../src/dashboard/words.ts';
import type { BranchRow, ProjectRow } from '../../src/types.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const counts = { total_tasks: 2, completed_tasks: 1, active_tasks: 2, archived: false, last_activity: null };
const project = (id: string, more: Partial<ProjectRow> = {}) => ({ ...counts, id, name: id, ...more }) as ProjectRow;
const branch = (id: string, of: string, more: Partial<BranchRow> = {}) =>
  ({ ...counts, id, name: id, project_id: of, ...more }) as BranchRow;

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
  const named = (query: string) =>
    tree(rows, branches, { query, sort: 'name', now: NOW }).map(({ project: row, branches: own }) => [
      row.id,
      own.map((one) => one.id),
    ]);
  expect(named('BETA')).toEqual([
    ['alpha', ['beta-2']],
    ['beta', ['x9', 'x10']],
  ]);
  expect(named('in no name').map(([id]) => id)).toEqual(['alpha', 'beta']);
});

test('finished quiet branches and those above the limit are told apart, and none is lost', () => {
  const open = Array.from({ length: MOST_BRANCHES + 2 }, (_, index) => branch(`b${index}`, 'p'));
  const done = { completed_tasks: 2 };
  const quiet = branch('quiet', 'p', { ...done, last_activity: '2026-02-01T00:00:00Z' });
  const fresh = branch('a-fresh', 'p', { ...done, last_activity: '2026-03-01T11:59:00Z' });
  const [found] = tree([project('p')], [quiet, ...open, fresh], { query: '', sort: 'active', now: NOW });
  expect(found?.branches.map((one) => one.id).slice(0, 3)).toEqual(['a-fresh', 'b0', 'b1']);
  expect(found?.branches).toHaveLength(MOST_BRANCHES);
  expect(found?.rest.map((one) => one.id)).toEqual(['b9', 'b10', 'b11', 'quiet']);
});

test('active projects come first, and a change within the hour moves nothing', () => {
  const rows = (at: string) => [
    project('zeta', { last_activity: at }),
    project('eta', { last_activity: '2026-03-01T11:30:00Z' }),
    project('alpha', { last_activity: '2026-01-01T00:00:00Z' }),
  ];
  const ids = (at: string) => tree(rows(at), [], { query: '', sort: 'active', now: NOW }).map((one) => one.project.id);
  expect(ids('2026-03-01T11:20:00Z')).toEqual(['eta', 'zeta', 'alpha']);
  expect(ids('2026-03-01T11:59:59Z')).toEqual(['eta', 'zeta', 'alpha']);
});

test('the busiest branch changed last, and has the most open tasks among those', () => {
  const at = '2026-03-01T10:00:00Z';
  const rows = [
    branch('done', 'p', { last_activity: at, completed_tasks: 2 }),
    branch('open', 'p', { last_activity: at, active_tasks: 9 }),
    branch('old', 'p', { last_activity: '2026-02-01T00:00:00Z', active_tasks: 99 }),
    branch('gone', 'p', { last_activity: '2026-03-02T00:00:00Z', archived: true }),
  ];
  expect(busiest(rows)?.id).toBe('open');
  const full = branch('full', 'p', { last_activity: '2026-02-01T00:00:00Z', total_tasks: 1 });
  expect(busiest([...rows.map((row) => ({ ...row, total_tasks: 0 })), full])?.id).toBe('full');
  expect(busiest([])).toBeNull();
});

test('the address names the open branch, its task and what narrows it, whatever is in their ids', () => {
  const whole = {
    choice: { projectId: 'a/b c', branchId: 'é#1?' },
    taskId: 't&1',
    query: 'x=y',
    status: 'in_progress',
    priority: 'high',
    sort: 'recent',
  } as const;
  expect(addressOf(hashOf(whole))).toEqual(whole);
  expect(hashOf({ ...PLAIN, choice: { projectId: 'p', branchId: null } })).toBe('#/p');
  expect(addressOf('#code=x').choice).toBeNull();
  expect(addressOf('#/%E0%A4%A/b').choice).toBeNull();
  expect(addressOf('#/p?order=odd')).toEqual({ ...PLAIN, choice: { projectId: 'p', branchId: null } });
});

test('branches of one name are told apart by as little of their ids as it takes', () => {
  const named = (id: string, name: string) => ({ id, name });
  const three = [named('p:bd-wisp-a1', 'patrol'), named('p:bd-wisp-b2', 'patrol'), named('p:main', 'main')];
  expect(twinsOf(three)).toEqual(
    new Map([
      ['p:bd-wisp-a1', 'a1'],
      ['p:bd-wisp-b2', 'b2'],
    ]),
  );
  const alike = [named('p:x-1', 'patrol'), named('p:y-1', 'patrol')];
  expect([...twinsOf(alike).values()]).toEqual(['x-1', 'y-1']);
});
