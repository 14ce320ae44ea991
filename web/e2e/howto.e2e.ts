/**
 * The pages of the how-tos, built as they say and used in a real browser: `node e2e/howto.mjs [--only NAME]`. The client is the
 * packed one; the server is the fake edge. One line per page; exits 1 when one fails.
 */
import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { build } from 'vite';
import { fakeEdge } from '../testing/edge.ts';
import { World } from '../testing/world.ts';
import { launch } from './browser.ts';

const WEB = process.cwd();
const FILE = /^```[a-z]+ file=([\w.-]+)\n([\s\S]*?)^```/gm;

interface Made {
  readonly world: World;
  readonly page: Page;
}

type Use = (made: Made) => Promise<void>;

/** The files that a how-to shows, in a folder of their own. */
function written(name: string, place: string): string {
  const folder = join(place, name);
  mkdirSync(folder);
  const text = readFileSync(join(WEB, '..', 'docs', 'howto', `${name}.md`), 'utf8');
  for (const [, file = '', contents = ''] of text.matchAll(FILE)) writeFileSync(join(folder, file), contents);
  return folder;
}

function packed(place: string): string {
  const client = join(place, 'node_modules', '@anabranch', 'client');
  mkdirSync(client, { recursive: true });
  const lib = join(client, 'lib');
  const tool = (name: string, ...args: string[]) =>
    execFileSync(join(WEB, 'node_modules', '.bin', name), args, { cwd: WEB, stdio: 'pipe' });
  tool('vite', 'build', '--config', 'vite.lib.config.ts', '--outDir', lib, '--emptyOutDir', '--logLevel', 'error');
  tool('tsc', '-p', 'tsconfig.lib.json', '--outDir', join(lib, 'types'));
  cpSync(join(WEB, 'package.json'), join(client, 'package.json'));
  for (const name of [
    '@reduxjs',
    '@types',
    'react',
    'react-dom',
    'csstype',
    'immer',
    'redux',
    'redux-thunk',
    'reselect',
    'scheduler',
  ])
    symlinkSync(join(WEB, 'node_modules', name), join(place, 'node_modules', name));
  return lib;
}

async function react(place: string): Promise<string> {
  const root = written('react', place);
  const options =
    '--noEmit --strict --jsx react-jsx --target es2022 --lib es2023,dom --module esnext --moduleResolution bundler';
  const args = [...options.split(' '), '--skipLibCheck', 'main.tsx'];
  execFileSync(join(WEB, 'node_modules', '.bin', 'tsc'), args, { cwd: root, stdio: 'pipe' });
  await build({ root, configFile: false, logLevel: 'error', build: { target: 'es2022', modulePreload: false } });
  return join(root, 'dist');
}

async function plain(place: string, lib: string): Promise<string> {
  const root = written('plain-javascript', place);
  cpSync(lib, join(root, 'lib'), { recursive: true });
  return root;
}

const useReact: Use = async ({ world, page }) => {
  await page.getByText('Live', { exact: true }).waitFor();
  await page.getByText('main: 0 of 1', { exact: true }).waitFor();
  world.change({ entity: 'task', action: 'create', id: 't2', project: 'p1', fields: { title: 'Second' } });
  await page.getByText('Second: todo').waitFor();
  await page.getByRole('button', { name: 'Done' }).first().click();
  await page.getByText('main: 1 of 2', { exact: true }).waitFor();
  assert.equal(world.places.get('p1')?.tasks.get('t1')?.status, 'done');
};

const usePlain: Use = async ({ world, page }) => {
  await page.getByText('live', { exact: true }).waitFor();
  await page.getByText('One: 0 of 1', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Add a task' }).click();
  await page.getByText('One: 0 of 2', { exact: true }).waitFor();
  await page.getByText('Added', { exact: true }).waitFor();
  assert.equal(world.places.get('p1')?.tasks.size, 2);
};

async function tried(browser: Browser, dist: string, use: Use): Promise<void> {
  const world = new World();
  world.change({ entity: 'project', action: 'create', id: 'p1', project: 'p1', name: 'One' });
  world.change({ entity: 'task', action: 'create', id: 't1', project: 'p1', fields: { title: 'First' } });
  const edge = await fakeEdge(world, { dist });
  const context = await browser.newContext();
  try {
    await context.addInitScript(() => sessionStorage.setItem('token', 'fake.token.x'));
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    const errors: string[] = [];
    page.on('console', (message) => {
      const { url } = message.location();
      if (message.type() === 'error' && !url.endsWith('/favicon.ico')) errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(edge.url);
    await use({ world, page });
    assert.deepEqual(
      errors.filter((text) => !text.includes('favicon')),
      [],
    );
  } finally {
    await context.close();
    await edge.close();
  }
}

export async function main(): Promise<number> {
  const place = mkdtempSync(join(tmpdir(), 'anabranch-howto-'));
  let failed = 0;
  const browser = await launch();
  try {
    const lib = packed(place);
    const pages = [
      ['react', react, useReact],
      ['plain-javascript', plain, usePlain],
    ] as const;
    for (const [name, make, use] of pages) {
      try {
        await tried(browser, await make(place, lib), use);
        console.log(`ok   docs/howto/${name}.md`);
      } catch (error) {
        failed += 1;
        const { stdout } = error as { stdout?: Buffer };
        console.log(`FAIL docs/howto/${name}.md\n     ${error}\n${stdout ?? ''}`);
      }
    }
  } finally {
    await browser.close();
    rmSync(place, { recursive: true, force: true });
  }
  return failed === 0 ? 0 : 1;
}
