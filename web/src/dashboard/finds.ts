/** Pure: what a search finds, as places to go to. */
import type { Rows } from '../store/rows.ts';
import type { BranchRow, ProjectRow, TaskRow } from '../types.ts';
import type { Choice } from './ui.ts';

const NAMES = 6;

/** `status` of a task; null for a project or branch. `place` says where it is. */
export interface Find {
  readonly key: string;
  readonly name: string;
  readonly place: string;
  readonly status: string | null;
  readonly choice: Choice;
  readonly taskId: string | null;
}

/** Projects first, then branches; names that begin with the words before those that only have them. */
export function findNames(
  projects: readonly ProjectRow[],
  branches: readonly BranchRow[],
  query: string,
): readonly Find[] {
  const names = new Map(projects.map((project) => [project.id, project.name]));
  const finds = [
    ...projects.filter((one) => !one.archived).map(projectFind),
    ...branches.filter((one) => !one.archived && names.has(one.project_id)).map((one) => branchFind(one, names)),
  ];
  const words = query.toLowerCase();
  const rank = ({ name }: Find) => (name.toLowerCase().startsWith(words) ? 0 : 1);
  const fitting = finds.filter(({ name }) => name.toLowerCase().includes(words));
  return fitting.sort((a, b) => rank(a) - rank(b)).slice(0, NAMES);
}

export function findOf(task: TaskRow, rows: Pick<Rows, 'project' | 'branch'>): Find {
  const { project_id: projectId, branch_id: branchId } = task;
  const project = rows.project(projectId)?.name ?? projectId;
  return {
    key: `task:${projectId}:${task.id}`,
    name: task.title || task.id,
    place: `${project} › ${rows.branch(projectId, branchId)?.name ?? branchId}`,
    status: task.status,
    choice: { projectId, branchId },
    taskId: task.id,
  };
}

function projectFind({ id, name }: ProjectRow): Find {
  return {
    key: `project:${id}`,
    name,
    place: 'project',
    status: null,
    choice: { projectId: id, branchId: null },
    taskId: null,
  };
}

function branchFind({ id, name, project_id: projectId }: BranchRow, names: ReadonlyMap<string, string>): Find {
  const place = `branch of ${names.get(projectId) ?? projectId}`;
  return {
    key: `branch:${projectId}:${id}`,
    name,
    place,
    status: null,
    choice: { projectId, branchId: id },
    taskId: null,
  };
}
