// @vitest-environment happy-dom
/** Lists by key: in order whatever comes, with as little moved as that takes, and never what has the focus. */
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { h, Keyed, text } from '../../src/dashboard/dom.ts';

afterEach(() => document.body.replaceChildren());

function list() {
  const parent = document.body.appendChild(h('ul'));
  const keyed = new Keyed<object>(parent, (key) => ({ element: h('li', { tabindex: 0 }, key), update: () => {} }));
  const patch = (keys: readonly string[]) => keyed.patch(keys.map((key) => [key, {}]));
  return { parent, keyed, patch, shown: () => [...parent.children].map((child) => child.textContent) };
}

const keys = fc.uniqueArray(fc.constantFrom(...'abcdefgh'), { minLength: 1 });

test('it shows what it was given last, in order, and moves nothing that has the focus', () => {
  fc.assert(
    fc.property(keys, keys, fc.nat(), (before, after, which) => {
      const { parent, keyed, patch, shown } = list();
      patch(before);
      const focused = keyed.get(before[which % before.length] ?? '');
      focused?.focus();
      const moved = vi.spyOn(parent, 'insertBefore');
      patch(after);
      expect(shown()).toEqual(after);
      expect(moved.mock.calls.map(([element]) => element)).not.toContain(focused);
      if (after.includes(focused?.textContent ?? '')) expect(document.activeElement).toBe(focused);
    }),
  );
});

test('a list that is the same moves nothing', () => {
  const { parent, patch } = list();
  patch(['a', 'b', 'c']);
  const moved = vi.spyOn(parent, 'insertBefore');
  patch(['a', 'b', 'c']);
  expect(moved).not.toHaveBeenCalled();
});

test('a view is updated when its item says something else, and one of a key that went away shows another', () => {
  const told: string[] = [];
  let made = 0;
  const make = () => {
    made += 1;
    return { element: h('li'), update: ({ word }: { word: string }) => void told.push(word) };
  };
  const keyed = new Keyed<{ word: string; list: readonly number[] }>(h('ul'), make, true);
  keyed.patch([['a', { word: 'one', list: [1] }]]);
  keyed.patch([['a', { word: 'one', list: [1] }]]);
  keyed.patch([['a', { word: 'one', list: [2] }]]);
  keyed.patch([]);
  keyed.patch([['b', { word: 'one', list: [2] }]]);
  expect([told, made]).toEqual([['one', 'one', 'one'], 1]);
});

test('other words come into the text that is there, and none leave nothing', () => {
  const element = h('p', {}, 'one');
  const { firstChild } = element;
  text(element, 'two');
  expect([element.textContent, element.firstChild]).toEqual(['two', firstChild]);
  text(element, '');
  expect(element.childNodes).toHaveLength(0);
  element.append(h('b', {}, 'more'), ' words');
  text(element, 'one');
  expect(element.innerHTML).toBe('one');
});
