/** Progress and breakdowns: a bar in parts, and the same in words and signs for eyes that don't see the colours. */
import type { Breakdown } from '../types.ts';
import { attribute, h, icon, Keyed, text } from './dom.ts';
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
    const words = parts.map(([status, count]) => `${figure(count)} ${label(status)}`).join(', ');
    attribute(element, 'aria-valuenow', percent(done, total));
    attribute(element, 'aria-valuetext', `${figure(done)} of ${figure(total)} done${words ? `: ${words}` : ''}`);
    attribute(element, 'title', words);
    element.replaceChildren(
      ...parts.map(([status, count]) => {
        const part = h('span', { class: `part tone-${tone(status)}` });
        part.style.flexGrow = String(count);
        return part;
      }),
    );
  };
  return { element, update };
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
      const count = h('b');
      const body = [icon(sign(status), `sign tone-${tone(status)}`), count, h('span', {}, label(status))];
      const inner =
        pick === null ? h('span', { class: 'chip' }, ...body) : h('button', { class: 'chip', type: 'button' }, ...body);
      if (pick !== null) inner.addEventListener('click', () => pick(status));
      return {
        element: h('li', {}, inner),
        update: (chip) => {
          text(count, figure(chip.count));
          if (pick !== null) attribute(inner, 'aria-pressed', chip.pressed ? 'true' : 'false');
        },
      };
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

/** Priorities, highest first: five ticks filled up to the level, the count and the name. */
export class PriorityChips {
  readonly element = h('ul', { class: 'chips priorities', 'aria-label': 'Tasks by priority' });
  readonly #list: Keyed<{ readonly count: number }>;
  #before = '';

  constructor() {
    this.#list = new Keyed(this.element, (priority) => {
      const count = h('b');
      const chip = h('span', { class: 'chip' }, ticks(priority), count, h('span', {}, label(priority)));
      return { element: h('li', {}, chip), update: (item) => text(count, figure(item.count)) };
    });
  }

  update(breakdown: Breakdown): void {
    const parts = ordered(breakdown, [...PRIORITIES].reverse(), []);
    const now = JSON.stringify(parts);
    if (now === this.#before) return;
    this.#before = now;
    this.#list.patch(parts.map(([name, count]) => [name, { count }]));
  }
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
