/** `node bench/run.mjs --frames N --seconds N --rounds N [--url URL --login LINK --token TOKEN]`: one JSON object with all runs. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { rolldown } from 'rolldown';
import { build } from 'vite';
import { launch } from '../e2e/browser.ts';
import { fakeEdge } from '../testing/edge.ts';
import type { Times } from './page.ts';
import { PROJECTS, world } from './world.ts';

interface Bench {
  start(): Promise<void>;
  single(): Promise<Times>;
  wide(): Promise<Times>;
  refetch(): Promise<Times>;
  flood(perSecond: number, seconds: number): Promise<{ frames: number; longest: number }>;
}
declare const bench: Bench;

/** Rounds that are not counted. */
const WARM_UP = 10;

type Runs = Record<string, number[]>;

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function note(runs: Runs, name: string, value: number): void {
  runs[name] = [...(runs[name] ?? []), value];
}

/** Gzipped size of what an import leaves in a bundle. */
async function size(name: string): Promise<number> {
  const id = '\u0000entry';
  const bundle = await rolldown({
    input: id,
    plugins: [
      {
        name: 'entry',
        resolveId: (source) => (source === id ? id : null),
        load: (source) =>
          source === id ? `export { ${name} } from ${JSON.stringify(join(process.cwd(), 'src/index.ts'))}` : null,
      },
    ],
  });
  const { output } = await bundle.generate({ format: 'es', minify: true });
  return gzipSync(output.map((chunk) => ('code' in chunk ? chunk.code : '')).join(''), { level: 9 }).length;
}

/** Ours and the other way in turns, so that both meet the same machine. */
async function latencies(page: Page, frames: number, runs: Runs): Promise<void> {
  const times: Record<string, Times[]> = { single: [], wide: [], refetch: [] };
  for (let i = -WARM_UP; i < frames; i += 1) {
    const single = await page.evaluate(() => bench.single());
    const wide = await page.evaluate(() => bench.wide());
    const refetch = await page.evaluate(() => bench.refetch());
    if (i < 0) continue;
    times.single?.push(single);
    times.wide?.push(wide);
    times.refetch?.push(refetch);
  }
  for (const [name, list] of Object.entries(times)) {
    for (const what of ['updated', 'painted'] as const) {
      const values = list.map((one) => one[what]);
      note(runs, `${name} ${what} p50`, quantile(values, 0.5));
      note(runs, `${name} ${what} p99`, quantile(values, 0.99));
    }
  }
}

/** Bytes that live after a collection. */
async function heap(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  await session.detach();
  return usedSize;
}

async function flooded(page: Page, seconds: number, runs: Runs): Promise<void> {
  // The world fills up first: its tasks are not the page's growth.
  await page.evaluate(() => bench.flood(1_000, 3));
  const before = await heap(page);
  const { frames, longest } = await page.evaluate((s) => bench.flood(1_000, s), seconds);
  note(runs, 'flood frames', frames);
  note(runs, 'flood longest task', longest);
  note(runs, 'flood heap growth', ((await heap(page)) - before) / 2 ** 20);
}

async function inFakeEdge(browser: Browser, frames: number, seconds: number, runs: Runs): Promise<void> {
  const dist = mkdtempSync(join(tmpdir(), 'anabranch-bench-'));
  await build({
    root: 'bench',
    configFile: false,
    logLevel: 'error',
    build: { outDir: dist, emptyOutDir: true, target: 'es2022' },
  });
  const edge = await fakeEdge(world(), { dist });
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(edge.url);
    await page.evaluate(() => bench.start());
    await latencies(page, frames, runs);
    await flooded(page, seconds, runs);
  } finally {
    await context.close();
    await edge.close();
    rmSync(dist, { recursive: true, force: true });
  }
}

/** Against a real edge: all summaries by one call and by one per project, and the board from its link to live. */
async function firstLoad(
  browser: Browser,
  given: { url: string; login: string; token: string },
  runs: Runs,
): Promise<void> {
  const context = await browser.newContext();
  const page = await context.newPage();
  try {
    await page.goto(`${given.url}/mark.svg`);
    const call = (many: number) =>
      page.evaluate(
        async ([token, count]) => {
          const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
          const begin = performance.now();
          const read = (path: string, init: RequestInit) =>
            fetch(path, { ...init, headers, cache: 'no-store' }).then((a) => a.json());
          if (count === 1) await read('/api/v2/branches/summaries/bulk', { method: 'POST', body: '{}' });
          else {
            const ids = Array.from({ length: count as number }, (_, i) => `p${i}`);
            await Promise.all(ids.map((id) => read(`/api/v1/projects/${id}/branches/summaries`, {})));
          }
          return performance.now() - begin;
        },
        [given.token, many] as const,
      );
    for (let i = 0; i < 3; i += 1) {
      note(runs, 'load one call', await call(1));
      note(runs, 'load call per project', await call(PROJECTS));
    }
    const begin = performance.now();
    await page.goto(given.login);
    await page.waitForSelector('.board[data-phase="live"]');
    note(runs, 'board live', performance.now() - begin);
  } finally {
    await context.close();
  }
}

export async function main(argv: readonly string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const options = { frames: text, seconds: text, rounds: text, url: text, token: text, login: text };
  const { values } = parseArgs({ args: [...argv], options });
  const { frames = '100', seconds = '30', rounds = '3', url, token, login } = values;
  const runs: Runs = {};
  note(runs, 'size following', await size('createFollower'));
  note(runs, 'size with writing', await size('createClient'));
  const browser = await launch();
  try {
    for (let i = 0; i < Number(rounds); i += 1) await inFakeEdge(browser, Number(frames), Number(seconds), runs);
    if (url !== undefined && token !== undefined && login !== undefined)
      await firstLoad(browser, { url, token, login }, runs);
    console.log(JSON.stringify(runs));
  } finally {
    await browser.close();
  }
}
