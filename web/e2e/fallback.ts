/** The bulk call fails: the board is filled project by project, with no stream yet. Whoever is told to wait takes no other way. */
import type { Browser, Page } from 'playwright-core';
import { gated, heard, live, opened, shot } from './browser.ts';
import { check, type Given, none, said } from './given.ts';

const BULK = '/api/v2/branches/summaries/bulk';

export async function fallback(browser: Browser, given: Given): Promise<void> {
  await given.project('older', 'Older', 20);
  await failing(browser, given);
  await refused(browser, given);
}

async function failing(browser: Browser, given: Given): Promise<void> {
  const { page, errors } = await opened(browser, 'about:blank', given.tokens.lead);
  const calls = heard(page);
  const gate = await gated(page);
  await page.route(`**${BULK}`, (route) => route.fulfill({ status: 500, body: 'no' }));
  await page.goto(`${given.url}/#/older`);
  await filled(page, calls, 'older', 'Older', '4/20');
  check(calls.filter((path) => path === BULK).length === 2, 'a server that fails is asked once more');
  await shot(page, given, 'fallback');
  gate.open = true;
  await page.locator('.badge').click();
  await live(page);
  await given.patch('older', [0], { status: 'done' });
  await page.locator('.line.project', { hasText: 'Older' }).locator('.counts', { hasText: '5/20' }).waitFor();
  none(
    errors.filter((one) => !/500|WebSocket/.test(one)),
    'live from there, and no errors but those',
  );
  await page.context().close();
}

/** The board shows a project before anything can come over a socket, and its tasks; only version 1 can have told it. */
export async function filled(page: Page, calls: readonly string[], id: string, name: string, counts: string) {
  await page.locator('.line.project', { hasText: name }).locator('.counts', { hasText: counts }).waitFor();
  await page.locator('.body .task').first().waitFor();
  check((await page.locator('.board[data-phase="live"]').count()) === 0, 'shown with no stream');
  check(calls.includes(`/api/v1/projects/${id}/branches/summaries`), 'by the calls of version 1');
}

async function refused(browser: Browser, given: Given): Promise<void> {
  for (const status of [429, 403]) {
    const { page } = await opened(browser, 'about:blank', given.tokens.lead);
    const calls = heard(page);
    await page.route(`**${BULK}`, (route) => route.fulfill({ status, json: { detail: 'not now' } }));
    await page.goto(`${given.url}/#/older`);
    if (status === 403) await page.getByRole('alert').filter({ hasText: 'not accepted: not now' }).waitFor();
    else await page.locator('.line.project', { hasText: 'Older' }).waitFor();
    check(!calls.some((path) => path.startsWith('/api/v1/')), `never after ${status}`);
    await page.context().close();
  }
  said('who asked too often gets it from the stream; who may not ask is told so');
}
