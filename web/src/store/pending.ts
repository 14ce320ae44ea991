/**
 * Pure: a person's own changes folded over the rows when they are shown, and what to tell when one was taken back.
 * Rolling back is the end of the entry: there are no inverse patches.
 */
import { isTakenBack, type Outcome, type Pending } from '../outbox.ts';
import type { TaskRow } from '../types.ts';

export type { Pending } from '../outbox.ts';

export type TaskChanges = Partial<Pick<TaskRow, 'status' | 'priority' | 'title'>>;

export interface Notice {
  readonly id: string;
  readonly taskId: string;
  readonly projectId: string;
  readonly text: string;
}

/** What a person sees of a task: its row with the open changes on top, in the order they were made. */
export function overlaid(task: TaskRow, pending: readonly Pending[]): TaskRow {
  let shown = task;
  for (const { change } of pending) {
    const same = change.entity === 'task' && change.id === task.id && change.projectId === task.project_id;
    if (same) shown = { ...shown, ...change.fields };
  }
  return shown;
}

/** What a person must hear of: changes that were taken back, and why. */
export function noticesOf(outcomes: readonly Outcome[]): readonly Notice[] {
  return outcomes
    .filter(isTakenBack)
    .map(({ id, change, reason }) => ({ id, taskId: change.id, projectId: change.projectId, text: reason }));
}
