/**
 * Pure of I/O: the rows that a client shows. Last stamp wins; what is gone leaves a grave and takes its children with it, so
 * that a late row brings nothing back. The same row may come twice, in any order, from frames, snapshots and pages alike.
 *
 * Graves are bounded. When one is let go, its project's floor rises to its stamp, and from then on what was read before the
 * floor brings nothing new: a row that is not known here and older than the floor may be the deleted one. In the same way an
 * answer with all branches of a project says of those that it lacks that they are gone, also to an older answer that comes late.
 */
import { GRAVES, isBelieved, keyOf, LIVE, type Read } from '../reading.ts';
import { type BranchRow, isTombstone, type LiveRow, type ProjectRow, type Row, type TaskRow } from '../types.ts';
import { kept } from './kept.ts';

export type Kind = 'project' | 'branch' | 'task';
type Tables = { readonly [K in Kind]: Map<string, LiveRow> };

export { GRAVES, keyOf };

interface Grave {
  readonly project: string;
  readonly stamp: number;
}

export class Rows {
  /** Counts changes per kind: a view that saw the same number has nothing to draw. */
  readonly versions: Record<Kind, number> = { project: 0, branch: 0, task: 0 };
  readonly #tables: Tables = { project: new Map(), branch: new Map(), task: new Map() };
  /** Highest stamp at which something is known to have been gone, kept when it was revived; the oldest graves first. */
  readonly #graves = new Map<string, Grave>();
  readonly #floors = new Map<string, number>();
  /** By project, where the newest answer with all its branches was read (exclusive). */
  readonly #wholes = new Map<string, number>();
  readonly #most: number;
  #watched: string | null = null;

  constructor(most: number = GRAVES) {
    this.#most = most;
  }

  /** Graves that are remembered one by one. */
  get graves(): number {
    return this.#graves.size;
  }

  /** Tasks are kept for one project only, the one on show; null keeps none. */
  watch(projectId: string | null): void {
    if (projectId === this.#watched) return;
    this.#watched = projectId;
    this.#tables.task.clear();
    this.versions.task += 1;
  }

  /** Whether what was read at `offset` (exclusive) is too old to be believed about rows that are not known here. */
  isPast(projectId: string, offset: number): boolean {
    return offset <= this.#floor(projectId);
  }

  /** Take in one row; false when it is older than what is known, or of no use here. */
  put(kind: string, row: Row, read: Read = LIVE): boolean {
    if (kind !== 'project' && kind !== 'branch' && kind !== 'task') return false;
    const project = projectOf(kind, row);
    if (kind === 'task' && project !== this.#watched) return false;
    if (isTombstone(row)) return this.#bury(kind, project, row.id, row.stamp);
    const key = keyOf(project, row.id);
    const before = this.#tables[kind].get(key);
    const above = [this.#grave('project', project, project)];
    if (kind === 'task') above.push(this.#grave('branch', project, (row as TaskRow).branch_id));
    const floor = Math.max(this.#floor(project), kind === 'branch' ? this.#whole(project) - 1 : -1);
    const known = { old: before?.stamp, floor, grave: this.#grave(kind, project, row.id), above };
    if (!isBelieved(row.stamp, read, known)) return false;
    this.#tables[kind].set(key, before === undefined ? row : kept(row, before));
    this.versions[kind] += 1;
    return true;
  }

  /** A whole project as it was at `offset` (exclusive): branches that are missing and older than that are gone. */
  replace(projectId: string, project: Row | null, branches: readonly Row[], offset: number): void {
    const read = { at: offset, whole: true };
    if (project !== null) this.put('project', project, read);
    const present = new Set(branches.map((branch) => branch.id));
    for (const branch of branches) this.put('branch', branch, read);
    for (const row of [...this.#tables.branch.values()]) {
      const missing = row.project_id === projectId && row.stamp < offset && !present.has(row.id);
      if (missing) this.#bury('branch', projectId, row.id, offset - 1);
    }
    this.#wholes.set(projectId, Math.max(offset, this.#whole(projectId)));
  }

  /** After all pages of a task list: tasks in its scope that were not in it and are older than the list are gone. */
  sweep(projectId: string, branchId: string | null, seen: ReadonlySet<string>, offset: number): void {
    for (const row of [...this.#tables.task.values()] as TaskRow[]) {
      const inside = row.project_id === projectId && (branchId === null || row.branch_id === branchId);
      if (inside && row.stamp < offset && !seen.has(row.id)) this.#bury('task', projectId, row.id, offset - 1);
    }
  }

  /** Forget a project altogether: another epoch counts its stamps anew, or the right to see it is gone. */
  clear(projectId: string): void {
    for (const kind of ['project', 'branch', 'task'] as const) this.#drop(kind, (row) => isOf(kind, row, projectId));
    for (const [key, { project }] of this.#graves) if (project === projectId) this.#graves.delete(key);
    this.#floors.delete(projectId);
    this.#wholes.delete(projectId);
  }

  project(id: string): ProjectRow | null {
    return (this.#tables.project.get(keyOf(id, id)) as ProjectRow | undefined) ?? null;
  }

  branch(projectId: string, id: string): BranchRow | null {
    return (this.#tables.branch.get(keyOf(projectId, id)) as BranchRow | undefined) ?? null;
  }

  task(projectId: string, id: string): TaskRow | null {
    return (this.#tables.task.get(keyOf(projectId, id)) as TaskRow | undefined) ?? null;
  }

  /** The stamp of a project, also of a deleted one; -1 when it is not known. */
  projectStamp(id: string): number {
    return Math.max(this.project(id)?.stamp ?? -1, this.#grave('project', id, id));
  }

  projects(): ProjectRow[] {
    return [...this.#tables.project.values()] as ProjectRow[];
  }

  branches(): BranchRow[] {
    return [...this.#tables.branch.values()] as BranchRow[];
  }

  /** The tasks of the watched project, as long as there is such a project. */
  tasks(): TaskRow[] {
    const there = this.#watched !== null && this.project(this.#watched) !== null;
    return there ? ([...this.#tables.task.values()] as TaskRow[]) : [];
  }

  #floor(projectId: string): number {
    return this.#floors.get(projectId) ?? -1;
  }

  #whole(projectId: string): number {
    return this.#wholes.get(projectId) ?? 0;
  }

  #grave(kind: Kind, project: string, id: string): number {
    return this.#graves.get(graveOf(kind, project, id))?.stamp ?? -1;
  }

  /** Also an old tombstone buries: what it deleted may still be here although the parent was revived since. */
  #bury(kind: Kind, project: string, id: string, stamp: number): boolean {
    const newer = stamp > this.#grave(kind, project, id);
    if (newer) this.#dig(graveOf(kind, project, id), { project, stamp });
    const row = this.#tables[kind].get(keyOf(project, id));
    if (row !== undefined && row.stamp <= stamp) {
      this.#tables[kind].delete(keyOf(project, id));
      this.versions[kind] += 1;
    }
    if (kind === 'project') this.#drop('branch', (one) => isOf('branch', one, project) && one.stamp <= stamp);
    if (kind !== 'task') {
      const inside = (one: LiveRow) => kind === 'project' || (one as TaskRow).branch_id === id;
      this.#drop('task', (one) => isOf('task', one, project) && inside(one) && one.stamp <= stamp);
    }
    return newer;
  }

  /** The newest graves last; the oldest is let go for the newest. */
  #dig(key: string, grave: Grave): void {
    this.#graves.delete(key);
    this.#graves.set(key, grave);
    const [[old, { project, stamp }] = [key, grave]] = this.#graves;
    if (this.#graves.size <= this.#most) return;
    this.#graves.delete(old);
    this.#floors.set(project, Math.max(stamp, this.#floor(project)));
  }

  #drop(kind: Kind, which: (row: LiveRow) => boolean): void {
    for (const [key, row] of this.#tables[kind]) {
      if (!which(row)) continue;
      this.#tables[kind].delete(key);
      this.versions[kind] += 1;
    }
  }
}

function graveOf(kind: Kind, project: string, id: string): string {
  return `${kind}\u0000${keyOf(project, id)}`;
}

function isOf(kind: Kind, row: LiveRow, project: string): boolean {
  return projectOf(kind, row) === project;
}

function projectOf(kind: Kind, row: Row): string {
  return kind === 'project' ? row.id : (row.project_id ?? '');
}
