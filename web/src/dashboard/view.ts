/** Pure: from rows to what the views show: sums, the filtered tree, the sorted task list. */
import type { BranchRow, Breakdown, ProjectRow, TaskRow } from '../types.ts';
import { LIST_ORDER, priorityLevel } from './words.ts';

export interface Sums {
  readonly total: number;
  readonly done: number;
  readonly inProgress: number;
  readonly open: number;
  readonly statuses: Breakdown;
  readonly priorities: Breakdown;
}

type Counted = Pick<
  ProjectRow,
  'total_tasks' | 'completed_tasks' | 'in_progress_tasks' | 'active_tasks' | 'status_breakdown' | 'priority_breakdown'
>;

export type TaskSort = 'work' | 'recent' | 'title';
export type TreeSort = 'name' | 'recent' | 'open';

export interface TreeProject {
  readonly project: ProjectRow;
  readonly branches: readonly BranchRow[];
}

export function sums(rows: readonly Counted[]): Sums {
  const statuses: Record<string, number> = {};
  const priorities: Record<string, number> = {};
  let [total, done, inProgress, open] = [0, 0, 0, 0];
  for (const row of rows) {
    total += row.total_tasks;
    done += row.completed_tasks;
    inProgress += row.in_progress_tasks;
    open += openOf(row);
    for (const [name, count] of Object.entries(row.status_breakdown)) statuses[name] = (statuses[name] ?? 0) + count;
    for (const [name, count] of Object.entries(row.priority_breakdown))
      priorities[name] = (priorities[name] ?? 0) + count;
  }
  return { total, done, inProgress, open, statuses, priorities };
}

/** Neither done, cancelled nor archived. */
export function openOf(row: Pick<Counted, 'active_tasks' | 'completed_tasks'>): number {
  return Math.max(0, row.active_tasks - row.completed_tasks);
}

export function percent(done: number, total: number): number {
  return total === 0 ? 0 : Math.floor((done / total) * 100);
}

const natural = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' });

/** Projects and their branches. A query keeps a project whose name has it, with all branches, or the branches that have it. */
export function tree(
  projects: readonly ProjectRow[],
  branches: readonly BranchRow[],
  query: string,
  sort: TreeSort = 'name',
): readonly TreeProject[] {
  const of = byProject(branches.filter((branch) => !branch.archived));
  return projects
    .filter((project) => !project.archived)
    .sort(TREE_SORTS[sort])
    .map((project) => {
      const own = (of.get(project.id) ?? []).sort(TREE_SORTS[sort]);
      const all = has(project.name, query);
      return { project, all, branches: all ? own : own.filter((branch) => has(branch.name, query)) };
    })
    .filter(({ all, branches: kept }) => all || kept.length > 0);
}

export interface TaskFilter {
  readonly projectId: string;
  readonly branchId: string | null;
  readonly query: string;
  readonly status: string | null;
  readonly sort: TaskSort;
}

export function taskList(tasks: readonly TaskRow[], filter: TaskFilter): readonly TaskRow[] {
  const kept = tasks.filter(
    (task) =>
      task.project_id === filter.projectId &&
      (filter.branchId === null || task.branch_id === filter.branchId) &&
      (filter.status === null || task.status === filter.status) &&
      (filter.query === '' || has(task.title, filter.query) || has(task.id, filter.query)),
  );
  return kept.sort(SORTS[filter.sort]);
}

const SORTS: Readonly<Record<TaskSort, (a: TaskRow, b: TaskRow) => number>> = {
  work: (a, b) => rank(a) - rank(b) || priorityLevel(b.priority) - priorityLevel(a.priority) || byId(a, b),
  recent: (a, b) => compare(b.last_activity ?? '', a.last_activity ?? '') || byId(a, b),
  title: (a, b) => compare(keysOf(a).title, keysOf(b).title) || byId(a, b),
};

function byProject(branches: readonly BranchRow[]): Map<string, BranchRow[]> {
  const groups = new Map<string, BranchRow[]>();
  for (const branch of branches) {
    const group = groups.get(branch.project_id);
    if (group === undefined) groups.set(branch.project_id, [branch]);
    else group.push(branch);
  }
  return groups;
}

type Node = ProjectRow | BranchRow;
const TREE_SORTS: Readonly<Record<TreeSort, (a: Node, b: Node) => number>> = {
  name: byName,
  recent: (a, b) => compare(b.last_activity ?? '', a.last_activity ?? '') || byName(a, b),
  open: (a, b) => openOf(b) - openOf(a) || byName(a, b),
};

function rank(task: TaskRow): number {
  const place = LIST_ORDER.indexOf(task.status);
  if (place >= 0) return place;
  return task.status === 'done' ? 20 : ({ cancelled: 30, archived: 31 }[task.status] ?? 10);
}

function byName(a: { name: string; id: string }, b: { name: string; id: string }): number {
  return natural.compare(a.name, b.name) || (a.id < b.id ? -1 : 1);
}

function byId(a: TaskRow, b: TaskRow): number {
  return compare(keysOf(a).id, keysOf(b).id);
}

function compare(x: string, y: string): number {
  return x < y ? -1 : x > y ? 1 : 0;
}

interface Keys {
  readonly id: string;
  readonly title: string;
}
const KEYS = new WeakMap<TaskRow, Keys>();

/** Texts in which numbers sort by value. Made once per row: a collator is too slow for thousands of rows at each change. */
function keysOf(task: TaskRow): Keys {
  let keys = KEYS.get(task);
  if (keys === undefined) {
    keys = { id: naturalKey(task.id), title: naturalKey(task.title) };
    KEYS.set(task, keys);
  }
  return keys;
}

function naturalKey(value: string): string {
  return value.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, '0'));
}

function has(value: string, query: string): boolean {
  return query === '' || value.toLowerCase().includes(query.toLowerCase());
}

/** The rows of a long list that can be seen, with some to spare: [first, end). */
export function visible(
  scrollTop: number,
  height: number,
  row: number,
  count: number,
  spare = 8,
): readonly [number, number] {
  const first = Math.max(0, Math.floor(scrollTop / row) - spare);
  const end = Math.min(count, Math.ceil((scrollTop + height) / row) + spare);
  return [Math.min(first, count), end];
}
