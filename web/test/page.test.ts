/** The board as the edge serves it: small enough for a phone, and nothing in it that its policy would refuse. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';

const WEB = new URL('..', import.meta.url).pathname;
const place = mkdtempSync(join(tmpdir(), 'anabranch-page-'));

beforeAll(() => {
  const options = ['build', '--outDir', place, '--emptyOutDir', '--logLevel', 'error'];
  execFileSync(join(WEB, 'node_modules/.bin/vite'), options, { cwd: WEB });
  return () => rmSync(place, { recursive: true, force: true });
}, 60_000);

test('all that it loads, letters included, is at most 150 KiB', () => {
  const files = ['index.html', 'early.js', ...readdirSync(join(place, 'assets')).map((name) => join('assets', name))];
  const sizes = files.map((name) => {
    const content = readFileSync(join(place, name));
    return [
      name.replace(/-[\w-]{8}\./, '.'),
      name.endsWith('.woff2') ? content.length : gzipSync(content).length,
    ] as const;
  });
  const kinds = new Set(sizes.map(([name]) => name.split('.').at(-1)));
  expect([...kinds].sort()).toEqual(['css', 'html', 'js', 'woff2']);
  const late = ['burndownpane', 'receiptpane'].map((name) => join('assets', `${name}.js`));
  expect(sizes.map(([name]) => name)).toEqual(expect.arrayContaining(late));
  const total = sizes.reduce((sum, [, size]) => sum + size, 0);
  expect(total, JSON.stringify(sizes)).toBeLessThanOrEqual(150 * 1024);
});

test('it has no script or style of its own inside, and asks nobody else for anything', () => {
  const html = readFileSync(join(place, 'index.html'), 'utf8');
  expect(html).not.toMatch(/<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc="\/)/);
  const styles = readdirSync(join(place, 'assets')).filter((name) => name.endsWith('.css'));
  for (const name of styles) {
    const text = readFileSync(join(place, 'assets', name), 'utf8');
    expect(text).not.toMatch(/url\((?!["']?\/assets\/)|@import/);
  }
});
