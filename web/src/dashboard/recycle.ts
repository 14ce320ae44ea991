/**
 * The lines of a long list that are in sight. A view whose line went out of sight shows another one where it stands: to take its
 * element out of the page and to put it in again would cost a millisecond of styles and layout between two pictures of the screen,
 * its new words cost a tenth. So the elements are in no order while a list moves. `tidy` puts them in order when it rests, for
 * screen readers and for whoever selects text.
 */
import { alike } from '../store/alike.ts';
import type { View } from './dom.ts';

interface Held<T> {
  readonly view: View<T>;
  item: T | null;
}

export class Recycler<T extends object, V extends View<T>> {
  readonly #parent: HTMLElement;
  readonly #make: () => V;
  readonly #spare: Held<T>[] = [];
  #held = new Map<string, Held<T>>();

  constructor(parent: HTMLElement, make: () => V) {
    this.#parent = parent;
    this.#make = make;
  }

  get(key: string): V | undefined {
    return this.#held.get(key)?.view as V | undefined;
  }

  patch(items: readonly (readonly [string, T])[]): void {
    const next = new Map<string, Held<T>>();
    const kept = new Set(items.map(([key]) => key));
    const free = [...this.#held]
      .flatMap(([key, one]) => (kept.has(key) ? [] : [one]))
      .filter((one) => !this.#left(one));
    for (const [key, item] of items) {
      const one = this.#held.get(key) ?? free.pop() ?? this.#entered();
      if (!alike(one.item, item)) one.view.update(item);
      one.item = item;
      next.set(key, one);
    }
    for (const one of free) this.#remove(one);
    this.#held = next;
  }

  /** Move some elements to their places, at most so many, and as few as that takes; true when all are there. */
  tidy(most: number): boolean {
    const wanted = [...this.#held.values()].map(({ view }) => view.element);
    const places = new Map([...this.#parent.children].map((child, index) => [child, index]));
    const still = unmoved(
      wanted.map((element) => places.get(element) ?? 0),
      wanted.findIndex((element) => element.contains(document.activeElement)),
    );
    let moves = 0;
    let after: Element | null = null;
    for (let index = wanted.length - 1; index >= 0; index -= 1) {
      const element = wanted[index] as HTMLElement;
      if (!still.has(index)) {
        if (moves === most) return false;
        this.#parent.insertBefore(element, after);
        moves += 1;
      }
      after = element;
    }
    return true;
  }

  /** One that has the focus shows nothing else: keys would go to another line than before. It leaves the page. */
  #left(one: Held<T>): boolean {
    const focused = one.view.element.contains(document.activeElement);
    if (focused) this.#remove(one);
    return focused;
  }

  #remove(one: Held<T>): void {
    one.view.element.remove();
    this.#spare.push(one);
  }

  #entered(): Held<T> {
    const one = this.#spare.pop() ?? { view: this.#make(), item: null };
    this.#parent.append(one.view.element);
    return one;
  }
}

/** Pure: the most indexes whose places rise; the one at `fixed`, if any, is among them. */
export function unmoved(places: readonly number[], fixed = -1): ReadonlySet<number> {
  const of = (index: number) => places[index] ?? 0;
  const fits = (index: number) => fixed < 0 || index === fixed || index < fixed === of(index) < of(fixed);
  const chains: (readonly number[])[] = [[]];
  for (const index of [...places.keys()].filter(fits)) {
    const before = chains.filter((chain) => chain.length === 0 || of(chain.at(-1) ?? 0) < of(index));
    chains.push([...longest(before), index]);
  }
  return new Set(longest(chains));
}

function longest(lists: readonly (readonly number[])[]): readonly number[] {
  return lists.reduce((best, one) => (one.length > best.length ? one : best), []);
}
