/**
 * The board in a real browser, against a running edge:
 * `npm run e2e -- PART --url URL --private PRIVATE_URL [--login LOGIN_URL] [--shots DIR]`, with tokens of people and of an
 * agent's service in `ANABRANCH_E2E_TOKENS` as JSON. One line per check; exits 1 when one fails.
 */
import { mkdir } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Browser } from 'playwright-core';
import { badges } from './badges.ts';
import { launch } from './browser.ts';
import { cuts } from './cuts.ts';
import { edits } from './edits.ts';
import { fallback } from './fallback.ts';
import { frozen } from './frozen.ts';
import { Given, type Tokens } from './given.ts';
import { looks } from './looks.ts';
import { notices } from './notices.ts';
import { polling } from './polling.ts';
import { smooth } from './smooth.ts';
import { tabs } from './tabs.ts';

const PARTS: Readonly<Record<string, (browser: Browser, given: Given) => Promise<void>>> = {
  looks,
  edits,
  cuts,
  polling,
  smooth,
  badges,
  tabs,
  fallback,
  frozen,
  notices,
};

export async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      url: { type: 'string' },
      private: { type: 'string' },
      login: { type: 'string' },
      shots: { type: 'string' },
    },
  });
  const part = PARTS[positionals[0] ?? ''];
  const tokens = JSON.parse(process.env.ANABRANCH_E2E_TOKENS ?? 'null') as Tokens | null;
  if (part === undefined || values.url === undefined || values.private === undefined || tokens === null) {
    const more = '--url URL --private PRIVATE_URL [--login LOGIN_URL] [--shots DIR]';
    console.error(`usage: npm run e2e -- ${Object.keys(PARTS).join('|')} ${more}`);
    return 2;
  }
  if (values.shots !== undefined) await mkdir(values.shots, { recursive: true });
  const given = new Given(values.url, values.login ?? null, values.shots ?? null, tokens, values.private);
  const browser = await launch();
  try {
    await part(browser, given);
    console.log(`ok: ${positionals[0]}`);
    return 0;
  } catch (error) {
    console.error(`failed: ${error instanceof Error ? error.stack : String(error)}`);
    return 1;
  } finally {
    await browser.close();
  }
}
