/** A row that replaces another says what it says, with the old one's values wherever they are the same. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { kept } from '../../src/store/kept.ts';

const before = {
  id: 't1',
  labels: ['a', 'b'],
  last_actor: { source: 'user' },
  empty: [],
  counts: { todo: 1, done: 2 },
  stamp: 1,
};

test('what is the same is the same object', () => {
  const row = kept(structuredClone({ ...before, stamp: 2 }), before);
  expect(row).toEqual({ ...before, stamp: 2 });
  expect(row.labels).toBe(before.labels);
  expect(row.last_actor).toBe(before.last_actor);
  expect(row.empty).toBe(before.empty);
});

test.each([
  { labels: ['b', 'a'] },
  { labels: ['a'] },
  { labels: ['a', 'b', 'c'] },
  { last_actor: { source: 'user', session_id: 's' } },
  { last_actor: null },
  { counts: {} },
  { counts: { todo: 1 } },
  { counts: { done: 2, todo: 1 } },
  { empty: {} },
])('what differs is the new one: %j', (change) => {
  const fresh = { ...structuredClone(before), ...change };
  expect(JSON.stringify(kept<object>(fresh, before))).toBe(JSON.stringify(fresh));
});

test('it never says anything else than the new row, and neither row is touched', () => {
  const value = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.constant(null),
    fc.array(fc.string()),
    fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.integer({ max: 1, min: 0 })),
  );
  const rows = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), value);
  fc.assert(
    fc.property(rows, rows, (one, other) => {
      const [row, old] = [structuredClone(one), structuredClone(other)];
      expect(JSON.stringify(kept<object>(one, other))).toBe(JSON.stringify(row));
      expect([one, other]).toEqual([row, old]);
    }),
  );
});
