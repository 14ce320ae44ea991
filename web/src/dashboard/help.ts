/** What the keys do and what the signs mean, on `?`. */
import { h, icon } from './dom.ts';
import { ticks } from './meter.ts';
import { Over } from './over.ts';
import { AGENT, label, PERSON, PRIORITIES, STATUSES, sign, tone } from './words.ts';

const KEYS: readonly (readonly [string, string])[] = [
  ['/', 'search names and tasks of all branches'],
  ['Esc', 'leave the search, a field, this page of help'],
  ['g p · g t · g a', 'go to projects, tasks, activity'],
  ['↑ ↓ or k j', 'move in a list'],
  ['PgUp PgDn Home End', 'move far in the tasks'],
  ['Enter', 'open a branch; edit a task’s title'],
  ['s · p', 'a task’s status, its priority'],
  ['c', 'clear search and filters'],
  ['d', 'dark or light'],
  ['?', 'this page'],
];

export class Help {
  readonly #over = new Over('help', 'Keys and signs');
  readonly #parts: readonly HTMLElement[];

  constructor() {
    const keys = h('dl', { class: 'keys' });
    for (const [key, what] of KEYS) keys.append(h('div', {}, h('dt', {}, key), h('dd', {}, what)));
    const signs = h('ul', { class: 'signs' });
    for (const status of STATUSES)
      signs.append(h('li', {}, icon(sign(status), `sign tone-${tone(status)}`), label(status)));
    for (const priority of PRIORITIES) signs.append(h('li', {}, ticks(priority), label(priority)));
    signs.append(
      h('li', {}, icon(PERSON, 'actor person'), 'a person'),
      h('li', {}, icon(AGENT, 'actor agent'), 'an agent'),
    );
    this.#parts = [keys, h('h2', {}, 'Signs'), signs];
  }

  toggle(): void {
    if (this.#over.element.open) this.#over.element.close();
    else this.#over.show('Keys', ...this.#parts);
  }
}
