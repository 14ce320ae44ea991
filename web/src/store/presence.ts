/** Pure: who is at work, from the frames of the last minutes. */
import type { DataFrame } from '../frames.ts';
import { projectOf } from '../reading.ts';
import { isTombstone, type TaskRow } from '../types.ts';
import { actorsOf, type Who } from './feed.ts';

export const AWAY_MS = 5 * 60_000;
export const MOST = 50;

export interface Present extends Who {
  readonly key: string;
  readonly events: number;
  /** Where this one changed something last. */
  readonly projectId: string;
  readonly branchId: string | null;
  readonly at: number;
}

export type Presence = ReadonlyMap<string, Present>;

export function present(presence: Presence, frames: readonly DataFrame[], now: number): Presence {
  let next: Map<string, Present> | null = null;
  for (const frame of frames) {
    if (frame.kind === 'snapshot') continue;
    next ??= new Map(presence);
    for (const { kind, name, events } of actorsOf(frame)) {
      const key = `${kind}\u0000${name}`;
      const before = next.get(key)?.events ?? 0;
      next.delete(key);
      next.set(key, {
        key,
        kind,
        name,
        events: before + events,
        projectId: projectOf(frame.stream),
        branchId: branchOf(frame),
        at: now,
      });
    }
  }
  return next === null ? presence : new Map([...next].slice(-MOST));
}

function branchOf(frame: DataFrame): string | null {
  for (const { entity, row } of frame.changes) {
    if (isTombstone(row)) continue;
    if (entity === 'branch') return row.id;
    const { branch_id: branchId } = row as Partial<TaskRow>;
    if (branchId !== undefined) return branchId;
  }
  return null;
}

/** Without those who did nothing for five minutes. */
export function gone(presence: Presence, now: number): Presence {
  const here = [...presence].filter(([, one]) => now - one.at < AWAY_MS);
  return here.length === presence.size ? presence : new Map(here);
}
