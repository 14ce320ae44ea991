/** Progress and breakdowns: a bar in parts, and the same in words and signs for eyes that don't see the colours. */
import type { Breakdown } from '../types.ts';
import { attribute, h, icon, Keyed, text, type View } from './dom.ts';
import { figure } from './times.ts';
import { percent } from './view.ts';
import { label, ordered, PRIORITIES, priorityLevel, sign, tone } from './words.ts';

export interface Bar {
  readonly element: HTMLElement;
  update(breakdown: Breakdown, done: number, total: number): void;
}

/** One part per status, as wide as its share. */
export function bar(name: string): Bar {
  const element = h('div', { class: 'bar', role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': 100 });
  attribute(element, 'aria-label', name);
  let before = '';
  const update = (breakdown: Breakdown, done: number, total: number) => {
    const parts = ordered(breakdown);
    const now = JSON.stringify(parts);
    if (now === before) return;
    before = now;
    const words = wordsOf(parts);
    attribute(element, 'aria-valuenow', percent(done, total));
    attribute(element, 'aria-valuetext', `${figure(done)} of ${figure(total)} done${words ? `: ${words}` : ''}`);
    attribute(element, 'title', words);
    draw(element, parts, tone);
  };
  return { element, update };
}

/** The priorities of a row as a thin bar, highest first; its words are in the tip and in the label of its line. */
export function priorityBar(): { readonly element: HTMLElement; update(breakdown: Breakdown): void } {
  const element = h('div', { class: 'bar thin', 'aria-hidden': 'true' });
  let before = '';
  const update = (breakdown: Breakdown) => {
    const parts = ordered(breakdown, HIGHEST_FIRST, []);
    const now = JSON.stringify(parts);
    if (now === before) return;
    before = now;
    attribute(element, 'title', wordsOf(parts));
    draw(element, parts, (name) => ((PRIORITIES as readonly string[]).includes(name) ? name : 'other'));
  };
  return { element, update };
}

/** "3 urgent, 10 low". */
export function priorityWords(breakdown: Breakdown): string {
  return wordsOf(ordered(breakdown, HIGHEST_FIRST, []));
}

const HIGHEST_FIRST = [...PRIORITIES].reverse();

type Parts = readonly (readonly [string, number])[];

function wordsOf(parts: Parts): string {
  return parts.map(([name, count]) => `${figure(count)} ${label(name)}`).join(', ');
}

/** Parts are used again: most changes only move their widths. */
function draw(element: HTMLElement, parts: Parts, toneOf: (name: string) => string): void {
  while (element.childElementCount > parts.length) element.lastElementChild?.remove();
  while (element.childElementCount < parts.length) element.append(h('span'));
  for (const [index, [name, count]] of parts.entries()) {
    const part = element.children[index] as HTMLElement;
    attribute(part, 'class', `part tone-${toneOf(name)}`);
    if (part.style.flexGrow !== String(count)) part.style.flexGrow = String(count);
  }
}

interface Chip {
  readonly name: string;
  readonly count: number;
  readonly pressed: boolean;
}

/** Statuses with sign, count and name. With `pick` each is a button that filters. */
export class StatusChips {
  readonly element = h('ul', { class: 'chips', 'aria-label': 'Tasks by status' });
  readonly #list: Keyed<Chip>;
  #before = '';

  constructor(pick: ((status: string) => void) | null) {
    this.#list = new Keyed<Chip>(this.element, (status) => {
      return chipView(icon(sign(status), `sign tone-${tone(status)}`), status, pick);
    });
  }

  update(breakdown: Breakdown, pressed: string | null = null): void {
    const parts = ordered(breakdown);
    const now = JSON.stringify([parts, pressed]);
    if (now === this.#before) return;
    this.#before = now;
    this.#list.patch(parts.map(([name, count]) => [name, { name, count, pressed: name === pressed }]));
  }
}

/** Priorities, highest first: five ticks filled up to the level, the count and the name. With `pick` they filter. */
export class PriorityChips {
  readonly element = h('ul', { class: 'chips priorities', 'aria-label': 'Tasks by priority' });
  readonly #list: Keyed<Chip>;
  #before = '';

  constructor(pick: ((priority: string) => void) | null) {
    this.#list = new Keyed<Chip>(this.element, (priority) => chipView(ticks(priority), priority, pick));
  }

  update(breakdown: Breakdown, pressed: string | null = null): void {
    const parts = ordered(breakdown, HIGHEST_FIRST, []);
    const now = JSON.stringify([parts, pressed]);
    if (now === this.#before) return;
    this.#before = now;
    this.#list.patch(parts.map(([name, count]) => [name, { name, count, pressed: name === pressed }]));
  }
}

function chipView(mark: Element, name: string, pick: ((name: string) => void) | null): View<Chip> {
  const count = h('b');
  const body = [mark, count, h('span', {}, label(name))];
  const inner =
    pick === null ? h('span', { class: 'chip' }, ...body) : h('button', { class: 'chip', type: 'button' }, ...body);
  if (pick !== null) inner.addEventListener('click', () => pick(name));
  return {
    element: h('li', {}, inner),
    update: (chip) => {
      text(count, figure(chip.count));
      if (pick !== null) attribute(inner, 'aria-pressed', chip.pressed ? 'true' : 'false');
    },
  };
}

/** A priority as five ticks. */
export function ticks(priority: string): HTMLElement {
  const element = h('span', { class: 'ticks', 'aria-hidden': 'true' });
  for (let i = 0; i < PRIORITIES.length; i += 1) element.append(h('i'));
  drawTicks(element, priority);
  return element;
}

export function drawTicks(element: HTMLElement, priority: string): void {
  attribute(
    element,
    'data-level',
    (PRIORITIES as readonly string[]).includes(priority) ? priorityLevel(priority) + 1 : 0,
  );
}
