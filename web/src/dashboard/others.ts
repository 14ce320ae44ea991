/** Pure: what other people changed in the branch that is open here, to be said once and quietly. */
import type { DataFrame } from '../frames.ts';
import { isTombstone, type TaskRow } from '../types.ts';
import type { Choice } from './ui.ts';
import { label } from './words.ts';

export const SHOWN_MS = 8_000;

/** `tasks`: what this person changed since the note came up; one is told by name, more are counted. */
export interface Note {
  readonly who: string;
  readonly tasks: readonly string[];
  readonly text: string;
  readonly at: number;
}

interface Here {
  readonly me: string | null;
  readonly choice: Choice | null;
}

/** The note after these frames: the same person's go on counting, another person's takes its place. */
export function noted(note: Note | null, frames: readonly DataFrame[], here: Here, now: number): Note | null {
  let next = note !== null && now - note.at < SHOWN_MS ? note : null;
  for (const frame of frames) {
    const { source, userId } = frame.metadata;
    if (frame.kind !== 'update' || source !== 'user' || !userId || userId === here.me) continue;
    for (const { entity, action, row } of frame.changes) {
      if (entity !== 'task' || isTombstone(row) || !isHere(row as TaskRow, here.choice)) continue;
      next = added(next, userId, row as TaskRow, whatOf(action, row as TaskRow, frame.delta), now);
    }
  }
  return next;
}

function added(note: Note | null, who: string, task: TaskRow, what: string, now: number): Note {
  const before = note?.who === who ? note.tasks : [];
  const tasks = [...before.filter((id) => id !== task.id), task.id];
  const text = tasks.length === 1 ? `${who} ${what}` : `${who} changed ${tasks.length} tasks here`;
  return { who, tasks, text, at: now };
}

function whatOf(action: string, task: TaskRow, delta: DataFrame['delta']): string {
  if (action === 'create') return `added “${task.title}”`;
  if (typeof delta?.status === 'string') return `set “${task.title}” to ${label(delta.status)}`;
  if (typeof delta?.priority === 'string') return `made “${task.title}” ${label(delta.priority)}`;
  return typeof delta?.title === 'string' ? `renamed a task to “${task.title}”` : `changed “${task.title}”`;
}

function isHere(task: TaskRow, choice: Choice | null): boolean {
  return task.project_id === choice?.projectId && (choice.branchId === null || choice.branchId === task.branch_id);
}
