/** The package as others get it: small, without globals at import, with types, and its README's example. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';
import { beforeAll, expect, test } from 'vitest';

const WEB = new URL('..', import.meta.url).pathname;
const place = mkdtempSync(join(tmpdir(), 'anabranch-package-'));
const installed = join(place, 'node_modules', '@anabranch', 'client');
const manifest = JSON.parse(readFileSync(join(WEB, 'package.json'), 'utf8'));

/** Exactly what is published, built into a directory of its own. */
beforeAll(() => {
  mkdirSync(installed, { recursive: true });
  const tool = (name: string, ...args: string[]) =>
    execFileSync(join(WEB, 'node_modules/.bin', name), args, { cwd: WEB });
  const lib = join(installed, 'lib');
  tool('vite', 'build', '--config', 'vite.lib.config.ts', '--outDir', lib, '--emptyOutDir', '--logLevel', 'error');
  tool('tsc', '-p', 'tsconfig.lib.json', '--outDir', join(lib, 'types'));
  writeFileSync(join(installed, 'package.json'), JSON.stringify(manifest));
  for (const peer of ['@reduxjs', 'react', '@types', 'csstype', 'immer', 'redux', 'redux-thunk', 'reselect'])
    symlinkSync(join(WEB, 'node_modules', peer), join(place, 'node_modules', peer));
  writeFileSync(join(place, 'package.json'), '{"type":"module"}');
  return () => rmSync(place, { recursive: true, force: true });
}, 60_000);

async function size(code: string): Promise<number> {
  const entry = join(place, 'entry.js');
  writeFileSync(entry, code);
  const bundle = await rolldown({ input: entry, external: [/^@reduxjs/, /^react/] });
  // Without comments, as a page's own build leaves it.
  const { output } = await bundle.generate({ format: 'es', minify: true, comments: false });
  return gzipSync(output.map((chunk) => ('code' in chunk ? chunk.code : '')).join(''), { level: 9 }).length;
}

test('the whole client is at most 8 KiB, writing included; what only follows is at most 6¼', async () => {
  expect(await size("export { createClient } from '@anabranch/client'")).toBeLessThanOrEqual(8 * 1024);
  expect(await size("export { createFollower } from '@anabranch/client'")).toBeLessThanOrEqual(6.25 * 1024);
});

test('the slice with its client is at most 15 KiB, without Redux itself', async () => {
  expect(await size("export * from '@anabranch/client/redux'")).toBeLessThanOrEqual(15 * 1024);
});

test('nothing is a dependency, and nothing is looked up at import', () => {
  expect(manifest.dependencies).toBeUndefined();
  const taken = ['WebSocket', 'fetch', 'crypto', 'location', 'document', 'window', 'localStorage', 'navigator'];
  // The peers look around when they are loaded; that is theirs to do, before.
  const code = `
    await import('@reduxjs/toolkit');
    await import('react');
    for (const name of ${JSON.stringify(taken)}) {
      Object.defineProperty(globalThis, name, { get() { throw new Error('looked up ' + name); }, configurable: true });
    }
    Math.random = () => { throw new Error('chance at import'); };
    for (const entry of ${JSON.stringify(Object.keys(manifest.exports).filter((name) => !name.endsWith('json')))}) {
      const made = await import('@anabranch/client' + entry.slice(1));
      if (Object.keys(made).length === 0) throw new Error(entry + ' is empty');
    }`;
  const file = join(place, 'import.mjs');
  writeFileSync(file, code);
  execFileSync(process.execPath, [file], { cwd: place, stdio: 'pipe' });
});

test.each(['bundler', 'nodenext'])('its types are found and strict with module resolution %s', (resolution) => {
  const readme = readFileSync(join(WEB, 'README.md'), 'utf8');
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  expect(example).toContain("from '@anabranch/client'");
  writeFileSync(join(place, 'example.ts'), `declare const jwt: string;\n${example}`);
  writeFileSync(
    join(place, 'use.ts'),
    `import { configureStore } from '@reduxjs/toolkit';
     import type { BranchSummary, Connection } from '@anabranch/client';
     import { branchSlice, connectSummaries, selectBranch } from '@anabranch/client/redux';
     import { useBranch, useConnection } from '@anabranch/client/react';
     import { FakeServer } from '@anabranch/client/testing';
     const server = new FakeServer();
     const store = configureStore({ reducer: { branches: branchSlice.reducer } });
     const summaries = connectSummaries(store, { url: 'http://edge', token: () => 'x', fetch: server.fetch, WebSocket: server.WebSocket });
     const row: BranchSummary | undefined = selectBranch(store.getState(), 'p', 'b') as BranchSummary | undefined;
     const name: string | undefined = useBranch('p', 'b')?.name;
     const state: Connection = useConnection();
     // @ts-expect-error there is no such field
     useBranch('p', 'b')?.nonsense;
     export { summaries, row, name, state };`,
  );
  const options = [
    '--noEmit',
    '--strict',
    '--target',
    'es2022',
    '--lib',
    'es2023,dom',
    '--skipLibCheck',
    '--types',
    '',
  ];
  const module = resolution === 'nodenext' ? 'nodenext' : 'esnext';
  const args = [...options, '--module', module, '--moduleResolution', resolution, 'use.ts', 'example.ts'];
  try {
    execFileSync(join(WEB, 'node_modules/.bin/tsc'), args, { cwd: place, stdio: 'pipe' });
  } catch (error) {
    throw new Error(String((error as { stdout: Buffer }).stdout));
  }
});
