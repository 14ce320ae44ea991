/** No WebSocket can be kept: after five tries the page polls, with the same frames, and climbs back when it can. */
import type { Browser, Page } from 'playwright-core';
import { gated, live, opened, shot } from './browser.ts';
import { check, type Given, said, until } from './given.ts';

export async function polling(browser: Browser, given: Given): Promise<void> {
  await given.project('polls', 'Polls', 10);
  const { page } = await opened(browser, 'about:blank', given.tokens.lead);
  const gate = await gated(page);
  await page.clock.install();
  await page.goto(`${given.url}/#/polls`);
  await page.waitForSelector('.badge[data-state="off"]');
  await runTo(page, '.board[data-phase="polling"]', 2_000);
  check((await page.locator('.board[data-phase="polling"]').count()) === 1, `after ${gate.tries} tries it polls`);
  check(gate.tries >= 5 && gate.tries <= 7, 'as many as five failures take');
  await given.patch('polls', [1], { title: 'By poll' }, 'boris');
  await runTo(page, '.body .task span.title:text("By poll")', 200);
  check((await page.locator('.body .task span.title', { hasText: 'By poll' }).count()) === 1, 'changes come by polls');
  await shot(page, given, 'polling');
  gate.open = true;
  await runTo(page, '.board[data-phase="live"]', 2_000);
  await live(page);
  said('and it climbs back to the WebSocket');
  await page.context().close();
}

/** Let the page's clock run, step by step, until there is such a thing in it. */
async function runTo(page: Page, selector: string, stepMs: number): Promise<void> {
  await until(selector, async () => {
    if ((await page.locator(selector).count()) > 0) return true;
    await page.clock.runFor(stepMs);
    return false;
  });
}
