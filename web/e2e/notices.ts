/** An edge whose frames carry no rows and that has no bulk call, as while clients move: the board loads and follows all the same. */
import type { Browser } from 'playwright-core';
import { live, opened, shot, totals } from './browser.ts';
import { check, type Given, said } from './given.ts';

export async function notices(browser: Browser, given: Given): Promise<void> {
  await given.project('noticed', 'Noticed', 30);
  const { page, errors } = await opened(browser, 'about:blank', given.tokens.lead);
  const calls: string[] = [];
  page.on('request', (request) => calls.push(new URL(request.url()).pathname));
  await page.goto(`${given.url}/#/noticed`);
  await live(page);
  await page.locator('.line.project', { hasText: 'Noticed' }).locator('.counts', { hasText: '6/30' }).waitFor();
  said('loaded without cascades, live');
  calls.splice(0);
  const base = { source: 'mcp-ai', session_id: 'builder-3', entity: 'task', action: 'patch', project_id: 'noticed' };
  await given.change(Array.from({ length: 30 }, (_, i) => ({ ...base, entity_id: `t${i}`, data: { status: 'done' } })));
  await page.locator('.line.project', { hasText: 'Noticed' }).locator('.counts', { hasText: '30/30' }).waitFor();
  await page.waitForFunction(() => document.querySelector('.body .task:not([data-status="done"])') === null);
  said('what notices named was read again, the open list too');
  check((await totals(page)).done === 30, 'totals follow');
  const reads = calls.filter((path) => path.includes('summaries')).length;
  check(reads >= 1 && reads < 30, `thirty notices are ${reads} calls`);
  check(
    errors.every((one) => /404/.test(one)),
    `no errors but of calls that are switched off${errors.map((one) => `\n  ${one}`)}`,
  );
  await shot(page, given, 'notices');
  await page.context().close();
}
