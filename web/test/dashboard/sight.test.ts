/** Lines in sight: as many as fit, and they stay where they are while the list changes around them. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { held, isOff, levelled, type Sight, visible } from '../../src/dashboard/sight.ts';

const at = (top: number, more: Partial<Sight> = {}): Sight => ({
  top,
  tall: 720,
  row: 36,
  count: 10_000,
  shift: 0,
  ...more,
});

test('only lines in sight are drawn, and as many wherever the list is scrolled to', () => {
  expect(visible(at(36_000))).toEqual([992, 1_029]);
  expect(visible(at(36_001))).toEqual([992, 1_029]);
  expect(visible(at(0, { count: 3 }))).toEqual([0, 3]);
  expect(visible(at(90_000, { count: 30 }))).toEqual([2, 30]);
  expect(visible(at(0, { count: 0 }))).toEqual([0, 0]);
});

/** By what is in sight, and where it stands. */
function seen(sight: Sight, list: readonly string[]): readonly (readonly [string | undefined, number])[] {
  const [first, end] = visible(sight, 0);
  return list.slice(first, end).map((one, index) => [one, (first + index + sight.shift) * sight.row - sight.top]);
}

test('what is in sight stays there when lines before it come and go, and when the list is levelled', () => {
  const names = Array.from({ length: 400 }, (_, index) => `n${index}`);
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 200 }), fc.nat(35), fc.nat(60), fc.nat(60), (line, within, gone, come) => {
      const before = { ...at(line * 36 + within), count: names.length };
      const now = [...Array.from({ length: come }, (_, index) => `new${index}`), ...names.slice(gone)];
      const after = { ...before, count: now.length, shift: held(before, names, now) };
      expect(seen(after, now)).toEqual(seen(before, names));
      const level = { ...after, top: levelled(after), shift: 0 };
      expect(seen(level, now)).toEqual(seen(after, now));
      expect(isOff(level)).toBe(false);
    }),
  );
});

test('at the top the list shows what is new, and without any line of before it stays as it is scrolled', () => {
  expect(held(at(0), ['a', 'b'], ['new', 'a', 'b'])).toBe(0);
  expect(held(at(36, { count: 2, tall: 36 }), ['a', 'b'], ['c', 'd'])).toBe(0);
});

test('a shifted list is levelled before an end of it comes into sight', () => {
  expect(isOff(at(36_000, { shift: 3 }))).toBe(false);
  expect(isOff(at(700, { shift: 3 }))).toBe(true);
  expect(isOff(at(36_000, { shift: 990 }))).toBe(true);
  expect(isOff(at(359_000, { shift: -3 }))).toBe(true);
  expect(isOff(at(350_000, { shift: -300 }))).toBe(true);
});
