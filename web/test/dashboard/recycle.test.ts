// @vitest-environment happy-dom
/** Views are used where they stand; what has the focus is nobody else's, and at rest all are in order. */
import fc from 'fast-check';
import { afterEach, expect, test } from 'vitest';
import { h, text } from '../../src/dashboard/dom.ts';
import { Recycler, unmoved } from '../../src/dashboard/recycle.ts';

afterEach(() => document.body.replaceChildren());

function list() {
  const parent = document.body.appendChild(h('div'));
  const make = () => {
    const element = h('p', { tabindex: 0 });
    return { element, update: ({ word }: { word: string }) => text(element, word) };
  };
  const lines = new Recycler<{ word: string }, ReturnType<typeof make>>(parent, make);
  const patch = (keys: readonly string[]) => lines.patch(keys.map((key) => [key, { word: key }]));
  return { parent, lines, patch, shown: () => [...parent.children].map((child) => child.textContent) };
}

const keys = fc.uniqueArray(fc.constantFrom(...'abcdefgh'), { minLength: 1 });

test('it shows what it was given last, and in order after some tidying', () => {
  fc.assert(
    fc.property(fc.array(keys, { minLength: 1 }), fc.nat(), (turns, which) => {
      const { lines, patch, shown } = list();
      for (const turn of turns) {
        patch(turn);
        expect(shown().sort()).toEqual([...turn].sort());
        lines.get(turn[which % turn.length] ?? '')?.element.focus();
      }
      const focused = document.activeElement;
      let moves = 0;
      while (!lines.tidy(1)) moves += 1;
      expect(shown()).toEqual(turns.at(-1));
      expect(moves).toBeLessThan(8);
      expect(document.activeElement).toBe(focused);
    }),
  );
});

test('a line that went out of sight is the next one, and no element leaves the page', () => {
  const { parent, patch, shown } = list();
  patch(['a', 'b', 'c']);
  const before = new Set(parent.children);
  patch(['b', 'c', 'd']);
  expect(new Set(parent.children)).toEqual(before);
  expect(shown()).toEqual(['d', 'b', 'c']);
});

test('a line with the focus whose item is gone loses the focus instead of showing another with it', () => {
  const { lines, patch, shown } = list();
  patch(['a', 'b']);
  const focused = lines.get('a')?.element;
  focused?.focus();
  patch(['b', 'c']);
  expect(document.activeElement).not.toBe(focused);
  expect(shown()).toEqual(['b', 'c']);
});

test('as few as possible are moved', () => {
  expect([...unmoved([1, 2, 3, 0])]).toEqual([0, 1, 2]);
  expect([...unmoved([3, 0, 1, 2])]).toEqual([1, 2, 3]);
  expect([...unmoved([3, 0, 1, 2], 0)]).toEqual([0]);
  expect(unmoved([]).size).toBe(0);
});
