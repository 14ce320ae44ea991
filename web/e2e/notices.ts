/** An edge whose frames carry no rows and that has no bulk call, as while clients move: the board loads and follows all the same. */
import type { Browser } from 'playwright-core';
import { gated, heard, live, opened, shot, totals } from './browser.ts';
import { filled } from './fallback.ts';
import { check, type Given, none, said, upTo } from './given.ts';

export async function notices(browser: Browser, given: Given): Promise<void> {
  await given.project('noticed', 'Noticed', 30);
  const { page, errors } = await opened(browser, 'about:blank', given.tokens.lead);
  const calls = heard(page);
  const gate = await gated(page);
  await page.goto(`${given.url}/#/noticed`);
  await filled(page, calls, 'noticed', 'Noticed', '6/30');
  gate.open = true;
  await page.locator('.badge').click();
  await live(page);
  said('loaded without the bulk call, live without cascades');
  calls.splice(0);
  await given.patch('noticed', upTo(30), { status: 'done' });
  await page.locator('.line.project', { hasText: 'Noticed' }).locator('.counts', { hasText: '30/30' }).waitFor();
  await page.waitForFunction(() => {
    const tasks = [...document.querySelectorAll<HTMLElement>('.body .task')];
    return tasks.length > 0 && tasks.every((task) => task.dataset.status === 'done');
  });
  said('what notices named was read again, the open list too');
  check((await totals(page)).done === 30, 'totals follow');
  const reads = calls.filter((path) => path.includes('summaries')).length;
  check(reads >= 1 && reads < 30, `thirty notices are ${reads} calls`);
  none(
    errors.filter((one) => !/404|WebSocket/.test(one)),
    'no errors but of what is switched off',
  );
  check(errors.filter((one) => /404/.test(one)).length === 1, 'which is asked for once');
  await shot(page, given, 'notices');
  await page.context().close();
}
