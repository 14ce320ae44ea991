/** Selectors: rows as the user sees them, with their own open changes on top. The same state gives the same object. */
import { createSelector } from '@reduxjs/toolkit';
import type { Connection } from '../state.ts';
import type { BranchRow, ProjectRow, TaskRow } from '../types.ts';
import { keyOf } from './rows.ts';
import type { BranchState, Notice, Optimistic } from './slice.ts';

/** Any store that has the slice under its own name. */
export interface WithBranches {
  readonly branches: BranchState;
}

type Overlays = BranchState['optimisticUpdates'];

/** A row with the open changes of the same thing on top, field by field, in the order they were made. */
export function overlaid<R extends { readonly id: string; readonly project_id?: string }>(
  entity: string,
  projectId: string,
  row: R,
  overlays: Overlays,
): R {
  let shown = row;
  for (const { change } of Object.values(overlays)) {
    const same = change.entity === entity && change.id === row.id && change.projectId === projectId;
    if (same && change.action !== 'delete') shown = { ...shown, ...change.fields };
  }
  return shown;
}

const overlaysOf = (state: WithBranches) => state.branches.optimisticUpdates;

export const selectProject = createSelector(
  [(state: WithBranches, id: string): ProjectRow | undefined => state.branches.projects[id], overlaysOf],
  (row, overlays) => row && overlaid('project', row.id, row, overlays),
);

export const selectBranch = createSelector(
  [
    (state: WithBranches, projectId: string, id: string): BranchRow | undefined =>
      state.branches.summaries[keyOf(projectId, id)],
    overlaysOf,
  ],
  (row, overlays) => row && overlaid('branch', row.project_id, row, overlays),
);

export const selectTask = createSelector(
  [
    (state: WithBranches, projectId: string, id: string): TaskRow | undefined =>
      state.branches.tasks[keyOf(projectId, id)],
    overlaysOf,
  ],
  (row, overlays) => row && overlaid('task', row.project_id, row, overlays),
);

const byName = (a: { name: string; id: string }, b: { name: string; id: string }) =>
  a.name.localeCompare(b.name) || (a.id < b.id ? -1 : 1);

export const selectProjects = createSelector(
  [(state: WithBranches) => state.branches.projects, overlaysOf],
  (projects, overlays): readonly ProjectRow[] =>
    Object.values(projects)
      .map((row) => overlaid('project', row.id, row, overlays))
      .sort(byName),
);

export const selectBranches = createSelector(
  [
    (state: WithBranches) => state.branches.summaries,
    overlaysOf,
    (_state: WithBranches, projectId: string) => projectId,
  ],
  (summaries, overlays, projectId): readonly BranchRow[] =>
    Object.values(summaries)
      .filter((row) => row.project_id === projectId)
      .map((row) => overlaid('branch', projectId, row, overlays))
      .sort(byName),
);

/** The tasks of a branch, or of a project with `null`, in the order of their ids. */
export const selectTasks = createSelector(
  [
    (state: WithBranches) => state.branches.tasks,
    overlaysOf,
    (_state: WithBranches, projectId: string) => projectId,
    (_state: WithBranches, _projectId: string, branchId: string | null) => branchId,
  ],
  (tasks, overlays, projectId, branchId): readonly TaskRow[] =>
    Object.values(tasks)
      .filter((row) => row.project_id === projectId)
      .map((row) => overlaid('task', projectId, row, overlays))
      .filter((row) => (branchId === null || row.branch_id === branchId) && !isDeleted(row, overlays))
      .sort((a, b) => (a.id < b.id ? -1 : 1)),
);

function isDeleted(row: TaskRow, overlays: Overlays): boolean {
  return Object.values(overlays).some(
    ({ change }) =>
      change.entity === 'task' &&
      change.action === 'delete' &&
      change.id === row.id &&
      change.projectId === row.project_id,
  );
}

export const selectConnection = (state: WithBranches): Connection => state.branches.connection;
export const selectNotices = (state: WithBranches): readonly Notice[] => state.branches.notices;
export const selectOptimistic = (state: WithBranches): Readonly<Record<string, Optimistic>> => overlaysOf(state);
