/**
 * A small server in memory, for tests and for work on the page: projects, branches and tasks, the frames that their
 * changes make, snapshots, bulk answers. It recounts everything after each change, so its sums are right by being slow.
 */

import type { BranchRow, BulkAnswer, ProjectRow, Row, TaskRow, TasksAnswer } from '../src/types.ts';
import type { Move, Who, Wire } from './moves.ts';
import {
  AT,
  announced,
  blank,
  counts,
  mergedOf,
  type Place,
  revivalIn,
  tallied,
  timeAt,
  withoutAll,
  withoutBranch,
} from './places.ts';

export class World {
  epoch = 'e1';
  /** End of `task-changes` and of `cascades`: one partition holds everything here. */
  offset = 0;
  applied = 0;
  readonly places = new Map<string, Place>();
  readonly #watchers = new Set<(frames: readonly Wire[]) => void>();

  onFrames(watcher: (frames: readonly Wire[]) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** One change of a person or lone agent: one frame. Null when it changes nothing. */
  change(move: Move, who: Who = { source: 'user', userId: 'alice' }): Wire | null {
    const made = this.#do(move, who);
    if (made === null) return null;
    this.#recount(move.project, made);
    const row = this.#counted(move, made);
    const data = {
      primary: row,
      cascade: this.#ancestors(move.project, [row]),
      delta: 'fields' in move ? move.fields : undefined,
    };
    const frame = this.#frame(
      move.project,
      'update',
      { entity: move.entity, action: move.action, data },
      this.#metadata(who),
    );
    this.#publish([frame]);
    return frame;
  }

  /**
   * A window of changes of agents in one project, as one merged message in `parts` parts. A parent that is deleted and
   * made again needs two messages: one would show only its end, and receivers would keep the children.
   */
  merge(moves: readonly Move[], sessions: readonly string[], parts = 1): readonly Wire[] {
    const revival = revivalIn(moves);
    if (revival <= 0) return this.#window(moves, sessions, parts);
    return [
      ...this.#window(moves.slice(0, revival), sessions, parts),
      ...this.merge(moves.slice(revival), sessions, parts),
    ];
  }

  #window(moves: readonly Move[], sessions: readonly string[], parts = 1): readonly Wire[] {
    const project = moves[0]?.project;
    if (project === undefined) return [];
    const newest = new Map<string, { entity: string; action: string; row: Row }>();
    for (const move of moves) {
      const row = this.#do(move, { source: 'mcp-ai', sessionId: sessions[0] ?? '' });
      if (row === null) continue;
      newest.delete(`${move.entity}/${move.id}`);
      newest.set(`${move.entity}/${move.id}`, { entity: move.entity, action: move.action, row });
    }
    const last = [...newest.values()].at(-1);
    if (last === undefined) return [];
    this.#recount(project, last.row);
    const primary = [...newest].map(([key, change]) => {
      const id = key.slice(key.indexOf('/') + 1);
      return { ...change, row: this.#counted({ entity: change.entity, id, project }, change.row) };
    });
    const merged = mergedOf(moves.length, sessions);
    const metadata = { ...this.#metadata({ source: 'mcp-ai' }), merged };
    const cascade = this.#ancestors(
      project,
      primary.map((change) => change.row),
    );
    const size = Math.ceil(primary.length / parts);
    const groups = Array.from({ length: Math.ceil(primary.length / size) }, (_, i) =>
      primary.slice(i * size, (i + 1) * size),
    );
    const frames = groups.map((group, i) => {
      const data = { primary: group, cascade: i === groups.length - 1 ? cascade : {} };
      const frame = this.#frame(project, 'bulk', { entity: 'multiple', action: 'update', data }, metadata);
      return groups.length > 1 ? { ...frame, part: i + 1, parts: groups.length } : frame;
    });
    const place = this.#place(project);
    place.frames.splice(place.frames.length - frames.length, frames.length, ...frames);
    this.#publish(frames);
    return frames;
  }

  /** New topics: offsets, stamps and sequences start anew. */
  rebirth(epoch: string): void {
    this.epoch = epoch;
    this.offset = 0;
    this.applied = 0;
    for (const [id, place] of this.places) {
      place.frames = [];
      place.last = 0;
      place.grave = null;
      const { project } = place;
      if (project === null) this.places.delete(id);
      else place.project = { ...project, stamp: 0 };
      for (const branch of place.branches.values()) place.branches.set(branch.id, { ...branch, stamp: 0 });
      for (const task of place.tasks.values()) place.tasks.set(task.id, { ...task, stamp: 0 });
    }
    this.offset = 1;
  }

  /** Whole state of a project, in `parts` pages with the same sequence. */
  snapshot(id: string, parts = 1): readonly Wire[] {
    const place = this.#place(id);
    const branches = [...place.branches.values()];
    const size = Math.max(1, Math.ceil(branches.length / parts));
    const pages = Array.from({ length: Math.max(1, Math.ceil(branches.length / size)) }, (_, i) =>
      branches.slice(i * size, (i + 1) * size),
    );
    return pages.map((page, i) => ({
      sequence: this.applied,
      prev: this.applied,
      epoch: this.epoch,
      type: 'bulk',
      id: `s-${id}-${this.applied}`,
      version: '2.0',
      stream: `project:${id}`,
      timestamp: AT,
      part: i + 1,
      parts: pages.length,
      payload: {
        entity: 'project',
        action: 'snapshot',
        data: { primary: place.project ?? place.grave, cascade: { branches: page } },
      },
      metadata: { source: 'system', position: { partition: 0, offset: this.offset } },
    }));
  }

  bulk(): BulkAnswer {
    const summaries: Record<string, BranchRow> = {};
    const projects: Record<string, ProjectRow> = {};
    const positions: Record<
      string,
      { epoch: string; sequence: number; position: { partition: number; offset: number } }
    > = {};
    for (const [id, { project, branches }] of this.places) {
      if (project === null) continue;
      projects[id] = project;
      positions[id] = { epoch: this.epoch, sequence: this.applied, position: { partition: 0, offset: this.offset } };
      for (const branch of branches.values())
        summaries[branch.id in summaries ? `${id}/${branch.id}` : branch.id] = branch;
    }
    return {
      summaries,
      projects,
      metadata: { positions, degraded: [], cached: false, generated_ms: 0 },
      cache_key: `${this.offset}`,
      timestamp: AT,
    };
  }

  tasks(project: string, branch: string | null, after: string | null, limit: number): TasksAnswer {
    const all = [...this.#place(project).tasks.values()]
      .filter((task) => branch === null || task.branch_id === branch)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .filter((task) => after === null || task.id > after);
    const tasks = all.slice(0, limit);
    const at = { epoch: this.epoch, sequence: this.applied, position: { partition: 0, offset: this.offset } };
    return { tasks, next: all.length > limit ? (tasks.at(-1)?.id ?? null) : null, positions: { [project]: at } };
  }

  #do(move: Move, who: Who): Row | null {
    const place = this.#place(move.project);
    const stamp = this.offset;
    this.offset += 1;
    return move.entity === 'task' ? this.#task(place, move, who, stamp) : this.#parent(place, move, stamp);
  }

  /** A branch or project as it is after recounting. */
  #counted(move: { entity: string; id: string; project: string }, row: Row): Row {
    const place = this.#place(move.project);
    if (row.deleted === true || move.entity === 'task') return row;
    return (move.entity === 'branch' ? place.branches.get(move.id) : place.project) ?? row;
  }

  #task(place: Place, move: Extract<Move, { entity: 'task' }>, who: Who, stamp: number): Row | null {
    if (move.action === 'delete') {
      return place.tasks.delete(move.id) ? { id: move.id, project_id: move.project, deleted: true, stamp } : null;
    }
    const base = move.action === 'create' ? blank(move.id, move.project) : place.tasks.get(move.id);
    if (base === undefined) return null;
    const last_actor = { source: who.source, user_id: who.userId ?? null, session_id: who.sessionId ?? null };
    const task: TaskRow = { ...base, ...move.fields, last_actor, last_activity: timeAt(stamp), stamp };
    if (place.grave !== null && place.project === null) return null;
    if (place.buried.has(task.branch_id)) return null;
    place.tasks.set(task.id, task);
    return task;
  }

  #parent(place: Place, move: Exclude<Move, { entity: 'task' }>, stamp: number): Row | null {
    if (move.action === 'create') return announced(place, move, stamp);
    const gone = move.entity === 'branch' ? withoutBranch(place, move.id) : withoutAll(place);
    if (!gone) return null;
    const grave: Row = { id: move.id, project_id: move.project, deleted: true, stamp };
    if (move.entity === 'project') place.grave = grave;
    return grave;
  }

  /** Branches and the project as their tasks say; a row is new when its counts or its task changed. */
  #recount(id: string, row: Row): void {
    const place = this.#place(id);
    const { stamp } = row;
    if (place.project === null && place.grave?.stamp === stamp) return;
    const tasks = [...place.tasks.values()];
    for (const branch of new Set(tasks.map((task) => task.branch_id))) {
      if (!place.branches.has(branch))
        place.branches.set(branch, { ...counts(branch), id: branch, project_id: id, stamp });
    }
    for (const branch of place.branches.values()) {
      const next = { ...branch, ...tallied(tasks.filter((task) => task.branch_id === branch.id)) };
      if (JSON.stringify(next) !== JSON.stringify(branch)) place.branches.set(branch.id, { ...next, stamp });
    }
    const name = place.project?.name ?? id;
    place.project = { ...counts(name), ...tallied(tasks), id, total_branches: place.branches.size, stamp };
  }

  /** The rows above the changed ones that this change moved. */
  #ancestors(id: string, rows: readonly Row[]): Record<string, readonly Row[]> {
    const place = this.#place(id);
    const since = Math.min(...rows.map((row) => row.stamp));
    const branches = [...place.branches.values()].filter((branch) => branch.stamp >= since);
    const project = place.project ?? place.grave;
    return { branches, projects: project === null ? [] : [project] };
  }

  #frame(project: string, type: string, payload: object, metadata: object): Wire {
    const place = this.#place(project);
    this.applied += 1;
    const frame: Wire = {
      sequence: this.applied,
      prev: place.last,
      epoch: this.epoch,
      type,
      id: `m-${this.epoch}-${this.applied}`,
      version: '2.0',
      stream: `project:${project}`,
      timestamp: AT,
      payload,
      metadata,
    };
    place.last = this.applied;
    place.frames.push(frame);
    return frame;
  }

  #metadata(who: Who): object {
    return { ...who, position: { partition: 0, offset: this.offset } };
  }

  #publish(frames: readonly Wire[]): void {
    for (const watcher of this.#watchers) watcher(frames);
  }

  #place(id: string): Place {
    let place = this.places.get(id);
    if (place === undefined) {
      place = {
        project: null,
        grave: null,
        buried: new Set(),
        branches: new Map(),
        tasks: new Map(),
        frames: [],
        last: 0,
      };
      this.places.set(id, place);
    }
    return place;
  }
}
