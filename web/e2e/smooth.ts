/**
 * Ten thousand tasks in one list, and five thousand changes by agents in ten seconds: scrolling goes on undisturbed. How many
 * frames the screen gets beside a broker and a worker is the machine's doing, so what holds everywhere is counted in time of a
 * processor; for the figures (`benchmarks/client.py`) see `burst.ts`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { live, type Opened, opened, shot } from './browser.ts';
import { check, type Given, none, said, until, upTo } from './given.ts';
import { traced, wordsOf } from './scroll.ts';

export const TASKS = 10_000;
const EDITS = 5_000;
const SLICES = 50;
export const SCROLL_MS = 11_000;
/** Counts after a flood: every fifth task was done before, and every second is changed. */
const DONE = { done: /^6.000\/10.000$/, review: /^1.000\/10.000$/ } as const;
export type Status = keyof typeof DONE;

export async function smooth(browser: Browser, given: Given): Promise<void> {
  await given.project('many', 'many', TASKS);
  const { page, errors } = await listed(browser, given.url, given, 'many');
  check((await page.locator('.body .task').count()) < 80, 'of ten thousand tasks only those in sight are in the page');
  await page.waitForTimeout(1_000);
  said(`calm: ${wordsOf(await traced(browser, page, 3_000))}`);
  const flood = flooded(given, 'many', 'done');
  const burst = await traced(browser, page, SCROLL_MS);
  await flood;
  await counted(page, 'many', 'done');
  said('all edits are on the page: one in five was done before');
  said(`during ${EDITS} edits: ${wordsOf(burst)}`);
  none(burst.long.map(String), 'no task used 50 ms of a processor or more');
  await still(page, given);
  none(errors, 'no errors in the console');
  await shot(page, given, 'many');
  await page.context().close();
}

/** A hundred tasks come in above the one that is read: it stays where it is, also once everything is put in order. */
async function still(page: Page, given: Given): Promise<void> {
  await page.locator('.scroller').evaluate((list) => list.scrollTo(0, 36_010));
  const before = await atRest(page);
  await given.patch('many', upTo(200).filter(isEven), { status: 'in_progress' });
  await page
    .locator('.line.project', { hasText: 'many' })
    .locator('.counts', { hasText: /^5.900\/10.000$/ })
    .waitFor();
  await page.waitForFunction(() => {
    const rows = [...document.querySelectorAll('.body .task')].map((row) => Number(row.getAttribute('aria-rowindex')));
    return rows.length > 0 && rows.every((row, place) => row === (rows[0] ?? 0) + place);
  });
  said('once the list rests its rows are in order in the page');
  const after = await atRest(page);
  check(after.first === before.first + 100, `a hundred rows further down: ${before.first}, ${after.first}`);
  check(after.tasks === before.tasks, `what is read stays in place\n  ${before.tasks}\n  ${after.tasks}`);
}

/** What is in sight once nothing has moved for a second. */
async function atRest(page: Page) {
  let seen = await inSight(page);
  await until('the list rests', async () => {
    await page.waitForTimeout(1_000);
    const before = seen;
    seen = await inSight(page);
    return seen.first === before.first && seen.tasks === before.tasks;
  });
  return seen;
}

/** The tasks in sight with their places on the screen, and the row of the first one. */
function inSight(page: Page) {
  return page.evaluate(() => {
    const { top, bottom } = (document.querySelector('.scroller') as HTMLElement).getBoundingClientRect();
    const rows = [...document.querySelectorAll<HTMLElement>('.body .task')]
      .map((row) => ({ task: row.dataset.task, at: row.getBoundingClientRect().top, row: Number(row.ariaRowIndex) }))
      .filter(({ at }) => at > top && at < bottom)
      .sort((a, b) => a.at - b.at);
    return { first: rows[0]?.row ?? 0, tasks: rows.map(({ task, at }) => `${task}@${at}`).join(' ') };
  });
}

function isEven(number: number): boolean {
  return number % 2 === 0;
}

/** The page with a project's list, all of it loaded. */
export async function listed(browser: Browser, url: string, given: Given, project: string): Promise<Opened> {
  const place = `${url}/#/${project}/${project}%3Amain`;
  const { page, errors } = await opened(browser, place, given.tokens.lead);
  await live(page);
  await page.locator('.tools .count', { hasText: /^10.000 tasks$/ }).waitFor({ timeout: 60_000 });
  return { page, errors };
}

/** Wait until a flood is on the page wholly. */
export async function counted(page: Page, project: string, status: Status): Promise<void> {
  const line = page.locator('.line.project', { hasText: project });
  await line.locator('.counts', { hasText: DONE[status] }).waitFor();
}

/** Agents' changes, spread evenly over ten seconds. */
export async function flooded(given: Given, project: string, status: Status): Promise<void> {
  for (let slice = 0; slice < SLICES; slice += 1) {
    const next = sleep(10_000 / SLICES);
    const size = EDITS / SLICES;
    const numbers = upTo(size).map((index) => (slice * size + index) * (TASKS / EDITS));
    await given.patch(project, numbers, { status });
    await next;
  }
}
