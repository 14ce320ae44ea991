/** The live feed: what happened, newest on top; a burst of an agent is one line that opens into its parts. */

import type { Entry, Part, Who } from '../store/feed.ts';
import type { Store } from '../store/store.ts';
import { attribute, h, icon, Keyed, redraw, text, type View } from './dom.ts';
import { ago, clockTime, figure } from './times.ts';
import { AGENT, CHEVRON, label, PERSON, SYSTEM } from './words.ts';

const SHOWN = 100;
const SHOWN_PARTS = 100;
const VERBS: Readonly<Record<string, string>> = {
  create: 'added',
  update: 'changed',
  patch: 'changed',
  delete: 'deleted',
};
const ICONS = { person: PERSON, agent: AGENT, system: SYSTEM };

interface Item {
  readonly entry: Entry;
  readonly project: string;
  readonly now: number;
}

export class Activity {
  readonly element = h('section', { class: 'activity', 'aria-label': 'Activity' });
  readonly #list = h('ol', { class: 'entries' });
  readonly #empty = h('p', { class: 'empty' }, 'Changes show here as they happen.');
  readonly #entries: Keyed<Item>;

  constructor() {
    this.#entries = new Keyed<Item>(this.#list, () => new EntryView());
    this.element.append(h('h2', {}, 'Activity'), this.#list, this.#empty);
  }

  update(store: Store, now: number): void {
    const entries = store.feed.entries.slice(0, SHOWN);
    this.#empty.hidden = entries.length > 0;
    this.#list.hidden = entries.length === 0;
    this.#entries.patch(
      entries.map((entry) => {
        return [entry.key, { entry, project: store.rows.project(entry.projectId)?.name ?? entry.projectId, now }];
      }),
    );
  }
}

class EntryView implements View<Item> {
  readonly element = h('li', { class: 'entry' });
  readonly #icon = icon(AGENT, 'actor');
  readonly #who = h('b', { class: 'by' });
  readonly #what = h('span', { class: 'what' });
  readonly #project = h('span', { class: 'in' });
  readonly #time = h('time');
  readonly #open = h(
    'button',
    { class: 'fold', type: 'button', 'aria-expanded': 'false', 'aria-label': 'Show the changes' },
    icon(CHEVRON),
  );
  readonly #parts = h('ul', { class: 'parts', hidden: true });
  readonly #list = new Keyed<Part>(this.#parts, () => partView());
  #shown: Item | null = null;

  constructor() {
    const line = h('p', { class: 'sentence' }, this.#who, ' ', this.#what);
    const foot = h('p', { class: 'foot' }, this.#project, this.#time);
    this.element.append(this.#icon, h('div', { class: 'body' }, line, foot, this.#parts), this.#open);
    this.#open.addEventListener('click', () => {
      this.#parts.hidden = !this.#parts.hidden;
      attribute(this.#open, 'aria-expanded', this.#parts.hidden ? 'false' : 'true');
      this.#drawParts();
    });
  }

  update(item: Item): void {
    const before = this.#shown;
    this.#shown = item;
    const { entry } = item;
    text(this.#time, ago(entry.at, item.now));
    if (before?.entry === entry && before.project === item.project) return;
    const first = entry.who[0];
    redraw(this.#icon, ICONS[first?.kind ?? 'agent']);
    attribute(this.element, 'data-kind', first?.kind ?? 'agent');
    text(this.#who, namesOf(entry.who));
    attribute(this.#who, 'title', entry.who.map((who) => who.name).join(', ') || undefined);
    text(this.#what, sentenceOf(entry));
    text(this.#project, item.project);
    attribute(this.#time, 'title', clockTime(entry.at));
    this.#open.hidden = entry.parts.length < 2;
    this.#drawParts();
  }

  #drawParts(): void {
    if (this.#parts.hidden || this.#shown === null) return;
    this.#list.patch(this.#shown.entry.parts.slice(0, SHOWN_PARTS).map((part) => [part.key, part]));
  }
}

function partView(): View<Part> {
  const verb = h('span', { class: 'verb' });
  const name = h('span', { class: 'thing' });
  const detail = h('span', { class: 'detail' });
  return {
    element: h('li', {}, verb, name, detail),
    update: (part) => {
      text(verb, VERBS[part.action] ?? part.action);
      text(name, `${part.entity === 'task' ? '' : `${part.entity} `}${part.text}`);
      text(detail, [label(part.detail), part.times > 1 ? `${part.times}×` : ''].filter(Boolean).join(' · '));
    },
  };
}

/** Pure: the names of those who did it; long ids are cut, two are named, the rest counted. */
export function namesOf(who: readonly Who[]): string {
  const names = who.slice(0, 2).map(nameOf);
  const rest = who.length - names.length;
  return `${names.join(' and ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

export function nameOf({ kind, name }: Who): string {
  const short = name.length > 20 ? `${name.slice(0, 8)}…` : name;
  if (kind === 'agent') return short === '' ? 'An agent' : `agent ${short}`;
  return short;
}

/** Pure: what happened, in one line. */
export function sentenceOf({ burst, events, things, parts }: Entry): string {
  const first = parts[0];
  if (first === undefined) return counted(events, 'change');
  if (!burst && parts.length === 1) return oneOf(first);
  const same = parts.every((part) => part.entity === first.entity);
  return `${counted(events, 'change')} to ${counted(things, same ? first.entity : 'thing')}`;
}

function oneOf({ action, entity, text: name, detail }: Part): string {
  const verb = VERBS[action] ?? action;
  const kind = entity === 'task' ? '' : `${entity} `;
  return `${verb} ${kind}“${name}”${detail && verb !== 'deleted' ? `: ${label(detail)}` : ''}`;
}

function counted(count: number, kind: string): string {
  return `${figure(count)} ${count === 1 ? kind : plural(kind)}`;
}

function plural(kind: string): string {
  return kind === 'branch' ? 'branches' : `${kind}s`;
}
