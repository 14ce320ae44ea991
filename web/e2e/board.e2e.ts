/**
 * The board in a real browser, against a running edge:
 * `npm run e2e -- --url URL --login LOGIN_URL [--shots DIR]`. One line per check; exits 1 when one fails.
 */
import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import type { BulkAnswer, TasksAnswer } from '../src/types.ts';
import { launch, live, watchErrors } from './browser.ts';

interface Given {
  readonly url: string;
  readonly login: string;
  readonly shots: string | null;
}

interface Totals {
  readonly total: number;
  readonly done: number;
  readonly inProgress: number;
  readonly open: number;
}

export async function main(argv: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: { url: { type: 'string' }, login: { type: 'string' }, shots: { type: 'string' } },
  });
  if (values.url === undefined || values.login === undefined) {
    console.error('usage: npm run e2e -- --url URL --login LOGIN_URL [--shots DIR]');
    return 2;
  }
  const given: Given = { url: values.url, login: values.login, shots: values.shots ?? null };
  if (given.shots !== null) await mkdir(given.shots, { recursive: true });
  const browser = await launch();
  try {
    await board(browser, given);
    console.log('ok: the board');
    return 0;
  } catch (error) {
    console.error(`failed: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  } finally {
    await browser.close();
  }
}

async function board(browser: Browser, given: Given): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: 'light' });
  const page = await context.newPage();
  const errors = watchErrors(page);
  await page.goto(given.login);
  await live(page);
  said('signed in by the link, live');
  check(!page.url().includes('code='), 'the code is gone from the address');
  const token = await page.evaluate(() => sessionStorage.getItem('anabranch.token'));
  check(token !== null, 'the token is kept for this tab');
  await totalsAgree(page, given, token ?? '');
  await shot(page, given, 'light');
  await editTask(page, given, token ?? '');
  await page.reload();
  await live(page);
  said('live again after a reload');
  await page.emulateMedia({ colorScheme: 'dark' });
  await shot(page, given, 'dark');
  await phone(browser, given, token ?? '');
  check(errors.length === 0, `no errors in the console${errors.length > 0 ? `: ${errors.join(' | ')}` : ''}`);
  await cut(browser, given, token ?? '');
  await signedOut(browser, given);
}

/** What the page shows is what the bulk call says, however busy the server is: asked again until both are from one moment. */
async function totalsAgree(page: Page, given: Given, token: string): Promise<void> {
  let seen: Totals | null = null;
  let told: Totals | null = null;
  for (let i = 0; i < 40; i += 1) {
    told = sumsOf(await call<BulkAnswer>(given, token, '/api/v2/branches/summaries/bulk', {}));
    seen = await shown(page);
    if (JSON.stringify(seen) === JSON.stringify(told)) break;
    await page.waitForTimeout(250);
  }
  check(
    JSON.stringify(seen) === JSON.stringify(told),
    `totals equal the bulk answer: ${JSON.stringify(seen)} = ${JSON.stringify(told)}`,
  );
}

async function editTask(page: Page, given: Given, token: string): Promise<void> {
  await page.waitForSelector('.body .task');
  const row = page.locator('.body .task').first();
  const id = (await row.getAttribute('data-task')) ?? '';
  const mine = page.locator(`.body .task[data-task="${id}"]`);
  const title = `Edited by hand ${Date.now() % 100_000}`;
  await row.focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Control+A');
  await page.keyboard.type(title);
  await page.keyboard.press('Enter');
  await settled(page, id);
  check((await mine.locator('span.title').textContent()) === title, 'the new title shows');
  const before = await mine.getAttribute('data-status');
  const status = before === 'review' ? 'blocked' : 'review';
  await mine.getByLabel('Status').selectOption(status);
  await page.waitForSelector(`.body .task[data-task="${id}"][data-status="${status}"]`);
  await settled(page, id);
  const choice = await page.evaluate(() => location.hash.slice(2).split('/').map(decodeURIComponent));
  const stored = await taskOf(given, token, choice[0] ?? '', id);
  check(stored?.title === title && stored.status === status, `the server has the new title and status of ${id}`);
  check((await page.locator('.notices [role=alert] .notice').count()) === 0, 'nothing was taken back');
}

/** The page has no open change of the task any more. */
async function settled(page: Page, id: string): Promise<void> {
  await page.waitForSelector(`.body .task[data-task="${id}"]:not([data-pending])`, { timeout: 15_000 });
}

async function phone(browser: Browser, given: Given, token: string): Promise<void> {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    hasTouch: true,
    isMobile: true,
  });
  await context.addInitScript((value) => sessionStorage.setItem('anabranch.token', value), token);
  const page = await context.newPage();
  await page.goto(given.url);
  await live(page);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > screen.width);
  check(!wide, 'a phone needs no sideways scrolling');
  await shot(page, given, 'phone');
  await page.getByRole('tab', { name: 'Tasks' }).click();
  await page.waitForSelector('.body .task');
  await shot(page, given, 'phone-tasks');
  await context.close();
}

/** The connection is lost and refused for a while: the page says so, keeps showing what it has, and comes back. */
async function cut(browser: Browser, given: Given, token: string): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.addInitScript((value) => sessionStorage.setItem('anabranch.token', value), token);
  const page = await context.newPage();
  let open: { close(options: { code: number }): Promise<void> } | null = null;
  let refuse = false;
  await page.routeWebSocket(/\/ws\/v2$/, (socket) => {
    if (refuse) {
      void socket.close({ code: 1013 });
      return;
    }
    open = socket;
    socket.connectToServer();
  });
  await page.goto(given.url);
  await live(page);
  refuse = true;
  await (open as { close(options: { code: number }): Promise<void> } | null)?.close({ code: 1012 });
  await page.waitForSelector('.badge[data-state="off"]');
  check((await shown(page)).total >= 0, 'cut off, the page keeps what it has and says that it retries');
  await shot(page, given, 'cut');
  refuse = false;
  await live(page);
  said('the page comes back by itself after a cut');
  await context.close();
}

async function signedOut(browser: Browser, given: Given): Promise<void> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 } });
  const page = await context.newPage();
  await page.goto(given.url);
  await page.getByRole('heading', { name: 'Open the link that anabranch up printed' }).waitFor();
  said('without a token the page says where the link is');
  await page.getByRole('textbox').fill('not.a.token');
  await page.getByRole('button', { name: 'Open the board' }).click();
  await page.getByRole('alert').filter({ hasText: /\S/ }).waitFor();
  said('a wrong token is refused with a sentence');
  await shot(page, given, 'signin');
  await context.close();
}

async function shown(page: Page): Promise<Totals> {
  return page.evaluate(() => {
    const read = (name: string) => {
      return Number(document.querySelector(`[data-total="${name}"]`)?.textContent?.replace(/[^0-9]/g, ''));
    };
    return { total: read('total'), done: read('done'), inProgress: read('inProgress'), open: read('open') };
  });
}

function sumsOf(answer: BulkAnswer): Totals {
  const rows = Object.values(answer.projects);
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0);
  return {
    total: sum((row) => row.total_tasks),
    done: sum((row) => row.completed_tasks),
    inProgress: sum((row) => row.in_progress_tasks),
    open: sum((row) => row.active_tasks - row.completed_tasks),
  };
}

async function taskOf(given: Given, token: string, project: string, id: string) {
  let after: string | null = null;
  do {
    const query: string = after === null ? '' : `&after=${encodeURIComponent(after)}`;
    const page: TasksAnswer = await call(
      given,
      token,
      `/api/v2/projects/${encodeURIComponent(project)}/tasks?limit=500${query}`,
      null,
    );
    const found = page.tasks.find((task) => task.id === id);
    if (found !== undefined) return found;
    after = page.next;
  } while (after !== null && after !== undefined);
  return null;
}

async function call<T>(given: Given, token: string, path: string, body: object | null): Promise<T> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const options = body === null ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) };
  const answer = await fetch(new URL(path, given.url), options);
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

async function shot(page: Page, given: Given, name: string): Promise<void> {
  if (given.shots === null) return;
  await page.waitForTimeout(600);
  await page.screenshot({ path: `${given.shots}/${name}.png` });
}

function said(what: string): void {
  console.log(`ok: ${what}`);
}

function check(good: boolean, what: string): void {
  if (!good) throw new Error(what);
  said(what);
}
