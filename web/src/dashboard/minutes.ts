/**
 * Pure: how many changes people and agents made in each of the last minutes, per project.
 *
 * Two sources are laid over each other, and the higher count of a minute holds: the server's one-minute windows, which
 * count by the time of the event and reach back before this page was opened, and the frames that came since, which count
 * by the time they came. Live changes are in both, once; a replayed history is only in the second.
 */
import type { DataFrame } from '../frames.ts';
import { projectOf } from '../reading.ts';
import { type ActorKind, actorsOf } from '../store/feed.ts';
import type { ActivityRow } from '../types.ts';

export const SPAN = 60;
const MINUTE_MS = 60_000;

export type Counts = Readonly<Record<ActorKind, number>>;

const NONE: Counts = { person: 0, agent: 0, system: 0 };
const KINDS: Readonly<Record<string, ActorKind>> = { user: 'person', system: 'system' };
type Table = Map<string, Map<number, Counts>>;

export class Minutes {
  readonly #told: Table = new Map();
  readonly #seen: Table = new Map();
  /** The last hour of a project as it was made last; nothing that goes in leaves it there. */
  readonly #hours = new Map<string, { readonly last: number; readonly hour: readonly Counts[] }>();
  readonly #opened: number;
  #whole = false;

  constructor(now: number) {
    this.#opened = now;
  }

  /** From when on every change is counted; null: the whole hour. */
  since(now: number): number | null {
    return this.#whole || minuteOf(now) - minuteOf(this.#opened) >= SPAN ? null : this.#opened;
  }

  load(rows: readonly ActivityRow[]): void {
    this.#whole = true;
    for (const row of rows) {
      const start = Date.parse(row.minute);
      if (Number.isNaN(start)) continue;
      this.#hours.delete(row.project_id);
      let counts = NONE;
      for (const [source, count] of Object.entries(row.sources)) counts = plus(counts, KINDS[source] ?? 'agent', count);
      minutesOf(this.#told, row.project_id).set(minuteOf(start), counts);
    }
    for (const table of this.#told.values()) trim(table, Math.max(...table.keys()));
  }

  took(frames: readonly DataFrame[], now: number): void {
    const minute = minuteOf(now);
    for (const frame of frames) {
      if (frame.kind === 'snapshot') continue;
      const projectId = projectOf(frame.stream);
      this.#hours.delete(projectId);
      const table = minutesOf(this.#seen, projectId);
      for (const { kind, events } of actorsOf(frame)) table.set(minute, plus(table.get(minute) ?? NONE, kind, events));
      trim(table, minute);
    }
  }

  /** The last hour of one project, oldest minute first; the same list as long as nothing in it changed. */
  of(projectId: string, now: number): readonly Counts[] {
    const last = minuteOf(now);
    const known = this.#hours.get(projectId);
    if (known?.last === last) return known.hour;
    const hour = this.#hourOf(projectId, last);
    this.#hours.set(projectId, { last, hour });
    return hour;
  }

  /** The last hour of these projects together. */
  all(projectIds: readonly string[], now: number): readonly Counts[] {
    const sums: Record<ActorKind, number>[] = Array.from({ length: SPAN }, () => ({ ...NONE }));
    for (const id of projectIds.filter((one) => this.#told.has(one) || this.#seen.has(one))) {
      for (const [index, counts] of this.of(id, now).entries()) {
        const sum = sums[index];
        if (sum === undefined) continue;
        for (const kind of ['person', 'agent', 'system'] as const) sum[kind] += counts[kind];
      }
    }
    return sums;
  }

  #hourOf(projectId: string, last: number): readonly Counts[] {
    const [told, seen] = [this.#told.get(projectId), this.#seen.get(projectId)];
    return Array.from({ length: SPAN }, (_, index) => {
      const minute = last - SPAN + 1 + index;
      return higher(told?.get(minute) ?? NONE, seen?.get(minute) ?? NONE);
    });
  }
}

export function totalOf(counts: readonly Counts[]): Counts {
  return counts.reduce((sum, one) => {
    return { person: sum.person + one.person, agent: sum.agent + one.agent, system: sum.system + one.system };
  }, NONE);
}

/** The hour up to `last` is all that is ever shown. */
function trim(table: Map<number, Counts>, last: number): void {
  for (const minute of table.keys()) if (minute <= last - SPAN) table.delete(minute);
}

function minuteOf(ms: number): number {
  return Math.floor(ms / MINUTE_MS);
}

function minutesOf(table: Table, projectId: string): Map<number, Counts> {
  const known = table.get(projectId);
  if (known !== undefined) return known;
  const made = new Map<number, Counts>();
  table.set(projectId, made);
  return made;
}

function plus(counts: Counts, kind: ActorKind, count: number): Counts {
  return { ...counts, [kind]: counts[kind] + count };
}

function higher(a: Counts, b: Counts): Counts {
  return {
    person: Math.max(a.person, b.person),
    agent: Math.max(a.agent, b.agent),
    system: Math.max(a.system, b.system),
  };
}
