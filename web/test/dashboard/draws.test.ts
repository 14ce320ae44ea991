/** Drawing keeps to the time of a frame: what is left waits, in its order, and nothing is drawn twice. */
import { expect, test } from 'vitest';
import { Draws } from '../../src/dashboard/draws.ts';

function screen(cost: number, isScrolling = () => false) {
  const calls: (() => void)[] = [];
  const drawn: string[] = [];
  let clock = 0;
  const draws = new Draws({ frame: (call) => calls.push(call), clock: () => clock, now: () => 7, isScrolling });
  for (const name of ['a', 'b', 'c']) {
    draws.add(name, () => {
      drawn.push(name);
      clock += cost;
    });
  }
  return { draws, drawn, calls, next: () => calls.shift()?.() };
}

test('everything is drawn in one frame while there is time', () => {
  const { draws, drawn, calls, next } = screen(0.5);
  draws.soon();
  draws.soon('b');
  expect(calls).toHaveLength(1);
  next();
  expect(drawn).toEqual(['a', 'b', 'c']);
  expect(calls).toHaveLength(0);
});

test('a part that takes long sends the others into the next frame', () => {
  const { draws, drawn, calls, next } = screen(10);
  draws.soon();
  next();
  expect(drawn).toEqual(['a']);
  draws.soon('a');
  next();
  next();
  next();
  expect(drawn).toEqual(['a', 'b', 'c', 'a']);
  expect(calls).toHaveLength(0);
});

test('while somebody scrolls only one part that draws something has the frame', () => {
  let still = false;
  const { draws, drawn, next } = screen(0.5, () => !still);
  draws.soon();
  next();
  expect(drawn).toEqual(['a']);
  still = true;
  next();
  expect(drawn).toEqual(['a', 'b', 'c']);
});

test('while somebody scrolls parts without news cost no frame', () => {
  const { draws, drawn, next } = screen(0.05, () => true);
  draws.soon();
  next();
  expect(drawn).toEqual(['a', 'b', 'c']);
});
