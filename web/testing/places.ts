/** Pure: what the fake server knows of one project, and how its rows are counted. */
import type { BranchRow, Merged, ProjectRow, Row, TaskRow } from '../src/types.ts';
import type { Move, Wire } from './moves.ts';

export interface Place {
  project: ProjectRow | null;
  grave: Row | null;
  readonly buried: Set<string>;
  readonly branches: Map<string, BranchRow>;
  readonly tasks: Map<string, TaskRow>;
  frames: Wire[];
  last: number;
}

export const AT = Date.UTC(2026, 0, 5, 9, 0, 0);

const BLANK: TaskRow = {
  id: '',
  project_id: '',
  branch_id: 'main',
  title: '',
  status: 'todo',
  priority: 'medium',
  assignees: [],
  labels: [],
  parent_id: null,
  progress_percentage: null,
  total_subtasks: 0,
  completed_subtasks: 0,
  last_activity: null,
  last_actor: null,
  stamp: 0,
};

/** Where a window makes something again that it deleted; -1 when it doesn't. */
export function revivalIn(moves: readonly Move[]): number {
  const deleted = new Set<string>();
  return moves.findIndex((move) => {
    if (move.entity === 'task') return false;
    if (move.action === 'delete') deleted.add(move.entity === 'project' ? 'project' : move.id);
    return move.action === 'create' && (deleted.has('project') || (move.entity === 'branch' && deleted.has(move.id)));
  });
}

/** Who did how much of a window. */
export function mergedOf(events: number, sessions: readonly string[]): Merged {
  const each = Math.ceil(events / Math.max(1, sessions.length));
  const counted = sessions.map((session_id) => ({ events: each, session_id }));
  return { events, sessions: counted, correlationIds: [], windowStart: AT, windowEnd: AT + 500 };
}

export function announced(
  place: Place,
  move: { entity: string; id: string; project: string; name: string },
  stamp: number,
): Row | null {
  const row = { ...counts(move.name), id: move.id, project_id: move.project, stamp };
  if (move.entity === 'project') {
    place.project = { ...counts(move.name), id: move.id, total_branches: 0, stamp };
    return row;
  }
  if (place.project === null && place.grave !== null) return null;
  place.buried.delete(move.id);
  const known = place.branches.get(move.id);
  place.branches.set(move.id, known === undefined ? row : { ...known, name: move.name, stamp });
  return row;
}

export function withoutBranch(place: Place, id: string): boolean {
  if (!place.branches.delete(id)) return false;
  place.buried.add(id);
  for (const task of place.tasks.values()) if (task.branch_id === id) place.tasks.delete(task.id);
  return true;
}

export function withoutAll(place: Place): boolean {
  if (place.project === null) return false;
  place.project = null;
  for (const id of place.branches.keys()) place.buried.add(id);
  place.branches.clear();
  place.tasks.clear();
  return true;
}

export function blank(id: string, project_id: string): TaskRow {
  return { ...BLANK, id, project_id };
}

export function counts(name: string) {
  return { name, ...tallied([]), archived: false, degraded: 0 };
}

export function tallied(tasks: readonly TaskRow[]) {
  const statuses: Record<string, number> = {};
  const priorities: Record<string, number> = {};
  for (const task of tasks) {
    statuses[task.status] = (statuses[task.status] ?? 0) + 1;
    priorities[task.priority] = (priorities[task.priority] ?? 0) + 1;
  }
  const gone = (statuses.cancelled ?? 0) + (statuses.archived ?? 0);
  return {
    total_tasks: tasks.length,
    completed_tasks: statuses.done ?? 0,
    in_progress_tasks: statuses.in_progress ?? 0,
    active_tasks: tasks.length - gone,
    total_subtasks: 0,
    completed_subtasks: 0,
    last_activity: tasks.reduce<string | null>(
      (last, task) => ((task.last_activity ?? '') > (last ?? '') ? task.last_activity : last),
      null,
    ),
    priority_breakdown: priorities,
    status_breakdown: statuses,
    digest: tasks.reduce((sum, task) => sum + task.stamp * 31 + task.status.length, 0),
  };
}

export function timeAt(stamp: number): string {
  return new Date(AT + stamp * 1_000).toISOString();
}
