/**
 * `node bench/run.mjs --frames N --seconds N --rounds N [--url URL --login LINK]`, with tokens in `ANABRANCH_E2E_TOKENS`: one
 * JSON object with all runs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { rolldown } from 'rolldown';
import { build } from 'vite';
import { launch } from '../e2e/browser.ts';
import { compared } from '../e2e/burst.ts';
import { Given, type Tokens } from '../e2e/given.ts';
import { fakeEdge } from '../testing/edge.ts';
import type { Times } from './page.ts';
import { PROJECTS, world } from './world.ts';

interface Bench {
  start(): Promise<void>;
  single(): Promise<Times>;
  wide(): Promise<Times>;
  refetch(project?: string): Promise<Times>;
  flood(perSecond: number, seconds: number): Promise<{ frames: number; longest: number }>;
}
declare const bench: Bench;

/** Rounds that are not counted. */
const WARM_UP = 10;
const LOADS = 5;

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
  const { output } = await bundle.generate({ format: 'es', minify: true, comments: false });
  return gzipSync(output.map((chunk) => ('code' in chunk ? chunk.code : '')).join(''), { level: 9 }).length;
}

/** Ours and the other way in turns, so that both meet the same machine. */
async function latencies(page: Page, frames: number, runs: Runs): Promise<void> {
  const ways: Readonly<Record<string, () => Promise<Times>>> = {
    single: () => page.evaluate(() => bench.single()),
    'single refetch': () => page.evaluate(() => bench.refetch()),
    wide: () => page.evaluate(() => bench.wide()),
    'wide refetch': () => page.evaluate(() => bench.refetch('wide')),
  };
  const times = Object.keys(ways).map((name) => [name, [] as Times[]] as const);
  for (let i = -WARM_UP; i < frames; i += 1) {
    for (const [name, list] of times) {
      const one = await ways[name]?.();
      if (i >= 0 && one !== undefined) list.push(one);
    }
  }
  for (const [name, list] of times) {
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

interface Place {
  readonly url: string;
  readonly login: string;
  readonly tokens: Tokens;
}

/** Against a real edge: the same board with its one bulk call and with a call per project in its place, and from its link. */
async function firstLoad(browser: Browser, { url, login, tokens }: Place, runs: Runs): Promise<void> {
  for (let i = 0; i < LOADS; i += 1) {
    for (const way of ['one call', 'call per project'] as const) {
      const { data, board, calls } = await loaded(browser, url, tokens.lead, way === 'one call' ? 1 : PROJECTS);
      note(runs, `load ${way}`, data);
      note(runs, `board ${way}`, board);
      note(runs, `calls ${way}`, calls);
    }
  }
  const context = await browser.newContext();
  const page = await context.newPage();
  const begin = performance.now();
  await page.goto(login);
  await page.waitForSelector('.board[data-phase="live"]');
  note(runs, 'board live', performance.now() - begin);
  await context.close();
}

/** Milliseconds from the navigation until the data was there, and until the board showed every project and was live. */
async function loaded(browser: Browser, url: string, token: string, calls: number) {
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.addInitScript(prepared, { token, calls, projects: PROJECTS });
    await page.goto(url);
    const seen = await page.waitForFunction(() => (window as unknown as { seen?: Seen }).seen?.board !== undefined);
    await seen.dispose();
    return await page.evaluate(() => (window as unknown as { seen: Required<Seen> }).seen);
  } finally {
    await context.close();
  }
}

interface Seen {
  data?: number;
  board?: number;
  /** Requests for summaries. */
  calls: number;
}

/** In the page, before anything of it: signed in, one call replaced by many where that is asked for, and a watch set. */
function prepared({ token, calls, projects }: { token: string; calls: number; projects: number }): void {
  sessionStorage.setItem('anabranch.token', token);
  const seen: Seen = { calls: 0 };
  Object.assign(window, { seen });
  const own = window.fetch.bind(window);
  const ask: typeof fetch = (input, init) => {
    if (String(input).includes('/summaries')) seen.calls += 1;
    return own(input, init);
  };
  const headers = { authorization: `Bearer ${token}` };
  const one = (id: number) =>
    ask(`/api/v1/projects/p${id}/branches/summaries?include_archived=true`, { headers, cache: 'no-store' }).then(
      (answer) => answer.json(),
    );
  const many = async () => {
    const answers = await Promise.all(Array.from({ length: projects }, (_, id) => one(id)));
    const summaries = answers.flatMap(({ branches }) => branches as { id: string; project_id: string }[]);
    return new Response(
      JSON.stringify({
        projects: Object.fromEntries(answers.map(({ project }) => [project.id, project])),
        summaries: Object.fromEntries(summaries.map((row) => [`${row.project_id}/${row.id}`, row])),
        metadata: { positions: Object.assign({}, ...answers.map(({ positions }) => positions)) },
      }),
    );
  };
  window.fetch = async (input, init) => {
    if (!String(input).endsWith('/summaries/bulk')) return ask(input, init);
    const answer = await (calls === 1 ? ask(input, init) : many());
    const text = await answer.text();
    seen.data ??= performance.now();
    return new Response(text, { status: answer.status });
  };
  const look = () => {
    const live = document.querySelector('.board[data-phase="live"]') !== null;
    if (live && document.querySelectorAll('.line.project').length >= projects) seen.board = performance.now();
    else requestAnimationFrame(look);
  };
  look();
}

/** Scrolling ten thousand tasks: through a burst of agents in them, beside the same burst, and without one. */
async function scrolled({ url, tokens }: Place, rounds: number, runs: Runs): Promise<void> {
  const found = await compared(new Given(url, null, null, tokens), rounds);
  for (const [arm, list] of Object.entries(found)) {
    for (const { frames, late, lateBusy, perSecond, work, busiest, long, scripts } of list) {
      const shares = { late, 'late busy': lateBusy, half: work.half, whole: work.whole };
      for (const [name, count] of Object.entries(shares)) note(runs, `scroll ${arm} ${name}`, (100 * count) / frames);
      note(runs, `scroll ${arm} frames`, perSecond);
      note(runs, `scroll ${arm} work`, work.median);
      note(runs, `scroll ${arm} longest task`, busiest);
      note(runs, `scroll ${arm} long tasks`, long.length);
      note(runs, `scroll ${arm} script`, scripts.most);
    }
  }
}

export async function main(argv: readonly string[]): Promise<void> {
  const text = { type: 'string' } as const;
  const options = { frames: text, seconds: text, rounds: text, url: text, login: text };
  const { values } = parseArgs({ args: [...argv], options });
  const { frames = '100', seconds = '30', rounds = '3', url, login } = values;
  const tokens = JSON.parse(process.env.ANABRANCH_E2E_TOKENS ?? 'null') as Tokens | null;
  const runs: Runs = {};
  note(runs, 'size following', await size('createFollower'));
  note(runs, 'size with writing', await size('createClient'));
  const browser = await launch();
  try {
    for (let i = 0; i < Number(rounds); i += 1) await inFakeEdge(browser, Number(frames), Number(seconds), runs);
    if (url !== undefined && login !== undefined && tokens !== null) {
      await firstLoad(browser, { url, login, tokens }, runs);
      await scrolled({ url, login, tokens }, Number(rounds), runs);
    }
    console.log(JSON.stringify(runs));
  } finally {
    await browser.close();
  }
}
