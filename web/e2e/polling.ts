/** No WebSocket can be kept: after five tries the page polls, with the same frames, and climbs back when it can. */
import type { Browser } from 'playwright-core';
import { live, opened, shot } from './browser.ts';
import { check, type Given, said } from './given.ts';

export async function polling(browser: Browser, given: Given): Promise<void> {
  await given.project('polls', 'Polls', 10);
  const { page } = await opened(browser, 'about:blank', given.tokens.lead);
  let refuse = true;
  let tries = 0;
  await page.routeWebSocket(/\/ws\/v2$/, (socket) => {
    tries += 1;
    if (refuse) void socket.close({ code: 1013 });
    else socket.connectToServer();
  });
  await page.clock.install();
  await page.goto(`${given.url}/#/polls`);
  await page.waitForSelector('.badge[data-state="off"]');
  for (let waits = 0; waits < 60 && !(await isPolling()); waits += 1) {
    await page.clock.runFor(2_000);
    await page.waitForTimeout(50);
  }
  check(await isPolling(), `after ${tries} tries it polls`);
  check(tries >= 5 && tries <= 7, 'as many as five failures take');
  await given.change([
    {
      entity: 'task',
      action: 'patch',
      project_id: 'polls',
      entity_id: 't1',
      source: 'user',
      data: { title: 'By poll' },
    },
  ]);
  for (let waits = 0; waits < 60 && (await page.getByText('By poll').count()) === 0; waits += 1) {
    await page.clock.runFor(200);
    await page.waitForTimeout(50);
  }
  check((await page.locator('.body .task span.title', { hasText: 'By poll' }).count()) === 1, 'changes come by polls');
  await shot(page, given, 'polling');
  refuse = false;
  for (let waits = 0; waits < 60 && !(await page.locator('.board[data-phase="live"]').count()); waits += 1) {
    await page.clock.runFor(2_000);
    await page.waitForTimeout(50);
  }
  await live(page);
  said('and it climbs back to the WebSocket');
  await page.context().close();

  async function isPolling(): Promise<boolean> {
    return (await page.locator('.board[data-phase="polling"]').count()) === 1;
  }
}
