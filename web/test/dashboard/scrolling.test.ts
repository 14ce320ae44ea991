/** Somebody scrolls from the first event of a list until shortly after the last one. */
import { expect, test } from 'vitest';
import { scrolling } from '../../src/dashboard/scrolling.ts';

test('a list that was scrolled just now is being scrolled', () => {
  let clock = 0;
  const page = new EventTarget();
  const isScrolling = scrolling(page, () => clock);
  expect(isScrolling()).toBe(false);
  page.dispatchEvent(new Event('scroll'));
  clock += 100;
  expect(isScrolling()).toBe(true);
  page.dispatchEvent(new Event('scroll'));
  clock += 100;
  expect(isScrolling()).toBe(true);
  clock += 100;
  expect(isScrolling()).toBe(false);
});
