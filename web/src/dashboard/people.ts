/** Who is at work now: people and agents apart, from the frames of the last minutes. */
import type { Present } from '../store/presence.ts';
import type { Store } from '../store/store.ts';
import { nameOf } from './activity.ts';
import { attribute, h, icon, Keyed, text } from './dom.ts';
import { ago, figure } from './times.ts';
import { AGENT, PERSON, SYSTEM } from './words.ts';

const SHOWN = 8;
const ICONS = { person: PERSON, agent: AGENT, system: SYSTEM };

interface Item {
  readonly one: Present;
  readonly project: string;
  readonly now: number;
}

export class People {
  readonly element = h('section', { class: 'people', 'aria-label': 'At work' });
  readonly #count = h('span', { class: 'count' });
  readonly #list = h('ul', { class: 'present' });
  readonly #empty = h('p', { class: 'empty' }, 'Nobody in the last five minutes.');
  readonly #items: Keyed<Item>;

  constructor() {
    this.#items = new Keyed<Item>(this.#list, (key) => {
      const kind = key.split('\u0000')[0] as Present['kind'];
      const name = h('b');
      const what = h('span');
      return {
        element: h('li', { 'data-kind': kind }, icon(ICONS[kind], 'actor'), name, what),
        update: ({ one, project, now }) => {
          text(name, nameOf(one));
          attribute(name, 'title', one.name || undefined);
          text(what, `${figure(one.events)} in ${project} · ${ago(one.at, now)}`);
        },
      };
    });
    this.element.append(h('h2', {}, 'At work', this.#count), this.#list, this.#empty);
  }

  update({ presence, rows }: Store, now: number): void {
    const all = [...presence.values()].reverse().sort((a, b) => rank(a) - rank(b));
    const people = all.filter((one) => one.kind === 'person').length;
    const agents = all.filter((one) => one.kind === 'agent').length;
    text(
      this.#count,
      all.length === 0 ? '' : `${counted(people, 'person', 'people')}, ${counted(agents, 'agent', 'agents')}`,
    );
    this.#empty.hidden = all.length > 0;
    this.#items.patch(
      all.slice(0, SHOWN).map((one) => {
        return [one.key, { one, project: rows.project(one.projectId)?.name ?? one.projectId, now }];
      }),
    );
  }
}

function rank(one: Present): number {
  return { person: 0, agent: 1, system: 2 }[one.kind];
}

function counted(count: number, one: string, many: string): string {
  return `${figure(count)} ${count === 1 ? one : many}`;
}
