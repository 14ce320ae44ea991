/** Pure: from rows to what the views show: sums, and the filtered tree. */
import type { BranchRow, Breakdown, ProjectRow } from '../types.ts';
import { compare, has, naturalKey } from './order.ts';

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

export type TreeSort = 'active' | 'name' | 'recent' | 'open';

/** `rest`: branches that may be folded, because they are finished and quiet, or because a project has too many. */
export interface TreeProject {
  readonly project: ProjectRow;
  readonly branches: readonly BranchRow[];
  readonly rest: readonly BranchRow[];
}

export interface TreeWish {
  readonly query: string;
  readonly sort: TreeSort;
  readonly now: number;
}

/** Branches of a project that are shown without being asked for. */
export const MOST_BRANCHES = 10;
const HOUR_MS = 3_600_000;

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

/**
 * Projects and their branches. A query keeps a project whose name has it, with all branches, or the branches that have
 * it; one that no name has is about tasks, and narrows nothing here.
 */
export function tree(
  projects: readonly ProjectRow[],
  branches: readonly BranchRow[],
  asked: TreeWish,
): readonly TreeProject[] {
  const named = [...projects, ...branches].some((one) => !one.archived && has(one.name, asked.query));
  const wish = named ? asked : { ...asked, query: '' };
  const of = grouped(
    branches.filter((branch) => !branch.archived),
    (branch) => branch.project_id,
  );
  const order = orderOf(wish);
  const trees: TreeProject[] = [];
  for (const project of projects.filter((one) => !one.archived).sort(order)) {
    const all = has(project.name, wish.query);
    const own = (of.get(project.id) ?? []).filter((branch) => all || has(branch.name, wish.query)).sort(order);
    if (all || own.length > 0) trees.push({ project, ...parted(own, wish) });
  }
  return trees;
}

function parted(own: readonly BranchRow[], { query, now }: TreeWish): Omit<TreeProject, 'project'> {
  if (query !== '') return { branches: own, rest: [] };
  const busy = own.filter((branch) => !isFinished(branch, now)).slice(0, MOST_BRANCHES);
  const shown = new Set(busy);
  return { branches: busy, rest: own.filter((branch) => !shown.has(branch)) };
}

export function isFinished(branch: BranchRow, now: number): boolean {
  return openOf(branch) === 0 && quietness(branch, now) > 0;
}

/** 0: something happened within the hour. 1: within the day. 2: before. Coarse, so that lines don't jump about. */
function quietness(node: Node, now: number): number {
  const past = now - Date.parse(node.last_activity ?? '1970-01-01');
  return past <= HOUR_MS ? 0 : past <= 24 * HOUR_MS ? 1 : 2;
}

function orderOf({ sort, now }: TreeWish): (a: Node, b: Node) => number {
  if (sort === 'active') return (a, b) => quietness(a, now) - quietness(b, now) || byName(a, b);
  return TREE_SORTS[sort];
}

/** What tells branches of the same name apart: the last part of their ids, and no more of those than it takes. */
export function twinsOf(branches: readonly Pick<BranchRow, 'id' | 'name'>[]): ReadonlyMap<string, string> {
  const hints = new Map<string, string>();
  for (const twins of grouped(branches, ({ name }) => name).values()) {
    if (twins.length < 2) continue;
    const ends = (of: RegExp) => twins.map(({ id }) => id.split(of).at(-1) ?? id);
    const [short, long] = [ends(/[:/_-]/), ends(/[:/]/)];
    const chosen = new Set(short).size === twins.length ? short : long;
    for (const [index, { id }] of twins.entries()) hints.set(id, chosen[index] ?? id);
  }
  return hints;
}

/** The branch to show to someone who chose none: one that has tasks, the latest change, then the most open tasks. */
export function busiest(branches: readonly BranchRow[]): BranchRow | null {
  const alive = branches.filter((branch) => !branch.archived);
  const later = (a: BranchRow, b: BranchRow) =>
    Number(b.total_tasks > 0) - Number(a.total_tasks > 0) ||
    compare(b.last_activity ?? '', a.last_activity ?? '') ||
    openOf(b) - openOf(a) ||
    b.total_tasks - a.total_tasks;
  return alive.reduce<BranchRow | null>((best, one) => (best === null || later(one, best) < 0 ? one : best), null);
}

function grouped<T>(list: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) {
    const key = keyOf(one);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  return groups;
}

type Node = ProjectRow | BranchRow;
const TREE_SORTS: Readonly<Record<Exclude<TreeSort, 'active'>, (a: Node, b: Node) => number>> = {
  name: byName,
  recent: (a, b) => compare(b.last_activity ?? '', a.last_activity ?? '') || byName(a, b),
  open: (a, b) => openOf(b) - openOf(a) || byName(a, b),
};

function byName(a: Node, b: Node): number {
  return compare(naturalName(a.name), naturalName(b.name)) || compare(a.id, b.id);
}

const NAMES = new Map<string, string>();
const MOST_NAMES = 10_000;

function naturalName(name: string): string {
  let key = NAMES.get(name);
  if (key === undefined) {
    if (NAMES.size >= MOST_NAMES) NAMES.clear();
    key = naturalKey(name);
    NAMES.set(name, key);
  }
  return key;
}
