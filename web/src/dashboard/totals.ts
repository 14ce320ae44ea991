/** The strip under the header: all projects summed up, and their last hour. */
import { HourCard, type When } from './chart.ts';
import { h, text } from './dom.ts';
import { bar, PriorityChips, StatusChips } from './meter.ts';
import type { Counts } from './minutes.ts';
import { figure } from './times.ts';
import { percent, type Sums } from './view.ts';

const FIGURES = ['total', 'done', 'inProgress', 'open'] as const;
const NAMES = { total: 'tasks', done: 'done', inProgress: 'in progress', open: 'open' } as const;

export class Totals {
  readonly element = h('section', { class: 'totals', 'aria-label': 'All projects' });
  readonly #numbers = new Map<string, HTMLElement>();
  readonly #percent = h('b', { class: 'percent' });
  readonly #bar = bar('Progress of all projects');
  readonly #statuses = new StatusChips(null);
  readonly #priorities = new PriorityChips(null);
  readonly #hours = new HourCard();

  constructor() {
    const numbers = h('dl', { class: 'figures' });
    for (const name of FIGURES) {
      const value = h('dd', { 'data-total': name });
      this.#numbers.set(name, value);
      numbers.append(h('div', {}, h('dt', {}, NAMES[name]), value));
    }
    const progress = h('div', { class: 'progress' }, this.#percent, this.#bar.element);
    const legend = h('div', { class: 'legend' }, this.#statuses.element, this.#priorities.element);
    this.element.append(numbers, h('div', { class: 'spread' }, progress, legend), this.#hours.element);
  }

  update(sums: Sums, minutes: readonly Counts[], when: When): void {
    for (const name of FIGURES) {
      const value = this.#numbers.get(name);
      if (value !== undefined) text(value, figure(sums[name]));
    }
    text(this.#percent, `${percent(sums.done, sums.total)} %`);
    this.#bar.update(sums.statuses, sums.done, sums.total);
    this.#statuses.update(sums.statuses);
    this.#priorities.update(sums.priorities);
    this.#hours.update(minutes, when);
  }
}
