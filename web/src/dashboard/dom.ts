/** Small DOM tools: make elements, and patch a list of them by key with the fewest moves. */
import { alike } from '../store/alike.ts';

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;
export type Child = Node | string;

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  return filled(document.createElement(tag), attributes, children);
}

export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: readonly Node[]
): SVGElementTagNameMap[K] {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);
}

function filled<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) attribute(element, name, value);
  element.append(...children);
  return element;
}

/** Set, change or (with false or undefined) take away an attribute; nothing happens when it has that value already. */
export function attribute(element: Element, name: string, value: string | number | boolean | undefined): void {
  if (value === false || value === undefined) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
    return;
  }
  const text = value === true ? '' : String(value);
  if (element.getAttribute(name) !== text) element.setAttribute(name, text);
}

/** Other words in the same text node, where there is one: the browser lays out less than for a new one. */
export function text(element: Element, value: string): void {
  const { firstChild: only, lastChild } = element;
  if (only === lastChild && only?.nodeType === Node.TEXT_NODE && value !== '') {
    if (only.nodeValue !== value) only.nodeValue = value;
  } else if (element.textContent !== value) element.textContent = value;
}

/** An icon from path data, 16 by 16, in the text's colour; hidden from screen readers. */
export function icon(paths: string, name = 'icon'): SVGSVGElement {
  const element = svg('svg', { viewBox: '0 0 16 16', class: name, 'aria-hidden': 'true' });
  redraw(element, paths);
  return element;
}

export function redraw(element: SVGSVGElement, paths: string): void {
  if (element.dataset.paths === paths) return;
  element.dataset.paths = paths;
  if (element.firstElementChild === null) element.append(svg('path'));
  attribute(element.firstElementChild as Element, 'd', paths);
}

export interface View<T> {
  readonly element: HTMLElement;
  update(item: T): void;
}

/**
 * The children of one element, one view per key. A view is updated only when its item says something else. One that holds the
 * focus is never moved, but the others around it: moved, it would lose the focus, and a field in it would take that for its end.
 */
export class Keyed<T extends object> {
  readonly #parent: HTMLElement;
  readonly #make: (key: string) => View<T>;
  /** Views of keys that went away, where those of any key are alike: filling one anew costs less than making one. */
  readonly #spare: View<T>[] | null;
  #views = new Map<string, { readonly view: View<T>; item: T | null }>();

  constructor(parent: HTMLElement, make: (key: string) => View<T>, reuse = false) {
    this.#spare = reuse ? [] : null;
    this.#parent = parent;
    this.#make = make;
  }

  patch(items: readonly (readonly [string, T])[]): void {
    const next = new Map<string, { readonly view: View<T>; item: T | null }>();
    for (const [key, item] of items) {
      const known = this.#views.get(key) ?? { view: this.#entered(key), item: null };
      if (!alike(known.item, item)) known.view.update(item);
      known.item = item;
      next.set(key, known);
    }
    for (const [key, { view }] of this.#views) {
      if (next.has(key)) continue;
      view.element.remove();
      this.#spare?.push(view);
    }
    const held = this.#held();
    let place: Element | null = this.#parent.firstElementChild;
    for (const { view } of next.values()) {
      if (view.element === place || view.element === held) place = view.element.nextElementSibling;
      else this.#parent.insertBefore(view.element, place);
    }
    this.#views = next;
  }

  #entered(key: string): View<T> {
    return this.#spare?.pop() ?? this.#make(key);
  }

  /** The child that has the focus in it. */
  #held(): Element | null {
    let focused = document.activeElement;
    if (!this.#parent.contains(focused)) return null;
    while (focused !== null && focused.parentElement !== this.#parent) focused = focused.parentElement;
    return focused;
  }

  get(key: string): HTMLElement | undefined {
    return this.#views.get(key)?.view.element;
  }
}

const PULSE_MS = 1_200;
const PULSED = new WeakMap<Element, number>();
const STILL = '(prefers-reduced-motion: reduce)';

/** A short, quiet highlight on something that just changed; one at a time. Nothing is asked of the page's style or layout. */
export function pulse(element: HTMLElement): void {
  const now = performance.now();
  if (now - (PULSED.get(element) ?? -PULSE_MS) < PULSE_MS) return;
  PULSED.set(element, now);
  if (matchMedia(STILL).matches) return;
  element.animate([{ backgroundColor: 'var(--pulse)' }, { backgroundColor: 'transparent' }], {
    duration: PULSE_MS,
    easing: 'ease-in',
  });
}
