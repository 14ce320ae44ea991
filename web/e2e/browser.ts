/** Debian's Chromium, driven by playwright-core; what the page logs and what its policy refuses is collected. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { type Given, none, until } from './given.ts';

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

export function launch(...flags: readonly string[]): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.ANABRANCH_CHROMIUM ?? '/usr/bin/chromium',
    headless: true,
    args: [...FLAGS, ...flags],
  });
}

export interface Opened {
  readonly page: Page;
  /** What the page logged as an error, threw, or tried against its policy. */
  readonly errors: string[];
}

const DESK: BrowserContextOptions = { viewport: { width: 1440, height: 900 }, colorScheme: 'light' };
export const PHONE: BrowserContextOptions = {
  viewport: { width: 390, height: 844 },
  deviceScaleFactor: 2,
  hasTouch: true,
  isMobile: true,
};

/** A page of its own, as another person or another device would have it. */
export async function opened(
  browser: Browser,
  address: string,
  token: string | null,
  options: BrowserContextOptions = {},
): Promise<Opened> {
  const context = await browser.newContext({ ...DESK, ...options });
  if (token !== null) await context.addInitScript(keepToken, token);
  const page = await context.newPage();
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`);
    });
  });
  await page.goto(address);
  return { page, errors };
}

/** As after a sign-in, once: a page that was signed out stays so. */
function keepToken(token: string): void {
  if (location.protocol === 'about:' || sessionStorage.getItem('e2e.begun') !== null) return;
  sessionStorage.setItem('e2e.begun', '1');
  sessionStorage.setItem('anabranch.token', token);
}

/** The page's WebSockets come through only while it is open. Before the page is. */
export interface Gate {
  open: boolean;
  tries: number;
}

export async function gated(page: Page): Promise<Gate> {
  const gate = { open: false, tries: 0 };
  await page.routeWebSocket(/\/ws\/v2$/, (socket) => {
    gate.tries += 1;
    if (gate.open) socket.connectToServer();
    else void socket.close({ code: 1013 });
  });
  return gate;
}

/** Paths of the calls that a page makes from now on. */
export function heard(page: Page): string[] {
  const calls: string[] = [];
  page.on('request', (request) => calls.push(new URL(request.url()).pathname));
  return calls;
}

export async function badge(page: Page): Promise<string> {
  return ((await page.locator('.badge').textContent()) ?? '').replace(/\s+/g, ' ');
}

/** Wait until the badge says so; its words then. */
export async function says(page: Page, words: RegExp): Promise<string> {
  let text = '';
  await until(`the badge says ${words}`, async () => {
    text = await badge(page);
    return words.test(text);
  });
  return text;
}

export async function live(page: Page, timeout = 30_000): Promise<void> {
  await page.waitForSelector('.board[data-phase="live"]', { timeout });
}

/** No finding of axe's rules for WCAG 2.2 A and AA. */
export async function accessible(page: Page, what: string): Promise<void> {
  // By the protocol of the debugger: the page's own policy lets no other script in.
  await page.evaluate(await readFile(AXE, 'utf8'));
  const found = await page.evaluate(async () => {
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    const { violations } = await (globalThis as unknown as { axe: Axe }).axe.run(document, {
      runOnly: { type: 'tag', values: tags },
    });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160))}`);
  });
  none(found, `axe finds nothing: ${what}`);
}

interface Axe {
  run(root: Document, options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
}

export async function shot(page: Page, { shots }: Given, name: string): Promise<void> {
  if (shots === null) return;
  await page.waitForTimeout(600);
  await page.screenshot({ path: `${shots}/${name}.png` });
}

/** The totals that the page shows. */
export function totals(page: Page): Promise<Readonly<Record<string, number>>> {
  return page.evaluate(() => {
    const values = [...document.querySelectorAll<HTMLElement>('[data-total]')];
    return Object.fromEntries(
      values.map((one) => [one.dataset.total ?? '', Number(one.textContent?.replace(/[^0-9]/g, ''))]),
    );
  });
}
