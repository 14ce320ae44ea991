/** Ten thousand tasks in one list, and five thousand changes by agents in ten seconds: scrolling goes on undisturbed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { live, opened, shot } from './browser.ts';
import { check, type Given, said } from './given.ts';

const TASKS = 10_000;
const EDITS = 5_000;
const SLICES = 50;

/**
 * `long`: tasks of the page's main thread that used 50 ms of a processor or more: what the browser calls a long task, but
 * told apart from a machine that was busy with something else. `stalls`: those by the clock, as the page itself sees them.
 */
interface Measured {
  readonly frames: number;
  readonly worst: number;
  readonly stalls: readonly number[];
  readonly long: readonly number[];
  readonly busiest: number;
}

export async function smooth(browser: Browser, given: Given): Promise<void> {
  await given.project('many', 'Many', TASKS);
  const { page, errors } = await opened(browser, `${given.url}/#/many/many%3Amain`, given.tokens.lead);
  await live(page);
  await page.locator('.tools .count', { hasText: /^10.000 tasks$/ }).waitFor({ timeout: 60_000 });
  check((await page.locator('.body .task').count()) < 80, 'of ten thousand tasks only those in sight are in the page');
  await page.waitForTimeout(1_000);
  said(`calm: ${words(await traced(browser, page, 3_000))}`);
  const flood = flooded(given);
  const measured = await traced(browser, page, 11_000);
  await flood;
  said(`during ${EDITS} edits: ${words(measured)}`);
  check(measured.long.length === 0, `no task used 50 ms or more${measured.long.map((one) => ` ${one}`)}`);
  await page
    .locator('.line.project', { hasText: 'Many' })
    .locator('.counts', { hasText: /^6.000\/10.000$/ })
    .waitFor();
  said('all edits are on the page: one in five was done before');
  check(errors.length === 0, `no errors in the console${errors.map((one) => `\n  ${one}`)}`);
  await shot(page, given, 'many');
  await page.context().close();
}

async function traced(browser: Browser, page: Page, ms: number): Promise<Measured> {
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  const seen = await scrolled(page, ms);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: readonly Trace[] };
  const main = traceEvents.filter((one) => one.name === 'thread_name' && one.args?.name === 'CrRendererMain');
  const threads = new Set(main.map(({ pid, tid }) => `${pid}:${tid}`));
  const used = traceEvents
    .filter((one) => one.name.endsWith('RunTask') && threads.has(`${one.pid}:${one.tid}`))
    .map((one) => Math.round((one.tdur ?? 0) / 1_000));
  return { ...seen, long: used.filter((one) => one >= 50), busiest: Math.max(...used) };
}

interface Trace {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of a processor. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Scroll by a step in every frame for some time, and note what gets in its way. */
function scrolled(page: Page, ms: number): Promise<Pick<Measured, 'frames' | 'worst' | 'stalls'>> {
  return page.evaluate(async (duration) => {
    const stalls: number[] = [];
    const watcher = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) stalls.push(Math.round(entry.duration));
    });
    watcher.observe({ type: 'longtask' });
    const list = document.querySelector('.scroller') as HTMLElement;
    let [frames, worst, step, before] = [0, 0, 40, performance.now()];
    const end = before + duration;
    while (performance.now() < end) {
      const now = await new Promise<number>(requestAnimationFrame);
      frames += 1;
      worst = Math.max(worst, now - before);
      before = now;
      if (list.scrollTop + list.clientHeight >= list.scrollHeight - 1) step = -40;
      if (list.scrollTop === 0) step = 40;
      list.scrollTop += step;
    }
    watcher.disconnect();
    return { frames, worst: Math.round(worst), stalls };
  }, ms);
}

/** Agents' changes, spread evenly over ten seconds. */
async function flooded(given: Given): Promise<void> {
  const who = { source: 'mcp-ai', session_id: 'builder-3' };
  for (let slice = 0; slice < SLICES; slice += 1) {
    const next = sleep(10_000 / SLICES);
    const size = EDITS / SLICES;
    await given.change(
      Array.from({ length: size }, (_, index) => {
        const entity_id = `t${(slice * size + index) * (TASKS / EDITS)}`;
        const base = { ...who, entity: 'task', action: 'patch', project_id: 'many', entity_id };
        return { ...base, data: { status: 'done' } };
      }),
    );
    await next;
  }
}

function words({ frames, worst, stalls, busiest }: Measured): string {
  const seen = stalls.length === 0 ? 'none' : stalls.join(', ');
  return `${frames} frames, longest gap ${worst} ms, busiest task ${busiest} ms of a processor, long ones by the clock: ${seen}`;
}
