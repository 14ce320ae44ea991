/** Who is at work now: people and agents apart, from the provenance of the last minutes' changes. */
import type { Present } from '../store/presence.ts';
import type { Store } from '../store/store.ts';
import { ACTOR_ICONS, nameOf } from './actors.ts';
import { attribute, h, icon, Keyed, text } from './dom.ts';
import { receiptButton } from './panes.ts';
import { ago, counted, shortFigure, tens } from './times.ts';
import { pathOf } from './ui.ts';

const SHOWN = 10;

interface Item {
  readonly one: Present;
  readonly place: string;
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
      const place = h('a');
      const count = h('span', { class: 'count' });
      const receipt = receiptButton(() => key.split('\u0000')[1] ?? '');
      receipt.hidden = kind !== 'agent' || key.endsWith('\u0000');
      return {
        element: h('li', { 'data-kind': kind }, icon(ACTOR_ICONS[kind], 'actor'), name, place, receipt, count),
        update: ({ one, place: where, now }) => {
          text(name, nameOf(one));
          attribute(name, 'title', one.name || undefined);
          text(place, where);
          attribute(place, 'title', where);
          attribute(place, 'href', pathOf(one));
          text(count, `${shortFigure(one.events)} · ${ago(one.at, now)}`);
          attribute(count, 'title', `${counted(one.events, 'change')} seen here, the last one ${ago(one.at, now)}`);
        },
      };
    });
    this.element.append(h('h2', {}, 'At work', this.#count), this.#list, this.#empty);
  }

  update(present: readonly Present[], store: Store, at: number): void {
    const now = tens(at);
    const all = [...present].sort((a, b) => rank(a) - rank(b));
    const people = all.filter((one) => one.kind === 'person').length;
    const agents = all.filter((one) => one.kind === 'agent').length;
    const counts = [counted(people, 'person', 'people'), counted(agents, 'agent')];
    text(this.#count, all.length === 0 ? '' : counts.join(', '));
    this.#empty.hidden = all.length > 0;
    this.#items.patch(all.slice(0, SHOWN).map((one) => [one.key, { one, place: placeOf(one, store), now }]));
  }
}

/** Those whom frames told of, and those whom only rows of before know. */
export function everyone(store: Store, before: readonly Present[]): readonly Present[] {
  const live = [...store.presence.values()].reverse();
  return [...live, ...before.filter((one) => !store.presence.has(one.key))];
}

function placeOf({ projectId, branchId }: Present, { rows }: Store): string {
  const project = rows.project(projectId)?.name ?? projectId;
  const branch = branchId === null ? null : rows.branch(projectId, branchId)?.name;
  return branch ? `${project} › ${branch}` : project;
}

function rank(one: Present): number {
  return { person: 0, agent: 1, system: 2 }[one.kind];
}
