/** The lock names versions and hashes, never a place to fetch from. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('package-lock.json holds no addresses (npm run lock takes them out)', () => {
  const lock = readFileSync(new URL('../package-lock.json', import.meta.url), 'utf8');
  expect(lock.match(/https?:\/\//g)).toBeNull();
});
