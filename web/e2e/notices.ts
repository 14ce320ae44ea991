/** An edge whose frames carry no rows and that has no bulk call, as while clients move: the board loads and follows all the same. */
import type { Browser } from 'playwright-core';
import { gated, live, opened, shot, totals } from './browser.ts';
import { filled, heard } from './fallback.ts';
import { check, type Given, said } from './given.ts';

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
  const base = { source: 'mcp-ai', session_id: 'builder-3', entity: 'task', action: 'patch', project_id: 'noticed' };
  await given.change(Array.from({ length: 30 }, (_, i) => ({ ...base, entity_id: `t${i}`, data: { status: 'done' } })));
  await page.locator('.line.project', { hasText: 'Noticed' }).locator('.counts', { hasText: '30/30' }).waitFor();
  await page.waitForFunction(() => {
    const tasks = [...document.querySelectorAll<HTMLElement>('.body .task')];
    return tasks.length > 0 && tasks.every((task) => task.dataset.status === 'done');
  });
  said('what notices named was read again, the open list too');
  check((await totals(page)).done === 30, 'totals follow');
  const reads = calls.filter((path) => path.includes('summaries')).length;
  check(reads >= 1 && reads < 30, `thirty notices are ${reads} calls`);
  const missing = errors.filter((one) => /404/.test(one));
  check(missing.length === 1, `what is switched off is asked for once${errors.map((one) => `\n  ${one}`)}`);
  await shot(page, given, 'notices');
  await page.context().close();
}
