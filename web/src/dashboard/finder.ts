/** The search: narrows what is on show as one types, and lists names and tasks of all branches to jump to. */
import { type Http, reasonOf } from '../http.ts';
import type { Store } from '../store/store.ts';
import type { TaskRow } from '../types.ts';
import { attribute, h, icon, Keyed, redraw, text, type View } from './dom.ts';
import { type Find, findNames, findOf } from './finds.ts';
import { counted } from './times.ts';
import type { Ui } from './ui.ts';
import { SEARCH, sign, tone } from './words.ts';

const WAIT_MS = 150;
const TASKS = 20;

export class Finder {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  readonly #ui: Ui;
  readonly #store: Store;
  readonly #http: Http;
  readonly #panel = h('div', { class: 'finds', hidden: true });
  readonly #list = h('ul', { id: 'finds', role: 'listbox', 'aria-label': 'Found' });
  readonly #foot = h('p', { class: 'foot', role: 'status' });
  readonly #options: Keyed<Find>;
  #finds: readonly Find[] = [];
  #tasks: readonly TaskRow[] = [];
  #active = -1;
  #timer = 0;
  #stop = new AbortController();

  constructor(ui: Ui, store: Store, http: Http) {
    this.#ui = ui;
    this.#store = store;
    this.#http = http;
    this.input = h('input', {
      type: 'search',
      role: 'combobox',
      placeholder: 'Search projects, branches, tasks',
      'aria-label': 'Search projects, branches and tasks',
      'aria-keyshortcuts': '/',
      'aria-controls': 'finds',
      'aria-expanded': 'false',
      'aria-autocomplete': 'list',
      spellcheck: 'false',
      autocomplete: 'off',
    });
    this.#options = new Keyed<Find>(this.#list, (key) => this.#option(key));
    this.#panel.append(this.#list, this.#foot);
    const field = h('label', { class: 'search' }, icon(SEARCH), this.input, h('kbd', { 'aria-hidden': 'true' }, '/'));
    this.element = h('div', { class: 'finder' }, field, this.#panel);
    this.input.addEventListener('input', () => this.#typed());
    this.input.addEventListener('keydown', (event) => this.#key(event));
    this.input.addEventListener('focus', () => this.#show());
    this.element.addEventListener('focusout', (event) => {
      if (!this.element.contains(event.relatedTarget as Node | null)) this.#close();
    });
  }

  /** Follow a query that came with a link. */
  update(): void {
    if (document.activeElement !== this.input && this.input.value.trim() !== this.#ui.query)
      this.input.value = this.#ui.query;
  }

  #typed(): void {
    const query = this.input.value.trim();
    this.#ui.change({ query });
    this.#tasks = [];
    this.#active = -1;
    this.#stop.abort();
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#ask(query), WAIT_MS);
    this.#show();
  }

  async #ask(query: string): Promise<void> {
    if (query === '') return;
    this.#stop = new AbortController();
    const { signal } = this.#stop;
    text(this.#foot, 'Searching tasks…');
    try {
      const { tasks, more } = await this.#http.find(query, TASKS, signal);
      if (signal.aborted) return;
      this.#tasks = tasks;
      const all = tasks.length === 0 ? 'No task is called so.' : counted(tasks.length, 'task');
      text(this.#foot, more ? `The first ${tasks.length} tasks; type more to narrow.` : all);
    } catch (error) {
      if (signal.aborted) return;
      text(this.#foot, `Tasks of other branches could not be searched: ${reasonOf(error)}`);
    }
    this.#show();
  }

  #show(): void {
    const query = this.input.value.trim();
    if (query === '' || document.activeElement !== this.input) {
      this.#close();
      return;
    }
    const { rows } = this.#store;
    const names = findNames(rows.projects(), rows.branches(), query);
    this.#finds = [...names, ...this.#tasks.map((task) => findOf(task, rows))];
    this.#panel.hidden = false;
    attribute(this.input, 'aria-expanded', 'true');
    this.#draw();
  }

  #draw(): void {
    this.#options.patch(this.#finds.map((find) => [find.key, find]));
    for (const [index, option] of [...this.#list.children].entries())
      attribute(option, 'aria-selected', index === this.#active ? 'true' : 'false');
    const active = this.#list.children[this.#active];
    attribute(this.input, 'aria-activedescendant', active?.id);
    active?.scrollIntoView({ block: 'nearest' });
  }

  #close(): void {
    this.#panel.hidden = true;
    this.#active = -1;
    attribute(this.input, 'aria-expanded', 'false');
    attribute(this.input, 'aria-activedescendant', undefined);
  }

  #go(find: Find): void {
    this.input.value = '';
    this.#ui.change({ query: '' });
    this.#close();
    this.input.blur();
    this.#ui.open(find.choice, find.taskId);
    // A task takes the focus by itself, once it is there. What is drawn next has the new name.
    if (find.taskId === null) requestAnimationFrame(() => document.querySelector<HTMLElement>('.tasks h2')?.focus());
  }

  #key(event: KeyboardEvent): void {
    const moves: Readonly<Record<string, () => void>> = {
      ArrowDown: () => this.#step(1),
      ArrowUp: () => this.#step(-1),
      Enter: () => this.#enter(),
      Escape: () => this.#escape(),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move();
  }

  #step(by: number): void {
    const count = this.#finds.length;
    if (count === 0) return;
    this.#active = this.#active < 0 && by < 0 ? count - 1 : (this.#active + by + count) % count;
    this.#draw();
  }

  #enter(): void {
    const find = this.#panel.hidden ? undefined : this.#finds[this.#active];
    if (find === undefined) this.#close();
    else this.#go(find);
  }

  /** The first one closes the list, the next one clears the field. */
  #escape(): void {
    if (!this.#panel.hidden) {
      this.#close();
      return;
    }
    this.input.value = '';
    this.#ui.change({ query: '' });
    this.input.blur();
  }

  #option(key: string): View<Find> {
    const mark = icon('', 'sign');
    const name = h('span', { class: 'thing' });
    const place = h('span', { class: 'detail' });
    const element = h('li', { role: 'option', id: `find-${key.replaceAll(/[^\w-]/g, '_')}` }, mark, name, place);
    let shown: Find | null = null;
    // Before the field loses the focus, which would close the list under the pointer.
    element.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      if (shown !== null) this.#go(shown);
    });
    return {
      element,
      update: (find) => {
        shown = find;
        attribute(mark, 'class', `sign tone-${find.status === null ? 'none' : tone(find.status)}`);
        redraw(mark, find.status === null ? '' : sign(find.status));
        text(name, find.name);
        text(place, find.place);
      },
    };
  }
}
