/** The feed: what happened, newest on top; a burst of an agent is one line that opens into its parts. */

import type { Entry, Part } from '../store/feed.ts';
import type { Store } from '../store/store.ts';
import { ACTOR_ICONS, namesOf } from './actors.ts';
import { attribute, h, icon, Keyed, redraw, text, type View } from './dom.ts';
import { receiptButton } from './panes.ts';
import { counted, fullTime, tens, timePast } from './times.ts';
import { hashOf, PLAIN } from './ui.ts';
import { AGENT, CHEVRON, label, STATUSES, sign, tone } from './words.ts';

const SHOWN = 100;
const SHOWN_PARTS = 100;
/** More than there is room for. The others come when the burst rests, or when somebody goes through them. */
const FIRST_PARTS = 14;
const REST_MS = 1_000;
const VERBS: Readonly<Record<string, string>> = {
  create: 'added',
  update: 'changed',
  patch: 'changed',
  delete: 'deleted',
};

interface Item {
  readonly entry: Entry;
  readonly place: string;
  readonly now: number;
}

export class Activity {
  readonly element = h('section', { class: 'activity', 'aria-label': 'Activity' });
  readonly #list = h('ol', { class: 'entries', hidden: true });
  readonly #empty = h('p', { class: 'empty' }, 'Changes show here as they happen.');
  readonly #entries: Keyed<Item>;
  /** All that happened is one burst, so it is shown opened. */
  #lone = false;

  constructor() {
    this.#entries = new Keyed<Item>(this.#list, () => {
      const view = new EntryView();
      if (this.#lone) view.unfold(true);
      return view;
    });
    this.element.append(h('h2', {}, 'Activity'), this.#list, this.#empty);
  }

  /** `earlier`: what was there before this page listened. */
  update(store: Store, earlier: readonly Entry[], at: number): void {
    const now = tens(at);
    const entries = [...store.feed.entries, ...earlier].slice(0, SHOWN);
    this.#lone = entries.length === 1;
    this.#empty.hidden = entries.length > 0;
    this.#list.hidden = entries.length === 0;
    this.#entries.patch(entries.map((entry) => [entry.key, { entry, place: placeOf(entry, store), now }]));
  }
}

class EntryView implements View<Item> {
  readonly element = h('li', { class: 'entry' });
  readonly #icon = icon(AGENT, 'actor');
  readonly #who = h('b', { class: 'by' });
  readonly #what = h('a', { class: 'what' });
  readonly #preview = h('p', { class: 'preview' });
  readonly #place = h('span', { class: 'in' });
  readonly #time = h('time');
  readonly #receipt = receiptButton(() => this.#shown?.entry.who[0]?.name ?? '');
  readonly #open = h('button', { class: 'fold', type: 'button', 'aria-expanded': 'false' }, icon(CHEVRON));
  readonly #parts = h('ul', { class: 'parts', hidden: true, tabindex: 0, 'aria-label': 'Parts' });
  readonly #list = new Keyed<Part>(this.#parts, () => this.#part(), true);
  #shown: Item | null = null;
  #entered = false;
  #resting = 0;

  constructor() {
    const line = h('p', { class: 'sentence' }, this.#who, ' ', this.#what);
    const foot = h('p', { class: 'foot' }, this.#place, this.#receipt, this.#time);
    this.element.append(this.#icon, h('div', { class: 'body' }, line, this.#preview, foot, this.#parts), this.#open);
    this.#open.addEventListener('click', () => this.unfold(this.#parts.hidden !== false));
    for (const event of ['scroll', 'focusin'])
      this.#parts.addEventListener(event, () => this.#enter(), { passive: true });
  }

  unfold(open: boolean): void {
    this.#entered = false;
    this.#parts.hidden = !open;
    this.#preview.hidden = open;
    attribute(this.#open, 'aria-expanded', open ? 'true' : 'false');
    this.#drawParts();
  }

  update(item: Item): void {
    const before = this.#shown;
    this.#shown = item;
    const { entry } = item;
    text(this.#time, timePast(entry.at, item.now));
    if (before?.entry === entry && before.place === item.place) return;
    const kind = entry.who[0]?.kind ?? 'agent';
    redraw(this.#icon, ACTOR_ICONS[kind]);
    attribute(this.element, 'data-kind', kind);
    this.#receipt.hidden = kind !== 'agent' || entry.who[0]?.name === '';
    text(this.#who, namesOf(entry.who));
    attribute(this.#who, 'title', entry.who.map((who) => who.name).join(', ') || undefined);
    text(this.#what, sentenceOf(entry));
    attribute(this.#what, 'href', linkOf(entry));
    text(this.#place, item.place);
    attribute(this.#time, 'title', fullTime(new Date(entry.at).toISOString()));
    const many = entry.parts.length > 1;
    this.#open.hidden = !many;
    attribute(this.#open, 'aria-label', `Show the parts of: ${sentenceOf(entry)}`);
    text(
      this.#preview,
      many
        ? entry.parts
            .slice(0, 3)
            .map((part) => part.text)
            .join(' · ')
        : '',
    );
    this.#drawParts();
  }

  #drawParts(): void {
    clearTimeout(this.#resting);
    if (this.#parts.hidden) return;
    this.#patchParts(this.#entered ? SHOWN_PARTS : FIRST_PARTS);
    if (!this.#entered) this.#resting = window.setTimeout(() => this.#patchParts(SHOWN_PARTS), REST_MS);
  }

  #patchParts(most: number): void {
    this.#list.patch((this.#shown?.entry.parts ?? []).slice(0, most).map((part) => [part.key, part]));
  }

  #enter(): void {
    if (this.#entered) return;
    this.#entered = true;
    this.#drawParts();
  }

  #part(): View<Part> {
    const mark = icon('', 'sign');
    const name = h('a', { class: 'thing' });
    const detail = h('span', { class: 'detail' });
    return {
      element: h('li', {}, mark, name, detail),
      update: (part) => {
        redraw(mark, (STATUSES as readonly string[]).includes(part.detail) ? sign(part.detail) : '');
        attribute(mark, 'class', `sign tone-${tone(part.detail)}`);
        text(name, `${part.entity === 'task' ? '' : `${part.entity} `}${part.text}`);
        attribute(name, 'title', part.text);
        attribute(name, 'href', this.#shown === null ? undefined : linkTo(this.#shown.entry.projectId, part));
        const verb = part.action === 'create' || part.action === 'delete' ? VERBS[part.action] : '';
        text(detail, [verb, label(part.detail), part.times > 1 ? `${part.times}×` : ''].filter(Boolean).join(' · '));
      },
    };
  }
}

/** Pure: what happened, in one line. */
export function sentenceOf({ burst, events, things, parts }: Entry): string {
  const first = parts[0];
  if (first === undefined) return counted(events, 'change');
  if (!burst && parts.length === 1) return oneOf(first);
  const same = parts.every((part) => part.entity === first.entity);
  const kind = same ? first.entity : 'thing';
  return `${counted(events, 'change')} to ${counted(things, kind, kind === 'branch' ? 'branches' : undefined)}`;
}

/** Project and, when all of it was there, branch. */
function placeOf({ projectId, parts }: Entry, { rows }: Store): string {
  const project = rows.project(projectId)?.name ?? projectId;
  const branchId = branchOf(parts);
  const branch = branchId === null ? null : (rows.branch(projectId, branchId)?.name ?? branchId);
  return branch === null ? project : `${project} › ${branch}`;
}

function linkOf({ projectId, parts }: Entry): string | undefined {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return linkTo(projectId, first);
  return hashOf({ ...PLAIN, choice: { projectId, branchId: branchOf(parts) } });
}

function linkTo(projectId: string, { branchId, taskId, action }: Part): string | undefined {
  if (branchId === null || action === 'delete') return undefined;
  return hashOf({ ...PLAIN, choice: { projectId, branchId }, taskId });
}

function branchOf(parts: readonly Part[]): string | null {
  const branchId = parts[0]?.branchId ?? null;
  return parts.every((part) => part.branchId === branchId) ? branchId : null;
}

function oneOf({ action, entity, text: name, detail }: Part): string {
  const verb = VERBS[action] ?? action;
  const kind = entity === 'task' ? '' : `${entity} `;
  return `${verb} ${kind}“${name}”${detail && verb !== 'deleted' ? `: ${label(detail)}` : ''}`;
}
