/** Two people and agents on one branch: edits in place, their echo in the other tab, a refusal, notices, search, links, keys. */
import type { Browser, Locator, Page } from 'playwright-core';
import type { TasksAnswer } from '../src/types.ts';
import { accessible, live, opened, shot } from './browser.ts';
import { check, type Given, none, said, titleOf, until } from './given.ts';

/** Of this run, so that it may be repeated: in the end the lead may only look. */
const CREW = `crew-${process.pid}`;
const HERE = `#/${CREW}/${CREW}%3Amain`;

export async function edits(browser: Browser, given: Given): Promise<void> {
  await given.project(CREW, 'Crew', 40);
  const lead = await opened(browser, `${given.url}/${HERE}`, given.tokens.lead);
  const boris = await opened(browser, `${given.url}/${HERE}`, given.tokens.boris);
  for (const { page } of [lead, boris]) {
    await live(page);
    await page.waitForSelector('.body .task');
  }
  await inPlace(lead.page, boris.page, given);
  await noticed(lead.page, boris.page, given);
  await refused(lead.page, given);
  await found(lead.page, given);
  await linked(lead.page, given);
  await byKeys(lead.page);
  for (const { page, errors } of [lead, boris]) {
    none(errors, 'no errors in the console');
    await page.context().close();
  }
}

function row(page: Page, id: string) {
  return page.locator(`.body .task[data-task="${id}"]`);
}

async function pick(task: Locator, what: 'Status' | 'Priority', value: string): Promise<void> {
  await task.getByRole('button', { name: `${what}:` }).click();
  await task.getByRole('combobox', { name: what }).selectOption(value);
}

/** Title, status and priority, by key and by pointer; the other tab has them, and the server too. */
async function inPlace(page: Page, other: Page, given: Given): Promise<void> {
  const mine = row(page, 't2');
  await mine.focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('Edited by hand');
  await page.keyboard.press('Enter');
  await mine.locator('span.title', { hasText: 'Edited by hand' }).waitFor();
  await pick(mine, 'Status', 'blocked');
  await pick(mine, 'Priority', 'critical');
  await page.keyboard.press('s');
  const menu = mine.getByRole('combobox', { name: 'Status' });
  await menu.selectOption('review');
  await page.waitForSelector('.body .task[data-task="t2"][data-status="review"]');
  await menu.waitFor({ state: 'detached' });
  const focused = await page.evaluate(() => document.activeElement?.getAttribute('data-task'));
  check(focused === 't2', 'a task that its new status moves keeps the focus');
  await pick(mine, 'Status', 'blocked');
  await row(other, 't2').locator('span.title', { hasText: 'Edited by hand' }).waitFor();
  await other.waitForSelector('.body .task[data-task="t2"][data-status="blocked"]');
  said('the other tab has it');
  await page.waitForSelector('.body .task[data-task="t2"]:not([data-pending])');
  await until('the server has the edit', async () => {
    const { tasks } = await given.call<TasksAnswer>(`/api/v2/projects/${CREW}/tasks?q=hand`, given.tokens.lead);
    const [task] = tasks;
    return task?.title === 'Edited by hand' && task.status === 'blocked' && task.priority === 'critical';
  });
  check((await page.locator('.notices [role=alert] .notice').count()) === 0, 'nothing was taken back');
}

/** What another person does where one looks is said quietly; an agent's thousand changes are not. */
async function noticed(page: Page, other: Page, given: Given): Promise<void> {
  await pick(row(other, 't7'), 'Status', 'testing');
  await page.locator('.notice.quiet', { hasText: 'boris set' }).waitFor();
  said(`said quietly: ${await page.locator('.notice.quiet').textContent()}`);
  await shot(page, given, 'notice');
  await page.getByRole('button', { name: 'Show', exact: true }).click();
  await page.waitForFunction(() => document.activeElement?.getAttribute('data-task') === 't7');
  said('and shown');
  check((await page.locator('.people li[data-kind="person"]').count()) >= 2, 'both people are at work');
}

/** Who may only look sees their change for a moment, and then why it was taken back. */
async function refused(page: Page, given: Given): Promise<void> {
  const member = { entity: 'member', action: 'create', project_id: CREW };
  await given.decided([
    { ...member, entity_id: 'agents', data: { user_id: 'agents', role: 'owner' } },
    { ...member, entity_id: 'lead', data: { user_id: 'lead', role: 'viewer' } },
  ]);
  const mine = row(page, 't3');
  const before = await mine.getAttribute('data-status');
  await until('the edit of a viewer is refused', async () => {
    await pick(mine, 'Status', 'cancelled');
    await page.waitForTimeout(500);
    return (await page.locator('.notices [role=alert] .notice').count()) > 0;
  });
  check((await mine.getAttribute('data-status')) === before, 'a refused edit is taken back');
  said((await page.locator('.notices [role=alert] .notice span').first().textContent()) ?? '');
  await accessible(page, 'with a notice');
  await shot(page, given, 'refused');
  for (const close of await page.getByRole('button', { name: 'Dismiss' }).all()) await close.click();
}

/** Tasks of all branches are found through the edge, loaded or not; a find leads to its task. */
async function found(page: Page, given: Given): Promise<void> {
  await page.keyboard.press('Escape');
  await page.locator('body').press('/');
  await page.keyboard.type(`31 of ${CREW}`);
  const option = page.getByRole('option', { name: titleOf(CREW, 31) }).first();
  await option.waitFor();
  await accessible(page, 'searching');
  await shot(page, given, 'search');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.activeElement?.getAttribute('data-task') === 't31');
  said('a found task is shown in its branch');
}

/** A link holds the branch, the task and what narrows the list; going back goes back. */
async function linked(page: Page, given: Given): Promise<void> {
  await page
    .locator('.filters')
    .getByRole('button', { name: /review/ })
    .click();
  check(page.url().endsWith(`${HERE}?status=review`), `what narrows the list stands in the address: ${page.url()}`);
  await page.goto(`${given.url}/${HERE}?task=t12&status=in_progress`);
  await page.waitForFunction(() => document.activeElement?.getAttribute('data-task') === 't12');
  check((await page.locator('.body .task:not([data-status="in_progress"])').count()) === 0, 'a link narrows the list');
  await page.locator('.line.project[aria-current], .group:has(.line[aria-current]) .line.project').click();
  await page.waitForURL(new RegExp(`#/${CREW}$`));
  await page.goBack();
  await page.locator('.heading h2', { hasText: 'main' }).waitFor();
  said('back leads to the branch before');
}

async function byKeys(page: Page): Promise<void> {
  const focused = (what: string) => page.evaluate((one) => document.activeElement?.matches(one) === true, what);
  await until('g p goes to the projects', async () => {
    await page.locator('body').press('g');
    await page.keyboard.press('p');
    return focused('.tree .line');
  });
  await until('g t and End go to the last task', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('t');
    await page.keyboard.press('End');
    const count = await page.locator('.grid').getAttribute('aria-rowcount');
    return focused(`.task[aria-rowindex="${count}"]`);
  });
  await page.keyboard.press('/');
  await page.keyboard.type('main');
  await page.getByRole('option', { name: /^main/ }).first().waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await until('a found branch leads to its name', () => focused('.tasks h2'));
  said('keys go everywhere');
}
