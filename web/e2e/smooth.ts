/**
 * Ten thousand tasks in one list, and five thousand changes by agents in ten seconds: scrolling goes on undisturbed. How many
 * frames the screen gets beside a broker and a worker is the machine's doing, so what holds everywhere is counted in time of a
 * processor; for the figures (`benchmarks/client.py`) the same page without its connection is scrolled through the same burst.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { launch, live, opened, shot } from './browser.ts';
import { check, type Given, none, said, upTo } from './given.ts';
import { type Scrolled, traced, wordsOf } from './scroll.ts';
import { Wire } from './wire.ts';

const TASKS = 10_000;
const EDITS = 5_000;
const SLICES = 50;
const SCROLL_MS = 11_000;
export async function smooth(browser: Browser, given: Given): Promise<void> {
  await given.project('many', 'many', TASKS);
  const { calm, burst } = await through(browser, given, 'many');
  said(`calm: ${wordsOf(calm)}`);
  said(`during ${EDITS} edits: ${wordsOf(burst)}`);
  none(burst.long.map(String), 'no task used 50 ms of a processor or more');
}

/** Scroll a project's list calmly, and through a burst. */
async function through(
  browser: Browser,
  given: Given,
  project: string,
): Promise<Readonly<Record<'calm' | 'burst', Scrolled>>> {
  const { page, errors } = await listed(browser, given.url, given, project);
  check((await page.locator('.body .task').count()) < 80, 'of ten thousand tasks only those in sight are in the page');
  await page.waitForTimeout(1_000);
  const calm = await traced(browser, page, 3_000);
  const flood = flooded(given, project, 'done');
  const burst = await traced(browser, page, SCROLL_MS);
  await flood;
  await page
    .locator('.line.project', { hasText: project })
    .locator('.counts', { hasText: /^6.000\/10.000$/ })
    .waitFor();
  said('all edits are on the page: one in five was done before');
  none(errors, 'no errors in the console');
  await shot(page, given, 'many');
  await page.context().close();
  return { calm, burst };
}

/** For the figures: a burst that reaches the page, and the same one on the same machine that does not. */
export async function compared(
  browser: Browser,
  given: Given,
): Promise<Readonly<Record<'calm' | 'burst' | 'control', Scrolled>>> {
  await given.project('scrolled', 'scrolled', TASKS);
  const control = await cutOff(given, 'scrolled');
  return { ...(await through(browser, given, 'scrolled')), control };
}

/** The way to the edge is cut when the list is there; then the same burst, of which nothing comes here. */
async function cutOff(given: Given, project: string): Promise<Scrolled> {
  const { port, hostname } = new URL(given.url);
  const wire = new Wire(Number(port));
  const way = `--host-resolver-rules=MAP localhost:${port} ${hostname}:${await wire.listen()}`;
  const browser = await launch(way);
  try {
    const { page } = await listed(browser, `http://localhost:${port}`, given, project);
    wire.cut();
    await page.waitForSelector('.badge[data-state="off"]');
    await page.waitForTimeout(1_000);
    const flood = flooded(given, project, 'review');
    const seen = await traced(browser, page, SCROLL_MS);
    await flood;
    return seen;
  } finally {
    await browser.close();
    wire.close();
  }
}

async function listed(browser: Browser, url: string, given: Given, project: string) {
  const place = `${url}/#/${project}/${project}%3Amain`;
  const { page, errors } = await opened(browser, place, given.tokens.lead);
  await live(page);
  await whole(page);
  return { page, errors };
}

async function whole(page: Page): Promise<void> {
  await page.locator('.tools .count', { hasText: /^10.000 tasks$/ }).waitFor({ timeout: 60_000 });
}

/** Agents' changes, spread evenly over ten seconds. */
async function flooded(given: Given, project: string, status: string): Promise<void> {
  for (let slice = 0; slice < SLICES; slice += 1) {
    const next = sleep(10_000 / SLICES);
    const size = EDITS / SLICES;
    const numbers = upTo(size).map((index) => (slice * size + index) * (TASKS / EDITS));
    await given.patch(project, numbers, { status });
    await next;
  }
}
