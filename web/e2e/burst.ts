/**
 * For the figures: what a burst of five thousand changes does to scrolling, told apart from what a machine does on which a
 * broker, a worker and an edge carry the same burst. One page takes turns: with the burst, beside it, and without one. Beside it
 * means that the page's way to the edge is cut, while another client follows all the time: the burst goes as far here too.
 */
import type { Page } from 'playwright-core';
import { WebSocket } from 'ws';
import { createFollower, type Follower } from '../src/index.ts';
import { launch, live } from './browser.ts';
import { type Given, upTo } from './given.ts';
import { type Scrolled, traced } from './scroll.ts';
import { counted, flooded, listed, SCROLL_MS, type Status, TASKS } from './smooth.ts';
import { Wire } from './wire.ts';

const PROJECT = 'scrolled';
const ARMS = ['burst', 'beside', 'calm'] as const;
export type Arm = (typeof ARMS)[number];
export type Arms = Readonly<Record<Arm, readonly Scrolled[]>>;

interface Lab {
  readonly given: Given;
  readonly page: Page;
  readonly wire: Wire;
  readonly scroll: () => Promise<Scrolled>;
}

/** Every round has all three, and begins with another. */
export async function compared(given: Given, rounds: number): Promise<Arms> {
  await given.project(PROJECT, PROJECT, TASKS);
  const { hostname, port } = new URL(given.url);
  const wire = new Wire(Number(port));
  const way = `--host-resolver-rules=MAP localhost:${port} ${hostname}:${await wire.listen()}`;
  const browser = await launch(way);
  const other = following(given);
  try {
    const { page } = await listed(browser, `http://localhost:${port}`, given, PROJECT);
    return await turns({ given, page, wire, scroll: () => traced(browser, page, SCROLL_MS) }, rounds);
  } finally {
    other.close();
    await browser.close();
    wire.close();
  }
}

async function turns(lab: Lab, rounds: number): Promise<Arms> {
  const found: Record<Arm, Scrolled[]> = { burst: [], beside: [], calm: [] };
  let [next, last]: readonly [Status, Status] = ['done', 'review'];
  for (const arm of upTo(rounds).flatMap(inTurn)) {
    await lab.page.waitForTimeout(1_000);
    if (arm === 'calm') found.calm.push(await lab.scroll());
    else {
      found[arm].push(await through(lab, next, arm === 'beside'));
      [next, last] = [last, next];
    }
  }
  return found;
}

function inTurn(round: number): readonly Arm[] {
  const first = round % ARMS.length;
  return [...ARMS.slice(first), ...ARMS.slice(0, first)];
}

/** Scroll through a burst, which reaches the page, or all but the page; afterwards the page has it too. */
async function through({ given, page, wire, scroll }: Lab, status: Status, cut: boolean): Promise<Scrolled> {
  if (cut) {
    wire.cut();
    await page.waitForSelector('.badge[data-state="off"]');
    await page.waitForTimeout(1_000);
  }
  const flood = flooded(given, PROJECT, status);
  const seen = await scroll();
  await flood;
  if (cut) {
    wire.mend();
    await page.locator('.badge').click();
    await live(page);
  }
  await counted(page, PROJECT, status);
  return seen;
}

/** A client in this process that keeps nothing of what it is sent. */
function following({ url, tokens }: Given): Follower {
  const sink = { apply: () => {}, forget: () => {} };
  const follower = createFollower({ url, token: () => tokens.lead, WebSocket, sink });
  follower.connect();
  return follower;
}
