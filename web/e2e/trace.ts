/** Pure: from a browser's trace to what its main thread did between two pictures of the screen, in time of a processor. */

export interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of the browser's clock. */
  readonly ts: number;
  /** Microseconds of a processor. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string; readonly data?: { readonly startTime?: number } };
}

/** Milliseconds of a processor: every task, every turn of scripts (both sorted), and the sum of each frame's tasks. */
export interface Used {
  readonly tasks: readonly number[];
  readonly scripts: readonly number[];
  readonly frames: readonly number[];
}

const SCRIPTS = new Set(['FireAnimationFrame', 'TimerFire', 'FunctionCall', 'EventDispatch', 'RunMicrotasks']);

/** `begins`: when frames began, by the page's clock; `mark`: a mark that the page set, which ties the two clocks together. */
export function usedOf(events: readonly TraceEvent[], begins: readonly number[], mark: string): Used {
  const marked = events.find((one) => one.name === mark);
  if (marked === undefined) throw new Error(`no mark ${mark} in the trace`);
  const own = events.filter((one) => one.pid === marked.pid && one.tid === marked.tid);
  const tasks = own.filter((one) => one.name.endsWith('RunTask'));
  const zero = marked.ts - 1_000 * (marked.args?.data?.startTime ?? 0);
  return {
    tasks: sorted(tasks.map(ms)),
    scripts: sorted(own.filter((one) => SCRIPTS.has(one.name)).map(ms)),
    frames: sumsOf(
      tasks.map((one) => [(one.ts - zero) / 1_000, ms(one)]),
      begins,
    ),
  };
}

/** The sum of what began from each of `begins` on and before the next. */
export function sumsOf(timed: readonly (readonly [number, number])[], begins: readonly number[]): readonly number[] {
  const sums = begins.slice(1).map(() => 0);
  let frame = -1;
  for (const [at, used] of [...timed].sort(([a], [b]) => a - b)) {
    while (frame + 1 < begins.length && (begins[frame + 1] ?? 0) <= at) frame += 1;
    const sum = sums[frame];
    if (sum !== undefined) sums[frame] = sum + used;
  }
  return sums;
}

function ms({ tdur = 0 }: TraceEvent): number {
  return tdur / 1_000;
}

function sorted(values: readonly number[]): readonly number[] {
  return [...values].sort((a, b) => a - b);
}
