/** Pure: from the points of a burn-down to the areas of its drawing, and to what it says in words. */
import type { BurnDownAnswer, BurnDownPoint } from '../types.ts';
import { figure } from './times.ts';

export const WIDE = 640;
export const HIGH = 240;

/** Paths of the areas, from the bottom: done, in progress, open but not begun. `top`: what the highest line means. */
export interface Areas {
  readonly done: string;
  readonly progress: string;
  readonly rest: string;
  readonly line: string;
  readonly top: number;
}

export function timeOf(at: string): number {
  return Date.parse(at.length > 10 ? `${at}:00:00Z` : `${at}T00:00:00Z`);
}

/** Each point holds until the next one: the counts did not change between. The last one holds until `until`. */
export function areasOf(points: readonly BurnDownPoint[], until: number): Areas {
  const times = points.map((point) => timeOf(point.at));
  const [first = 0, last = 0] = [times[0], times.at(-1)];
  const span = Math.max(1, Math.max(until, last) - first);
  const top = Math.max(1, ...points.map((point) => point.completed + point.open));
  const x = (time: number) => round(((time - first) / span) * WIDE);
  const y = (count: number) => round(HIGH - (count / top) * HIGH);
  const begun = (point: BurnDownPoint) => Math.min(point.open, point.in_progress);
  const levels = [
    () => 0,
    (point: BurnDownPoint) => point.completed,
    (point: BurnDownPoint) => point.completed + begun(point),
    (point: BurnDownPoint) => point.completed + point.open,
  ] as const;
  const edge = (level: (point: BurnDownPoint) => number): readonly string[] =>
    points.flatMap((point, index) => {
      const [from, to] = [times[index] ?? first, times[index + 1] ?? Math.max(until, last)];
      return [`${x(from)} ${y(level(point))}`, `${x(to)} ${y(level(point))}`];
    });
  const between = (low: number, high: number) => {
    const [below, above] = [edge(levels[low] ?? levels[0]), edge(levels[high] ?? levels[0])];
    return points.length === 0 ? '' : `M${above.join('L')}L${[...below].reverse().join('L')}Z`;
  };
  const line = points.length === 0 ? '' : `M${edge(levels[3]).join('L')}`;
  return { done: between(0, 1), progress: between(1, 2), rest: between(2, 3), line, top };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** The whole chart in one sentence, for who does not see it. */
export function saidOf({ points, complete }: BurnDownAnswer): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return 'Nothing is known of the past.';
  const most = points.reduce((best, point) => (point.open > best.open ? point : best), first);
  const parts = [
    `From ${dayOf(first.at)} to ${dayOf(last.at)}`,
    `open ${figure(first.open)} at first, ${figure(most.open)} at most (${dayOf(most.at)}), ${figure(last.open)} now`,
    `done ${figure(last.completed)} of ${figure(last.total)}`,
  ];
  return `${parts.join('; ')}.${complete ? '' : ' What came before is not in the log any more.'}`;
}

export function dayOf(at: string): string {
  return at.replace('T', ' ').replace(/ (\d\d)$/, ' $1:00');
}
