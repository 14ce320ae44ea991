/** Two tabs of one person in one browser: a socket each, both live, and one goes on when the other is closed. */
import type { Browser, BrowserContext, Page, WebSocket } from 'playwright-core';
import { live, opened } from './browser.ts';
import { check, type Given, none, said } from './given.ts';

/** What a person may have by default. */
const MOST = 10;

export async function tabs(browser: Browser, given: Given): Promise<void> {
  await given.project('tabs', 'Tabs', 5);
  const first = await opened(browser, `${given.url}/#/tabs`, given.tokens.lead);
  await live(first.page);
  const context = first.page.context();
  const [second, sockets] = await another(context, given);
  check(sockets.length === 1 && !sockets[0]?.isClosed(), 'the second tab has a socket of its own');
  await everywhere([first.page, second], given, 'In both');
  said('both are live, and both have a change at once');
  await second.locator('.body .task[data-task="t2"]').focus();
  await second.keyboard.press('Enter');
  await second.keyboard.press('Control+A');
  await second.keyboard.type('Written in one');
  await second.keyboard.press('Enter');
  await first.page.locator('.body .task span.title', { hasText: 'Written in one' }).waitFor();
  said('what is written in one shows in the other');
  await limited(context, given);
  await second.close();
  await everywhere([first.page], given, 'In the one that is left');
  await live(first.page);
  none(first.errors, 'closing one leaves the other');
  await context.close();
}

async function another(context: BrowserContext, given: Given): Promise<readonly [Page, readonly WebSocket[]]> {
  const page = await context.newPage();
  const sockets: WebSocket[] = [];
  page.on('websocket', (socket) => sockets.push(socket));
  await page.goto(`${given.url}/#/tabs`);
  await live(page);
  return [page, sockets];
}

async function everywhere(pages: readonly Page[], given: Given, title: string): Promise<void> {
  await given.patch('tabs', [1], { title }, 'boris');
  for (const page of pages) await page.locator('.body .task span.title', { hasText: title }).waitFor();
}

/** One more than a person may have waits, says so, and comes in when there is room. */
async function limited(context: BrowserContext, given: Given): Promise<void> {
  const more: Page[] = [];
  while (context.pages().length < MOST) more.push((await another(context, given))[0]);
  const late = await context.newPage();
  await late.goto(`${given.url}/#/tabs`);
  await late.locator('.badge[data-state="off"][title*="too many connections"]', { hasText: 'Retrying' }).waitFor();
  said('the eleventh waits');
  await Promise.all(more.map((page) => page.close()));
  await live(late, 60_000);
  said('and comes in when others are closed');
  await late.close();
}
