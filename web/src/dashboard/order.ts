/**
 * Pure: the filtered, sorted task list, made from the one before. Thousands of rows and a few that changed: what a change
 * costs must not grow with the list, because it is paid between two pictures of the screen.
 */
import type { TaskRow } from '../types.ts';
import { LIST_ORDER, PRIORITIES, priorityLevel } from './words.ts';

export type TaskSort = 'work' | 'recent' | 'title';

export interface TaskFilter {
  readonly projectId: string;
  readonly branchId: string | null;
  readonly query: string;
  readonly status: string | null;
  readonly priority: string | null;
  readonly sort: TaskSort;
}

/** A list and all the rows that it was made from. */
export interface Listed {
  readonly rows: readonly TaskRow[];
  readonly list: readonly TaskRow[];
}

export const NONE: Listed = { rows: [], list: [] };

/** `before`: made with the same filter; only what changed since is looked at. */
export function taskList(rows: readonly TaskRow[], filter: TaskFilter, before: Listed = NONE): readonly TaskRow[] {
  const { gone, fresh } = changed(before.rows, rows);
  if (gone.length === 0 && fresh.length === 0) return before.list;
  const fits = (task: TaskRow) => isIn(task, filter);
  return moved(before.list, gone.filter(fits), fresh.filter(fits), SORTS[filter.sort]);
}

function isIn(task: TaskRow, { projectId, branchId, status, priority, query }: TaskFilter): boolean {
  return (
    task.project_id === projectId &&
    (branchId === null || task.branch_id === branchId) &&
    (status === null || task.status === status) &&
    (priority === null || task.priority === priority) &&
    (has(task.title, query) || has(task.id, query))
  );
}

/**
 * What is in one list and not in the other, by identity. Rows come in the order of a Map: one that changed keeps its place, and
 * new ones are last, so one walk finds them. In any other order more may be named, in both; the list comes out the same.
 */
export function changed<T extends { readonly id: string }>(
  before: readonly T[],
  now: readonly T[],
): { readonly gone: readonly T[]; readonly fresh: readonly T[] } {
  const gone: T[] = [];
  const fresh: T[] = [];
  let place = 0;
  for (const one of before) {
    const there = now[place];
    if (there !== one) {
      gone.push(one);
      if (there?.id !== one.id) continue;
      fresh.push(there);
    }
    place += 1;
  }
  return { gone, fresh: fresh.concat(now.slice(place)) };
}

/** A sorted list without what is gone and with what is fresh: one walk, into an array that is as long as it may get. */
export function moved<T>(
  list: readonly T[],
  gone: readonly T[],
  fresh: readonly T[],
  order: (a: T, b: T) => number,
): readonly T[] {
  const left = new Set(gone);
  const whole = new Array<T>(list.length + fresh.length);
  let [size, from] = [0, 0];
  const upTo = (end: number) => {
    for (; from < end; from += 1) {
      const one = list[from] as T;
      if (!left.has(one)) whole[size++] = one;
    }
  };
  for (const one of [...fresh].sort(order)) {
    upTo(placeOf(list, one, from, order));
    whole[size++] = one;
  }
  upTo(list.length);
  whole.length = size;
  return whole;
}

/** Where `one` belongs among those in order from `low` on: the first place whose item is not before it. */
function placeOf<T>(list: readonly T[], one: T, from: number, order: (a: T, b: T) => number): number {
  let [low, high] = [from, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order(list[middle] as T, one) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

const SORTS: Readonly<Record<TaskSort, (a: TaskRow, b: TaskRow) => number>> = {
  work: (a, b) => keysOf(a).work - keysOf(b).work || byId(a, b),
  recent: (a, b) => compare(b.last_activity ?? '', a.last_activity ?? '') || byId(a, b),
  title: (a, b) => compare(titleOf(a), titleOf(b)) || byId(a, b),
};

const LATER: Readonly<Record<string, number>> = { done: 20, cancelled: 30, archived: 31 };

/** What needs eyes first, and of that the urgent. */
function workOf({ status, priority }: TaskRow): number {
  const place = LIST_ORDER.indexOf(status);
  const rank = place >= 0 ? place : (LATER[status] ?? 10);
  return rank * PRIORITIES.length + (PRIORITIES.length - priorityLevel(priority));
}

function byId(a: TaskRow, b: TaskRow): number {
  return compare(keysOf(a).id, keysOf(b).id);
}

interface Keys {
  readonly work: number;
  readonly id: string;
  title: string | null;
}
const KEYS = new WeakMap<TaskRow, Keys>();

/** What a row sorts by, made once; in texts numbers sort by value (a collator is too slow for thousands of rows). */
function keysOf(task: TaskRow): Keys {
  let keys = KEYS.get(task);
  if (keys === undefined) {
    keys = { work: workOf(task), id: naturalKey(task.id), title: null };
    KEYS.set(task, keys);
  }
  return keys;
}

function titleOf(task: TaskRow): string {
  const keys = keysOf(task);
  keys.title ??= naturalKey(task.title);
  return keys.title;
}

export function naturalKey(value: string): string {
  return value.toLowerCase().replace(/\d+/g, (digits) => digits.padStart(12, '0'));
}

export function compare(x: string, y: string): number {
  return x < y ? -1 : x > y ? 1 : 0;
}

export function has(value: string, query: string): boolean {
  return query === '' || value.toLowerCase().includes(query.toLowerCase());
}
