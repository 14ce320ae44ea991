/** What keys mean, and whose token it is. */
import { expect, test } from 'vitest';
import { meaningOf } from '../../src/dashboard/keys.ts';
import { subjectOf } from '../../src/dashboard/token.ts';

test('a chord is g and a letter; a key that goes into a field means nothing', () => {
  expect(meaningOf({ key: 'g', taken: false, chorded: false })).toBe('chord');
  expect(meaningOf({ key: 't', taken: false, chorded: true })).toBe('go-tasks');
  expect(meaningOf({ key: 't', taken: false, chorded: false })).toBeNull();
  expect(meaningOf({ key: '?', taken: false, chorded: true })).toBe('help');
  expect(meaningOf({ key: '/', taken: true, chorded: false })).toBeNull();
});

test('a token names its subject, in any script; what is no token names nobody', () => {
  const payload = Buffer.from(JSON.stringify({ sub: 'Zoë ✓' })).toString('base64url');
  expect(subjectOf(`h.${payload}.s`)).toBe('Zoë ✓');
  expect(subjectOf('h.e30.s')).toBeNull();
  expect([subjectOf(null), subjectOf('x'), subjectOf('a.!.c')]).toEqual([null, null, null]);
});
