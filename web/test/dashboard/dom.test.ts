// @vitest-environment happy-dom
/** Lists by key: in order whatever comes, with as little moved as that takes, and never what has the focus. */
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { h, Keyed } from '../../src/dashboard/dom.ts';

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
