/** What says the same need not be drawn, or kept, anew. */
import { expect, test } from 'vitest';
import { alike } from '../../src/store/alike.ts';

test('items are alike by their fields, lists by what is in them', () => {
  const other = { id: 'x' };
  expect(alike({ a: 1, of: [other] }, { a: 1, of: [other] })).toBe(true);
  expect(alike({ a: 1, of: [other] }, { a: 1, of: [{ id: 'x' }] })).toBe(false);
  expect(alike({ a: 1, of: [other] }, { a: 1, of: [other, other] })).toBe(false);
  expect(alike(null, {})).toBe(false);
});
