/** Scrolls a list by a step in every frame of the screen, and says what got in its way. */
import type { Browser, Page } from 'playwright-core';
import { type TraceEvent, usedOf } from './trace.ts';

const LONG_MS = 50;
/** A screen of 60 pictures a second. */
export const FRAME_MS = 1_000 / 60;
const MARK = 'scroll begins';

/**
 * `late`: frames that came later than one and a half of the screen's usual. All that the page's main thread did is told in
 * milliseconds of a processor, by which a page that is busy is told from a machine that is busy with something else. `work`: of
 * its tasks, by frame: the median, the most, and how many frames had more than half of a frame, or more than a whole one; `lateBusy`:
 * how many of the late ones had more than half. `long`: tasks of 50 ms or more, what the browser calls a long task; `stalls`: those by
 * the clock, as the page itself sees them. `scripts`: the longest turns of the page's own code.
 */
export interface Scrolled {
  readonly frames: number;
  readonly perSecond: number;
  readonly late: number;
  readonly lateBusy: number;
  readonly worst: number;
  readonly stalls: readonly number[];
  readonly long: readonly number[];
  readonly busiest: number;
  readonly work: { readonly median: number; readonly most: number; readonly half: number; readonly whole: number };
  readonly scripts: { readonly p99: number; readonly most: number };
}

export async function traced(browser: Browser, page: Page, ms: number): Promise<Scrolled> {
  await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline', 'blink.user_timing'] });
  const { begins, stalls } = await scrolled(page, ms);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as {
    traceEvents: readonly TraceEvent[];
  };
  const { tasks, scripts, frames } = usedOf(traceEvents, begins, MARK);
  const gaps = begins.slice(1).map((begin, index) => begin - (begins[index] ?? begin));
  const usual = Math.max(quantile(gaps, 0.1), FRAME_MS);
  const late = frames.filter((_, index) => (gaps[index] ?? 0) > 1.5 * usual);
  const over = (list: readonly number[], limit: number) => list.filter((one) => one > limit).length;
  return {
    frames: gaps.length,
    perSecond: (gaps.length / ms) * 1_000,
    late: late.length,
    lateBusy: over(late, FRAME_MS / 2),
    worst: Math.round(Math.max(...gaps)),
    stalls,
    long: tasks.filter((one) => one >= LONG_MS).map(Math.round),
    busiest: tasks.at(-1) ?? 0,
    work: {
      median: quantile(frames, 0.5),
      most: Math.max(...frames),
      half: over(frames, FRAME_MS / 2),
      whole: over(frames, FRAME_MS),
    },
    scripts: { p99: quantile(scripts, 0.99), most: scripts.at(-1) ?? 0 },
  };
}

/** From the top on, to the end and back. Gives when each frame began. */
function scrolled(page: Page, ms: number): Promise<{ readonly begins: number[]; readonly stalls: number[] }> {
  return page.evaluate(
    async ([duration, mark]) => {
      const stalls: number[] = [];
      const watcher = new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) stalls.push(Math.round(entry.duration));
      });
      watcher.observe({ type: 'longtask' });
      const list = document.querySelector('.scroller') as HTMLElement;
      const end = list.scrollHeight - list.clientHeight;
      const begins: number[] = [];
      let [step, top] = [40, 0];
      const { startTime } = performance.mark(mark);
      while ((begins.at(-1) ?? startTime) < startTime + duration) {
        begins.push(await new Promise<number>(requestAnimationFrame));
        if (top + step > end || top + step < 0) step = -step;
        top += step;
        list.scrollTop = top;
      }
      watcher.disconnect();
      return { begins, stalls };
    },
    [ms, MARK] as const,
  );
}

function quantile(values: readonly number[], share: number): number {
  const ordered = [...values].sort((a, b) => a - b);
  return ordered[Math.floor(ordered.length * share)] ?? 0;
}

export function wordsOf({ frames, late, lateBusy, worst, stalls, busiest, work, scripts }: Scrolled): string {
  const seen = stalls.length === 0 ? 'none' : stalls.join(', ');
  const busy = `${late} late (${lateBusy} with more than half a frame of work), longest gap ${worst} ms`;
  const over = `${work.half} with more than half a frame, ${work.whole} with more than one`;
  const used = `of a processor: a frame ${work.median.toFixed(1)} ms, most ${work.most.toFixed(1)}, ${over}`;
  const turns = `busiest task ${busiest.toFixed(1)}, its scripts p99 ${scripts.p99.toFixed(1)}, most ${scripts.most.toFixed(1)} ms`;
  return `${frames} frames, ${busy}; ${used}; ${turns}; long tasks by the clock: ${seen}`;
}
