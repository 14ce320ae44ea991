/** The wire is cut while agents work, and a token ends: the page says so, keeps what it has, catches up and loses nothing. */
import type { Browser } from 'playwright-core';
import type { BulkAnswer } from '../src/types.ts';
import { accessible, launch, live, opened, says, shot, totals } from './browser.ts';
import { check, type Given, said, until, upTo } from './given.ts';
import { Wire } from './wire.ts';

/** Longer than a page takes to open on a busy machine. */
const SHORT_S = 15;

export async function cuts(browser: Browser, given: Given): Promise<void> {
  await given.project('cuts', 'Cuts', 60);
  await ended(browser, given);
  const port = Number(new URL(given.url).port);
  const wire = new Wire(port);
  // The page's address stays the same, so that its origin does: only the way there is another one.
  const wired = await launch(`--host-resolver-rules=MAP localhost:${port} 127.0.0.1:${await wire.listen()}`);
  try {
    await cut(wired, wire, given);
  } finally {
    await wired.close();
    wire.close();
  }
}

async function cut(browser: Browser, wire: Wire, given: Given): Promise<void> {
  const { page } = await opened(browser, `http://localhost:${new URL(given.url).port}/#/cuts`, given.tokens.lead);
  await live(page);
  const before = await totals(page);
  wire.cut();
  said(`the badge says: ${await says(page, /Retrying\s*in \d+ s.*as of .* old/)}`);
  check(JSON.stringify(await totals(page)) === JSON.stringify(before), 'cut off, the page keeps what it has');
  await shot(page, given, 'cut');
  await given.patch('cuts', upTo(60), { status: 'done' });
  await until('the edge has the burst', async () => (await told(given)).completed_tasks === 60);
  await page.waitForTimeout(1_500);
  wire.mend();
  await live(page);
  await page.locator('.line.project', { hasText: 'Cuts' }).locator('.counts', { hasText: '60/60' }).waitFor();
  const [shown, done] = await Promise.all(
    ['.body .task', '.body .task[data-status="done"]'].map((one) => page.locator(one).count()),
  );
  check(shown === done && (done ?? 0) > 0, 'back, it has caught up, tasks too');
  await page.context().close();
}

/** A token ends while the page is open: it says so over what it has, and goes on with another one. */
async function ended(browser: Browser, given: Given): Promise<void> {
  const { page } = await opened(browser, `${given.url}/#/cuts`, await given.short(SHORT_S));
  await live(page);
  await page.waitForSelector('.badge[data-state="bad"]', { timeout: 60_000 });
  said(`the token has ended: ${await says(page, /^Sign in/)}`);
  await page.getByRole('dialog', { name: 'Sign in' }).waitFor();
  await accessible(page, 'signing in again');
  await shot(page, given, 'ended');
  await given.patch('cuts', upTo(5), { status: 'review' });
  await page.getByRole('textbox', { name: /paste a token/ }).fill(given.tokens.lead);
  await page.getByRole('button', { name: 'Open the board' }).click();
  await live(page);
  await page.locator('.line.project', { hasText: 'Cuts' }).locator('.counts', { hasText: '11/60' }).waitFor();
  await page
    .locator('.filters')
    .getByRole('button', { name: /review/ })
    .click();
  await page.locator('.body .task[data-task="t0"][data-status="review"]').waitFor();
  said('with another token it goes on, with what was missed, in the open list too');
  await page.context().close();
}

async function told(given: Given) {
  const answer = await given.call<BulkAnswer>('/api/v2/branches/summaries/bulk', given.tokens.boris, {
    project_ids: ['cuts'],
  });
  return answer.projects.cuts ?? { completed_tasks: -1 };
}
