/** The whole browser stands still while agents work: the edge lets go of it, others go on, and awake it shows what is true. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { live, opened } from './browser.ts';
import { check, type Given, none, said, until, upTo } from './given.ts';

const TASKS = 120;
const ENDED = 'edge_stalled_connections_total';
/** An edge waits ten seconds for a client that takes nothing, from when no more fits on the way to it. */
const LIMIT_MS = 90_000;

/** Whoever runs this stops Chromium when told to, and lets it go on. */
export async function frozen(browser: Browser, given: Given): Promise<void> {
  await given.project('frozen', 'Frozen', TASKS);
  const { page, errors } = await opened(browser, `${given.url}/#/frozen`, given.tokens.lead);
  await live(page);
  const before = await given.measured(ENDED);
  said('stop Chromium');
  const end = Date.now() + LIMIT_MS;
  for (let round = 0; (await given.measured(ENDED)) === before; round += 1) {
    if (Date.now() > end) throw new Error('not in time: the edge lets go of it');
    await given.patch('frozen', upTo(TASKS), { status: round % 2 === 0 ? 'review' : 'todo' });
    await until('others see it', async () => (await inReview(given)) === (round % 2 === 0 ? TASKS : 0));
    await sleep(100);
  }
  await given.patch('frozen', upTo(TASKS), { status: 'done' });
  said('let Chromium go on');
  await page
    .locator('.line.project', { hasText: 'Frozen' })
    .locator('.counts', { hasText: `${TASKS}/${TASKS}` })
    .waitFor();
  await live(page);
  const [shown, done] = await Promise.all(
    ['.body .task', '.body .task[data-status="done"]'].map((one) => page.locator(one).count()),
  );
  check(shown === done && (done ?? 0) > 0, 'awake, it shows what is true, tasks too');
  none(errors, 'and no errors in the console');
  await page.context().close();
}

async function inReview(given: Given): Promise<number> {
  const path = '/api/v2/projects/frozen/tasks?status=review&limit=200';
  return (await given.call<{ tasks: readonly unknown[] }>(path, given.tokens.boris)).tasks.length;
}
