/** What the badge says when the server is cut off from its source or behind, and when it refuses this page; all keep what they have. */
import type { Browser } from 'playwright-core';
import { accessible, launch, live, opened, says, shot, totals } from './browser.ts';
import { check, type Given, none, said } from './given.ts';

const STALE_MS = 60_000;

export async function badges(browser: Browser, given: Given): Promise<void> {
  await given.project('badges', 'Badges', 5);
  await stale(browser, given);
  await behind(browser, given);
  await failed(given);
}

/** Whoever runs this stops Kafka when told to, and lets it go on. */
async function stale(browser: Browser, given: Given): Promise<void> {
  const { page, errors } = await opened(browser, `${given.url}/#/badges`, given.tokens.lead);
  await live(page);
  const before = await totals(page);
  said('stop Kafka');
  await page.waitForSelector('.badge[data-state="stale"]', {
    timeout: STALE_MS,
  });
  said(`the badge says since when: ${await says(page, /Stale.*as of .* old/)}`);
  check(JSON.stringify(await totals(page)) === JSON.stringify(before), 'the page keeps what it has');
  await accessible(page, 'stale');
  await shot(page, given, 'stale');
  said('let Kafka go on');
  await page.waitForSelector('.badge[data-state="live"]', {
    timeout: STALE_MS,
  });
  await given.patch('badges', [1], { title: 'After the break' });
  await page.locator('.body .task span.title', { hasText: 'After the break' }).waitFor();
  none(errors, 'live again, and no errors in the console');
  await page.context().close();
}

/** Whoever runs this stops the worker when told to: Kafka answers, and the edge has read all there is, but changes wait. */
async function behind(browser: Browser, given: Given): Promise<void> {
  const { page, errors } = await opened(browser, `${given.url}/#/badges`, given.tokens.lead);
  await live(page);
  said('stop the worker');
  let title = '';
  for (
    const badge = page.locator('.badge[data-state="stale"]');
    (await badge.count()) === 0;
    await page.waitForTimeout(250)
  ) {
    title = `Nobody has counted ${Date.now()}`;
    await given.patch('badges', [2], { title });
  }
  said(`changes that nobody takes in: ${await says(page, /Stale.*as of .* old/)}`);
  said('let the worker go on');
  await page.waitForSelector('.badge[data-state="live"]', {
    timeout: STALE_MS,
  });
  await page.locator('.body .task span.title', { hasText: title }).waitFor();
  none(errors, 'live again with the change, and no errors in the console');
  await page.context().close();
}

/** Under a name that the edge does not know it gives its page, but takes no WebSocket: another site may be behind it. */
async function failed(given: Given): Promise<void> {
  const { port, hostname } = new URL(given.url);
  const elsewhere = await launch(`--host-resolver-rules=MAP board.test ${hostname}`);
  try {
    const { page } = await opened(elsewhere, `http://board.test:${port}/#/badges`, given.tokens.lead);
    await page.waitForSelector('.badge[data-state="bad"]', {
      timeout: STALE_MS,
    });
    said(`a page that is refused says so: ${await says(page, /^Failed\s*this page may not connect/)}`);
    check(((await totals(page)).total ?? 0) > 0, 'and shows what it could read');
    await page.waitForTimeout(3_000);
    check((await page.locator('.badge[data-state="bad"]').count()) === 1, 'and does not try again by itself');
    await accessible(page, 'failed');
    await shot(page, given, 'failed');
  } finally {
    await elsewhere.close();
  }
}
