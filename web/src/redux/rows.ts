/**
 * Pure: the rows of a store as plain objects. Last stamp wins; a tombstone drops the children and is remembered, so that a
 * late row brings nothing back. An edit copies only the tables that it changes, and gives all or nothing.
 */
import { type DataFrame, rowsOf } from '../frames.ts';
import { GRAVES, isBelieved, keyOf, LIVE, type Read, readOf } from '../reading.ts';
import { type BranchRow, isTombstone, type ProjectRow, type Row, type TaskRow } from '../types.ts';

export interface RowTables {
  readonly projects: Readonly<Record<string, ProjectRow>>;
  readonly summaries: Readonly<Record<string, BranchRow>>;
  readonly tasks: Readonly<Record<string, TaskRow>>;
  /** Stamps of what is known to have been gone, by kind and key, oldest first. */
  readonly graves: Readonly<Record<string, number>>;
  /** By project, the highest stamp whose grave was let go: what was read before it brings nothing that is not known. */
  readonly floors: Readonly<Record<string, number>>;
  /** By project, where the newest answer with all its branches was read (exclusive): an older one brings no others back. */
  readonly wholes: Readonly<Record<string, number>>;
}

export const NO_ROWS: RowTables = { projects: {}, summaries: {}, tasks: {}, graves: {}, floors: {}, wholes: {} };
export { GRAVES, keyOf };

const TABLES = { project: 'projects', branch: 'summaries', task: 'tasks' } as const;
export type Kind = keyof typeof TABLES;

export class RowEdit {
  readonly #before: RowTables;
  readonly #watched: ReadonlySet<string>;
  readonly #copies: { -readonly [K in keyof RowTables]?: Record<string, never> } = {};

  /** `watched`: the projects whose tasks are kept. */
  constructor(before: RowTables, watched: readonly string[]) {
    this.#before = before;
    this.#watched = new Set(watched);
  }

  get result(): RowTables {
    return { ...this.#before, ...this.#copies };
  }

  frame(frame: DataFrame): void {
    for (const [kind, row] of rowsOf(frame)) this.put(kind, row, readOf(frame));
  }

  put(kind: string, row: Row, read: Read = LIVE): void {
    if (kind !== 'project' && kind !== 'branch' && kind !== 'task') return;
    const project = kind === 'project' ? row.id : (row.project_id ?? '');
    if (kind === 'task' && !this.#watched.has(project)) return;
    const key = kind === 'project' ? row.id : keyOf(project, row.id);
    if (isTombstone(row)) this.#bury(kind, project, row.id, row.stamp);
    else if (this.#believed(kind, project, key, row, read)) this.#write(TABLES[kind])[key] = row as never;
  }

  /** A whole project as it was at `offset` (exclusive): branches that are missing and older than that are gone. */
  replace(projectId: string, project: Row | null, branches: readonly Row[], offset: number): void {
    const read = { at: offset, whole: true };
    if (project !== null) this.put('project', project, read);
    for (const branch of branches) this.put('branch', branch, read);
    const present = new Set(branches.map(({ id }) => id));
    for (const row of Object.values(this.#read('summaries'))) {
      const gone = row.project_id === projectId && row.stamp < offset && !present.has(row.id);
      if (gone) this.#bury('branch', projectId, row.id, offset - 1);
    }
    const wholes = this.#write('wholes') as Record<string, number>;
    wholes[projectId] = Math.max(offset, wholes[projectId] ?? 0);
  }

  /** After all pages of a task list: tasks in its scope that were not in it and are older than the list are gone. */
  sweep(projectId: string, branchId: string | null, seen: ReadonlySet<string>, offset: number): void {
    this.#drop('tasks', (row) => {
      const inside = row.project_id === projectId && (branchId === null || row.branch_id === branchId);
      return inside && row.stamp < offset && !seen.has(row.id);
    });
  }

  /** Forget a project altogether: another epoch counts its stamps anew, or the right to see it is gone. */
  clear(projectId: string): void {
    this.#drop('projects', (row) => row.id === projectId);
    this.#drop('summaries', (row) => row.project_id === projectId);
    this.#drop('tasks', (row) => row.project_id === projectId);
    const of = `/${projectId}\u0000`;
    const graves = Object.entries(this.#read('graves')).filter(([key]) => !key.includes(of));
    this.#copies.graves = Object.fromEntries(graves) as Record<string, never>;
    delete this.#write('floors')[projectId];
    delete this.#write('wholes')[projectId];
  }

  #believed(kind: Kind, project: string, key: string, row: Row, read: Read): boolean {
    const { stamp: old }: { readonly stamp?: number } = this.#read(TABLES[kind])[key] ?? {};
    const above = [this.#grave('project', project, project)];
    if (kind === 'task') above.push(this.#grave('branch', project, (row as TaskRow).branch_id));
    const whole = kind === 'branch' ? (this.#read('wholes')[project] ?? 0) : 0;
    const floor = Math.max(floorOf(this.#read('floors'), project), whole - 1);
    return isBelieved(row.stamp, read, { old, floor, grave: this.#grave(kind, project, row.id), above });
  }

  #grave(kind: Kind, project: string, id: string): number {
    return this.#read('graves')[graveOf(kind, project, id)] ?? -1;
  }

  #bury(kind: Kind, project: string, id: string, stamp: number): void {
    const key = graveOf(kind, project, id);
    if (stamp > this.#grave(kind, project, id)) {
      const graves = this.#write('graves') as Record<string, number>;
      delete graves[key];
      graves[key] = stamp;
      this.#let(graves);
    }
    if (kind === 'task') {
      const task = this.#read('tasks')[keyOf(project, id)];
      if (task !== undefined && task.stamp <= stamp) delete this.#write('tasks')[keyOf(project, id)];
      return;
    }
    const whole = kind === 'project';
    if (whole) this.#drop('projects', (row) => row.id === id && row.stamp <= stamp);
    this.#drop('summaries', (row) => row.project_id === project && row.stamp <= stamp && (whole || row.id === id));
    this.#drop('tasks', (row) => row.project_id === project && row.stamp <= stamp && (whole || row.branch_id === id));
  }

  /** The oldest graves go, a tenth of them at once, and the floors of their projects rise. */
  #let(graves: Record<string, number>): void {
    const keys = Object.keys(graves);
    if (keys.length <= GRAVES) return;
    const floors = this.#write('floors') as Record<string, number>;
    for (const old of keys.slice(0, GRAVES / 10)) {
      const project = old.slice(old.indexOf('/') + 1, old.indexOf('\u0000'));
      floors[project] = Math.max(floorOf(floors, project), graves[old] ?? -1);
      delete graves[old];
    }
  }

  #drop<K extends 'projects' | 'summaries' | 'tasks'>(table: K, which: (row: RowTables[K][string]) => boolean): void {
    const rows = this.#read(table) as RowTables[K];
    for (const key of Object.keys(rows)) {
      if (which(rows[key] as RowTables[K][string])) delete this.#write(table)[key];
    }
  }

  #read<K extends keyof RowTables>(table: K): RowTables[K] {
    return (this.#copies[table] ?? this.#before[table]) as RowTables[K];
  }

  #write(table: keyof RowTables): Record<string, never> {
    this.#copies[table] ??= { ...this.#before[table] } as Record<string, never>;
    return this.#copies[table];
  }
}

/** Whether what was read at `offset` (exclusive) is too old to be believed about rows that are not known here. */
export function isPast(floors: RowTables['floors'], projectId: string, offset: number): boolean {
  return offset <= floorOf(floors, projectId);
}

function floorOf(floors: RowTables['floors'], projectId: string): number {
  return floors[projectId] ?? -1;
}

function graveOf(kind: Kind, project: string, id: string): string {
  return `${kind}/${keyOf(project, id)}`;
}
