/** Signed in by the link while a real history comes in: what the page shows is what the edge says, and anyone can read it. */
import type { Browser, Page } from 'playwright-core';
import type { BulkAnswer } from '../src/types.ts';
import { accessible, heard, live, opened, PHONE, shot, totals } from './browser.ts';
import { check, type Given, none, said, until } from './given.ts';

export async function looks(browser: Browser, given: Given): Promise<void> {
  const { page, errors } = await opened(
    browser,
    given.login ?? given.url,
    given.login === null ? given.tokens.lead : null,
  );
  await live(page);
  said('signed in by the link, live');
  check(!page.url().includes('code='), 'the code is gone from the address');
  await follows(page, given);
  await dressed(page, given);
  const calls = heard(page);
  await page.reload();
  await live(page);
  said('live again after a reload');
  check(calls.filter((path) => path.includes('summaries')).length === 1, 'one call brings all summaries');
  await page.locator('.entry').first().waitFor();
  said('the feed does not begin empty');
  const by = await page.locator('.entry .by').allTextContents();
  check(
    by.some((name) => /^agent ./.test(name)),
    `an imported change has a name: ${[...new Set(by)].join(', ')}`,
  );
  none(errors, 'no errors in the console, nothing against the policy');
  await phone(browser, given);
  await newcomer(browser, given);
  await signedOut(browser, given);
}

/** While the import runs, and at its end, the page agrees with the edge. */
async function follows(page: Page, given: Given): Promise<void> {
  const seen = new Set<number>();
  let told: BulkAnswer | null = null;
  await until(
    'the page shows what the edge says',
    async () => {
      const shown = await totals(page);
      seen.add(shown.total ?? 0);
      told = await given.call<BulkAnswer>('/api/v2/branches/summaries/bulk', given.tokens.lead, {
        include_archived: true,
      });
      await page.waitForTimeout(3_000);
      const still = await given.call<BulkAnswer>('/api/v2/branches/summaries/bulk', given.tokens.lead, {
        include_archived: true,
        known_cache_key: told.cache_key,
      });
      const moved = seen.size > 1 && (shown.total ?? 0) > 0;
      return moved && 'unchanged' in still && JSON.stringify(await totals(page)) === JSON.stringify(sumsOf(told));
    },
    120_000,
  );
  said(`the totals moved while the history came in: ${[...seen].slice(0, 6).join(', ')} …`);
  said(`totals equal the bulk answer: ${JSON.stringify(await totals(page))}`);
  check((await page.locator('.entry[data-kind="agent"] .fold:visible').count()) > 0, 'a burst is one line that opens');
  const fold = page.locator('.entry .fold:visible').first();
  if ((await fold.getAttribute('aria-expanded')) === 'false') await fold.click();
  check((await page.locator('.entry .parts:visible li').count()) > 1, 'and shows its parts');
}

async function dressed(page: Page, given: Given): Promise<void> {
  await page.waitForSelector('.body .task');
  await accessible(page, 'light');
  await shot(page, given, 'light');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys and signs' }).waitFor();
  await accessible(page, 'help');
  await shot(page, given, 'help');
  await page.keyboard.press('Escape');
  await panes(page, given, 'light');
  await page.emulateMedia({ colorScheme: 'dark' });
  await panes(page, given, 'dark');
  await accessible(page, 'dark');
  await shot(page, given, 'dark');
  await page.emulateMedia({ colorScheme: 'light' });
}

/** The burn-down of the branch, and the receipt of an agent's line: read from the log, by anyone. */
async function panes(page: Page, given: Given, name: string): Promise<void> {
  await page.getByRole('button', { name: 'Burn-down' }).click();
  const chart = page.getByRole('dialog', { name: 'Burn-down' });
  await chart.getByRole('img', { name: /open .* now; done/ }).waitFor({ timeout: 60_000 });
  await chart.getByText(/As a table/).click();
  check((await chart.locator('tbody tr').count()) > 0, 'the burn-down is a table, too');
  await accessible(page, `burn-down, ${name}`);
  await shot(page, given, `burndown-${name}`);
  await chart.getByRole('button', { name: 'Close' }).click();
  await page.locator('.entry[data-kind="agent"] .opens:visible').first().click();
  const receipt = page.getByRole('dialog', { name: 'Receipt' });
  await receipt.locator('.net').waitFor({ timeout: 60_000 });
  said(`a receipt: ${await receipt.locator('.net').textContent()}`);
  await accessible(page, `receipt, ${name}`);
  await shot(page, given, `receipt-${name}`);
  await receipt.getByRole('button', { name: 'Close' }).click();
}

async function phone(browser: Browser, given: Given): Promise<void> {
  const { page, errors } = await opened(browser, given.url, given.tokens.lead, PHONE);
  await live(page);
  for (const pane of ['Projects', 'Tasks', 'Activity']) {
    await page.getByRole('tab', { name: pane }).click();
    await page.waitForTimeout(300);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    check(!wide, `a phone needs no sideways scrolling: ${pane}`);
    await accessible(page, `phone, ${pane}`);
    await shot(page, given, `phone-${pane.toLowerCase()}`);
  }
  none(errors, 'no errors on a phone');
  await page.context().close();
}

/** Whoever has no project is told so, and how to get one, however slow the machine draws the page's parts. */
async function newcomer(browser: Browser, given: Given): Promise<void> {
  for (let load = 0; load < 4; load += 1) {
    const { page } = await opened(browser, 'about:blank', given.tokens.newcomer);
    const devtools = await page.context().newCDPSession(page);
    await devtools.send('Emulation.setCPUThrottlingRate', { rate: 8 });
    await page.goto(given.url);
    await live(page);
    await page.getByText('No projects yet').waitFor({ timeout: 2_000 });
    await page.context().close();
  }
  said('a page without projects says how to get one');
}

async function signedOut(browser: Browser, given: Given): Promise<void> {
  const { page } = await opened(browser, given.url, null);
  await page.getByRole('heading', { name: 'Open the link that anabranch up printed' }).waitFor();
  said('without a token the page says where the link is');
  await accessible(page, 'sign in');
  await shot(page, given, 'signin');
  await page.getByRole('textbox').fill('not.a.token');
  await page.getByRole('button', { name: 'Open the board' }).click();
  await page
    .getByRole('alert')
    .filter({ hasText: /not accepted/ })
    .waitFor();
  said('a wrong token is refused with a sentence');
  await page.context().close();
}

function sumsOf(answer: BulkAnswer): Readonly<Record<string, number>> {
  const rows = Object.values(answer.projects).filter((project) => !project.archived);
  const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0);
  return {
    total: sum((row) => row.total_tasks),
    done: sum((row) => row.completed_tasks),
    inProgress: sum((row) => row.in_progress_tasks),
    open: sum((row) => row.active_tasks - row.completed_tasks),
  };
}
