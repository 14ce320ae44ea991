/** Pure: what happened before this page was opened, from the rows that changed last: each knows who changed it, and when. */
import { type Entry, type Part, type Who, whoOf } from '../store/feed.ts';
import { AWAY_MS, type Present } from '../store/presence.ts';
import type { TaskRow } from '../types.ts';

const JOIN_MS = 120_000;

/** Entries for the feed, newest first; what one agent did in one project within two minutes is one line. */
export function earlier(tasks: readonly TaskRow[]): readonly Entry[] {
  const entries: Entry[] = [];
  for (const task of newestFirst(tasks)) {
    const at = timeOf(task);
    const who = whoOf(task.last_actor ?? {});
    const last = entries.at(-1);
    if (last !== undefined && joins(last, task.project_id, who, at))
      entries[entries.length - 1] = joined(last, task, at);
    else entries.push(entryOf(task, who, at));
  }
  return entries;
}

/** Who changed one of these within the time that counts as being at work. */
export function atWork(tasks: readonly TaskRow[], now: number): readonly Present[] {
  const found = new Map<string, Present>();
  for (const task of newestFirst(tasks.filter((one) => now - timeOf(one) < AWAY_MS))) {
    const who = whoOf(task.last_actor ?? {});
    const key = `${who.kind}\u0000${who.name}`;
    const { project_id: projectId, branch_id: branchId } = task;
    const known = found.get(key) ?? { ...who, key, events: 0, projectId, branchId, at: timeOf(task) };
    found.set(key, { ...known, events: known.events + 1 });
  }
  return [...found.values()];
}

function newestFirst(tasks: readonly TaskRow[]): readonly TaskRow[] {
  return tasks.filter((task) => !Number.isNaN(timeOf(task))).sort((a, b) => timeOf(b) - timeOf(a) || b.stamp - a.stamp);
}

function joins(last: Entry, projectId: string, who: Who, at: number): boolean {
  const [before] = last.who;
  const same = before?.kind === who.kind && before.name === who.name && last.projectId === projectId;
  return same && who.kind === 'agent' && last.since - at <= JOIN_MS;
}

function joined(last: Entry, task: TaskRow, at: number): Entry {
  const parts = [...last.parts, partOf(task)];
  return { ...last, burst: true, events: parts.length, things: parts.length, parts, since: at };
}

function entryOf(task: TaskRow, who: Who, at: number): Entry {
  return {
    key: `row\u0000${task.project_id}\u0000${task.id}`,
    who: [who],
    projectId: task.project_id,
    burst: false,
    events: 1,
    things: 1,
    parts: [partOf(task)],
    at,
    since: at,
  };
}

function partOf(task: TaskRow): Part {
  return {
    key: `task\u0000${task.id}`,
    entity: 'task',
    branchId: task.branch_id,
    taskId: task.id,
    action: 'update',
    text: task.title,
    detail: task.status,
    times: 1,
  };
}

function timeOf(task: TaskRow): number {
  return Date.parse(task.last_activity ?? '');
}
