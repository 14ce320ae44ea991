/** Pure of I/O: everything that the page shows, and the moves that change it. One move, one notification. */
import type { Sink } from '../client.ts';
import { Drift } from '../drift.ts';
import type { DataFrame } from '../frames.ts';
import { groupsOf, rowsOf } from '../frames.ts';
import type { Outcome } from '../outbox.ts';
import { byProject, projectOf, readOf } from '../reading.ts';
import type { BulkAnswer, ProjectRow, Row, TaskRow, TasksAnswer } from '../types.ts';
import { isTombstone } from '../types.ts';
import { EMPTY, type Feed, fed } from './feed.ts';
import { type Notice, noticesOf, overlaid, type Pending } from './pending.ts';
import { gone, type Presence, present } from './presence.ts';
import { Rows } from './rows.ts';
import { Told } from './told.ts';

export class Store implements Sink {
  readonly rows: Rows;
  feed: Feed = EMPTY;
  presence: Presence = new Map();
  pending: readonly Pending[] = [];
  notices: readonly Notice[] = [];
  readonly #epochs = new Map<string, string>();
  readonly #drift = new Drift();
  readonly #told = new Told();
  readonly #watchers = new Set<() => void>();
  readonly #reloads = new Set<(projectId: string) => void>();

  /** `graves`: how many deleted things are remembered one by one. */
  constructor(graves?: number) {
    this.rows = new Rows(graves);
  }

  onChange(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Called when a snapshot or an answer replaced a project, so that lists loaded over HTTP must be read again. */
  onReplaced(watcher: (projectId: string) => void): () => void {
    this.#reloads.add(watcher);
    return () => this.#reloads.delete(watcher);
  }

  /** The answer of a bulk call: whole projects at their positions. Lists of them were read before it, so they are read again. */
  loadBulk(answer: BulkAnswer): void {
    const branches = byProject(Object.values(answer.summaries));
    for (const project of Object.values(answer.projects)) {
      const at = answer.metadata.positions[project.id];
      if (at !== undefined) this.#enter(project.id, at.epoch);
      this.rows.replace(project.id, project, branches.get(project.id) ?? [], at?.position?.offset ?? 0);
    }
    this.#changed();
    for (const projectId of Object.keys(answer.projects)) for (const watcher of this.#reloads) watcher(projectId);
  }

  /** Frames that the machine let through, in order. Returns those that tell something new. */
  apply(frames: readonly DataFrame[], now: number): readonly DataFrame[] {
    const fresh = this.#told.fresh(frames);
    const news = new Set(fresh);
    for (const group of groupsOf(frames)) {
      const [frame] = group;
      if (frame.kind === 'snapshot') this.#replace(group);
      else this.#update(frame, news.has(frame), now);
    }
    this.presence = gone(present(this.presence, fresh, now), now);
    this.#changed();
    return fresh;
  }

  /** One page of a task list; rows join the stream by their stamps. False when it is of another epoch, or too old: read it again. */
  loadTasks(projectId: string, answer: TasksAnswer): boolean {
    const { epoch, position } = answer.positions[projectId] ?? {};
    const known = this.#epochs.get(projectId);
    if (epoch !== undefined && known !== undefined && epoch !== known) return false;
    if (position !== undefined && this.rows.isPast(projectId, position.offset)) return false;
    if (epoch !== undefined) this.#epochs.set(projectId, epoch);
    const read = { at: position?.offset ?? 0, whole: true };
    for (const task of answer.tasks) this.rows.put('task', task, read);
    this.#changed();
    return true;
  }

  forget(stream: string): void {
    this.rows.clear(projectOf(stream));
    this.#changed();
  }

  /** Whether a heartbeat shows that something was missed. */
  drifts(stream: string, stamp: number | null, digest: number | null): boolean {
    const id = projectOf(stream);
    return this.#drift.seen(
      stream,
      { stamp: this.rows.projectStamp(id), digest: this.rows.project(id)?.digest },
      stamp,
      digest,
    );
  }

  /** A task as a person sees it: the row with their own open changes on top. */
  shown(task: TaskRow): TaskRow {
    return this.pending.length === 0 ? task : overlaid(task, this.pending);
  }

  /** The own changes that wait, as the client keeps them, and those that ended just now. */
  changes(pending: readonly Pending[], outcomes: readonly Outcome[]): void {
    if (pending !== this.pending) this.rows.versions.task += 1;
    this.pending = pending;
    const notices = noticesOf(outcomes);
    if (notices.length > 0) this.notices = [...this.notices, ...notices].slice(-5);
    this.#changed();
  }

  /** Let go of who left. */
  sweep(now: number): void {
    const here = gone(this.presence, now);
    if (here === this.presence) return;
    this.presence = here;
    this.#changed();
  }

  dismiss(id: string): void {
    this.notices = this.notices.filter((notice) => notice.id !== id);
    this.#changed();
  }

  #update(frame: DataFrame, isNew: boolean, now: number): void {
    if (isNew) this.feed = fed(this.feed, [frame], (entity, row) => this.#titleOf(entity, row), now);
    this.#enter(projectOf(frame.stream), frame.epoch);
    for (const [kind, row] of rowsOf(frame)) this.rows.put(kind, row, readOf(frame));
  }

  /** All pages of one snapshot; another epoch counts its stamps anew. */
  #replace(pages: readonly [DataFrame, ...DataFrame[]]): void {
    const [first] = pages;
    const projectId = projectOf(first.stream);
    this.#enter(projectId, first.epoch);
    const project = first.cascade.projects?.[0] ?? null;
    const branches = pages.flatMap((page) => page.cascade.branches ?? []);
    this.rows.replace(projectId, project, branches, first.metadata.position?.offset ?? 0);
    for (const watcher of this.#reloads) watcher(projectId);
  }

  #enter(projectId: string, epoch: string): void {
    const before = this.#epochs.get(projectId);
    if (before !== undefined && before !== epoch) this.rows.clear(projectId);
    this.#epochs.set(projectId, epoch);
  }

  #titleOf(entity: string, row: Row): string {
    if (!isTombstone(row)) return (row as TaskRow).title ?? (row as ProjectRow).name ?? row.id;
    const project = row.project_id ?? row.id;
    if (entity === 'task') return this.rows.task(project, row.id)?.title ?? row.id;
    if (entity === 'branch') return this.rows.branch(project, row.id)?.name ?? row.id;
    return entity === 'project' ? (this.rows.project(row.id)?.name ?? row.id) : row.id;
  }

  #changed(): void {
    for (const watcher of this.#watchers) watcher();
  }
}
