/**
 * Pure of I/O: the rows that a client shows. Last stamp wins; a tombstone drops the children and stays known, so that a
 * late row brings nothing back. The same row may come twice, in any order, from frames, snapshots and pages alike.
 */
import { type BranchRow, isTombstone, type LiveRow, type ProjectRow, type Row, type TaskRow } from '../types.ts';

export type Kind = 'project' | 'branch' | 'task';
type Tables = { readonly [K in Kind]: Map<string, Row> };

/** Ids are opaque and unique only inside their project. */
export function keyOf(projectId: string, id: string): string {
  return `${projectId}\u0000${id}`;
}

export class Rows {
  /** Counts changes per kind: a view that saw the same number has nothing to draw. */
  readonly versions: Record<Kind, number> = { project: 0, branch: 0, task: 0 };
  readonly #tables: Tables = { project: new Map(), branch: new Map(), task: new Map() };
  /** Highest stamp at which a project or branch is known to have been gone, kept when it was revived. */
  readonly #graves = new Map<string, number>();
  #watched: string | null = null;

  /** Tasks are kept for one project only, the one on show; null keeps none. */
  watch(projectId: string | null): void {
    if (projectId === this.#watched) return;
    this.#watched = projectId;
    this.#tables.task.clear();
    this.versions.task += 1;
  }

  /**
   * Take in one row; false when it is older than what is known, or of no use here. `asOf`: it is of a whole that was asked
   * for, as it was at that offset (exclusive): it also replaces a row of the same stamp, which the server may have mended.
   */
  put(kind: string, row: Row, asOf = -1): boolean {
    if (kind !== 'project' && kind !== 'branch' && kind !== 'task') return false;
    const project = projectOf(kind, row);
    if (kind === 'task' && project !== this.#watched) return false;
    const table = this.#tables[kind];
    const key = keyOf(project, row.id);
    // Also of an old tombstone: what it deleted may still be here although the parent was revived since.
    if (isTombstone(row) && kind !== 'task') this.#bury(kind, project, row.id, row.stamp);
    const old = table.get(key);
    if (old !== undefined && (asOf < 0 ? old.stamp >= row.stamp : old.stamp > row.stamp)) return false;
    if (this.#buried(kind, project, row, asOf)) return false;
    table.set(key, row);
    this.versions[kind] += 1;
    return true;
  }

  /** A whole project as it was at `offset` (exclusive): branches that are missing and older than that are gone. */
  replace(projectId: string, project: Row | null, branches: readonly Row[], offset: number): void {
    if (project !== null) this.put('project', project, offset);
    const present = new Set(branches.map((branch) => branch.id));
    for (const branch of branches) this.put('branch', branch, offset);
    for (const [key, row] of this.#tables.branch) {
      if (isTombstone(row) || row.stamp >= offset || present.has(row.id)) continue;
      if (projectOf('branch', row) !== projectId) continue;
      this.#tables.branch.delete(key);
      this.versions.branch += 1;
      this.#bury('branch', projectId, row.id, offset - 1);
    }
  }

  /** After all pages of a task list: tasks in its scope that were not in it and are older than the list are gone. */
  sweep(projectId: string, branchId: string | null, seen: ReadonlySet<string>, offset: number): void {
    for (const [key, row] of this.#tables.task) {
      if (row.stamp >= offset || seen.has(row.id) || projectOf('task', row) !== projectId) continue;
      if (branchId !== null && !isTombstone(row) && (row as TaskRow).branch_id !== branchId) continue;
      this.#tables.task.delete(key);
      this.versions.task += 1;
    }
  }

  /** Forget a project altogether: another epoch counts its stamps anew, or the right to see it is gone. */
  clear(projectId: string): void {
    for (const kind of ['project', 'branch', 'task'] as const) {
      for (const [key, row] of this.#tables[kind]) {
        if (projectOf(kind, row) === projectId) this.#tables[kind].delete(key);
      }
      this.versions[kind] += 1;
    }
    for (const key of this.#graves.keys()) {
      if (key.startsWith(`project\u0000${projectId}\u0000`) || key.startsWith(`branch\u0000${projectId}\u0000`)) {
        this.#graves.delete(key);
      }
    }
  }

  project(id: string): ProjectRow | null {
    return live<ProjectRow>(this.#tables.project.get(keyOf(id, id)));
  }

  branch(projectId: string, id: string): BranchRow | null {
    return live<BranchRow>(this.#tables.branch.get(keyOf(projectId, id)));
  }

  task(projectId: string, id: string): TaskRow | null {
    return live<TaskRow>(this.#tables.task.get(keyOf(projectId, id)));
  }

  /** The stamp of a project, also of a deleted one; -1 when it is not known. */
  projectStamp(id: string): number {
    return this.#tables.project.get(keyOf(id, id))?.stamp ?? -1;
  }

  /** The stamp of a task, also of a deleted one; -1 when it is not known. */
  taskStamp(projectId: string, id: string): number {
    return this.#tables.task.get(keyOf(projectId, id))?.stamp ?? -1;
  }

  projects(): ProjectRow[] {
    return alive<ProjectRow>(this.#tables.project);
  }

  branches(): BranchRow[] {
    return alive<BranchRow>(this.#tables.branch);
  }

  /** The tasks of the watched project, as long as there is such a project. */
  tasks(): TaskRow[] {
    const there = this.#watched !== null && this.project(this.#watched) !== null;
    return there ? alive<TaskRow>(this.#tables.task) : [];
  }

  #buried(kind: Kind, project: string, row: Row, asOf: number): boolean {
    const above = (grave: number) => grave > row.stamp && grave >= asOf;
    if (above(this.#grave('project', project, project))) return true;
    if (kind === 'branch') return above(this.#grave('branch', project, row.id));
    return kind === 'task' && !isTombstone(row) && above(this.#grave('branch', project, (row as TaskRow).branch_id));
  }

  #grave(kind: Kind, project: string, id: string): number {
    return this.#graves.get(`${kind}\u0000${keyOf(project, id)}`) ?? -1;
  }

  #bury(kind: 'project' | 'branch', project: string, id: string, stamp: number): void {
    this.#graves.set(`${kind}\u0000${keyOf(project, id)}`, Math.max(stamp, this.#grave(kind, project, id)));
    if (kind === 'branch') {
      this.#drop('task', (row) => !isTombstone(row) && isOf(row, project) && isIn(row, id) && row.stamp <= stamp);
      return;
    }
    this.#drop('branch', (row) => isOf(row, project) && row.stamp <= stamp);
    this.#drop('task', (row) => isOf(row, project) && row.stamp <= stamp);
  }

  #drop(kind: Kind, which: (row: Row) => boolean): void {
    for (const [key, row] of this.#tables[kind]) {
      if (!which(row)) continue;
      this.#tables[kind].delete(key);
      this.versions[kind] += 1;
    }
  }
}

function isOf(row: Row, project: string): boolean {
  return row.project_id === project;
}

function isIn(row: Row, branch: string): boolean {
  return (row as TaskRow).branch_id === branch;
}

function projectOf(kind: Kind, row: Row): string {
  return kind === 'project' ? row.id : (row.project_id ?? '');
}

function live<R extends LiveRow>(row: Row | undefined): R | null {
  return row === undefined || isTombstone(row) ? null : (row as R);
}

function alive<R extends LiveRow>(table: ReadonlyMap<string, Row>): R[] {
  const rows: R[] = [];
  for (const row of table.values()) if (!isTombstone(row)) rows.push(row as R);
  return rows;
}
