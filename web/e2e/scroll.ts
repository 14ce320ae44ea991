/** Scrolls a list by a step in every frame of the screen, and says what got in its way. */
import type { Browser, Page } from 'playwright-core';

const LONG_MS = 50;

/**
 * `dropped`: frames that came later than one and a half of the screen's usual. `long`: tasks of the page's main thread that
 * used 50 ms of a processor or more: what the browser calls a long task, but told apart from a machine that was busy with
 * something else. `stalls`: those by the clock, as the page itself sees them. `scripts`: the longest turns of the page's own
 * code, in milliseconds of a processor.
 */
export interface Scrolled {
  readonly frames: number;
  readonly perSecond: number;
  readonly dropped: number;
  readonly worst: number;
  readonly stalls: readonly number[];
  readonly long: readonly number[];
  readonly busiest: number;
  readonly scripts: { readonly p99: number; readonly most: number };
}

interface Trace {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of a processor. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

const SCRIPTS = new Set(['FireAnimationFrame', 'TimerFire', 'FunctionCall', 'EventDispatch', 'RunMicrotasks']);

export async function traced(browser: Browser, page: Page, ms: number): Promise<Scrolled> {
  await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline', '__metadata'] });
  const { gaps, stalls } = await scrolled(page, ms);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: readonly Trace[] };
  const main = traceEvents.filter((one) => one.name === 'thread_name' && one.args?.name === 'CrRendererMain');
  const threads = new Set(main.map(({ pid, tid }) => `${pid}:${tid}`));
  const used = (which: (name: string) => boolean) =>
    traceEvents
      .filter((one) => which(one.name) && threads.has(`${one.pid}:${one.tid}`))
      .map((one) => (one.tdur ?? 0) / 1_000)
      .sort((a, b) => a - b);
  const tasks = used((name) => name.endsWith('RunTask'));
  const scripts = used((name) => SCRIPTS.has(name));
  const usual = [...gaps].sort((a, b) => a - b)[Math.floor(gaps.length / 10)] ?? 0;
  return {
    frames: gaps.length,
    perSecond: (gaps.length / ms) * 1_000,
    dropped: gaps.filter((gap) => gap > 1.5 * Math.max(usual, 1_000 / 60)).length,
    worst: Math.round(Math.max(...gaps)),
    stalls,
    long: tasks.filter((one) => one >= LONG_MS).map(Math.round),
    busiest: tasks.at(-1) ?? 0,
    scripts: { p99: scripts[Math.floor(scripts.length * 0.99)] ?? 0, most: scripts.at(-1) ?? 0 },
  };
}

function scrolled(page: Page, ms: number): Promise<{ readonly gaps: number[]; readonly stalls: number[] }> {
  return page.evaluate(async (duration) => {
    const stalls: number[] = [];
    const watcher = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) stalls.push(Math.round(entry.duration));
    });
    watcher.observe({ type: 'longtask' });
    const list = document.querySelector('.scroller') as HTMLElement;
    const gaps: number[] = [];
    let [step, before] = [40, performance.now()];
    const end = before + duration;
    while (performance.now() < end) {
      const now = await new Promise<number>(requestAnimationFrame);
      gaps.push(now - before);
      before = now;
      if (list.scrollTop + list.clientHeight >= list.scrollHeight - 1) step = -40;
      if (list.scrollTop === 0) step = 40;
      list.scrollTop += step;
    }
    watcher.disconnect();
    return { gaps, stalls };
  }, ms);
}

export function wordsOf({ frames, dropped, worst, stalls, busiest, scripts }: Scrolled): string {
  const seen = stalls.length === 0 ? 'none' : stalls.join(', ');
  const script = `its scripts p99 ${scripts.p99.toFixed(1)}, most ${scripts.most.toFixed(1)} ms`;
  const used = `of a processor: busiest task ${busiest.toFixed(0)} ms, ${script}`;
  return `${frames} frames, ${dropped} late, longest gap ${worst} ms; ${used}; long ones by the clock: ${seen}`;
}
