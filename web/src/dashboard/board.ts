/** The board: puts the views together and draws them, at most once a frame of the screen. */
import type { Client } from '../client.ts';
import type { Http } from '../http.ts';
import type { Store } from '../store/store.ts';
import { Activity } from './activity.ts';
import { attribute, h, Keyed, text } from './dom.ts';
import { Header } from './header.ts';
import { TaskLoader } from './loader.ts';
import { People } from './people.ts';
import { Tasks } from './tasks.ts';
import { Totals } from './totals.ts';
import { Tree } from './tree.ts';
import { choiceOf, hashOf, type Pane, Ui } from './ui.ts';
import { sums, tree } from './view.ts';

const CLOCK_MS = 1_000;
const PANES: readonly (readonly [Pane, string])[] = [
  ['projects', 'Projects'],
  ['tasks', 'Tasks'],
  ['activity', 'Activity'],
];

export class Board {
  readonly element = h('div', { class: 'board' });
  readonly #ui = new Ui();
  readonly #store: Store;
  readonly #client: Client;
  readonly #loader: TaskLoader;
  readonly #header: Header;
  readonly #totals = new Totals();
  readonly #tree: Tree;
  readonly #tasks: Tasks;
  readonly #people = new People();
  readonly #activity = new Activity();
  readonly #tabs = h('div', { class: 'tabs', role: 'tablist', 'aria-label': 'Parts of the board' });
  readonly #notices = h('div', { class: 'notices', role: 'alert' });
  readonly #notes: Keyed<{ readonly text: string }>;
  #due = false;
  #asOf: number | null = null;

  constructor(store: Store, client: Client, http: Http, onBadge: () => void) {
    this.#store = store;
    this.#client = client;
    this.#loader = new TaskLoader(http, store, () => this.#soon());
    this.#header = new Header(this.#ui, onBadge);
    this.#tree = new Tree(this.#ui);
    this.#tasks = new Tasks(this.#ui, store, this.#loader, (task, changes) =>
      client.edit(task.project_id, task.id, changes),
    );
    this.#notes = new Keyed(this.#notices, (id) => this.#notice(id));
    this.#build();
    this.#ui.choice = choiceOf(location.hash);
    store.onChange(() => this.#soon());
    client.onState(() => this.#soon());
    this.#ui.onChange(() => this.#soon());
    window.addEventListener('hashchange', () => this.#ui.change({ choice: choiceOf(location.hash) }));
    document.addEventListener('keydown', (event) => this.#key(event));
    setInterval(() => this.#clock(), CLOCK_MS);
    this.#soon();
  }

  /** Draw with the next frame of the screen; a hidden page draws when it is seen again. */
  #soon(): void {
    if (this.#due) return;
    this.#due = true;
    requestAnimationFrame(() => {
      this.#due = false;
      this.#draw();
    });
  }

  #draw(): void {
    const now = Date.now();
    const { rows } = this.#store;
    const { machine } = this.#client;
    if (machine.phase === 'live' && machine.staleSince === null) this.#asOf = machine.lastFrameAt;
    const projects = rows.projects();
    this.#chooseFirst();
    this.#loader.choose(this.#ui.choice);
    this.#drawBadge(now);
    this.#totals.update(sums(projects.filter((project) => !project.archived)));
    this.#tree.update(tree(projects, rows.branches(), this.#ui.query, this.#ui.treeSort), now);
    this.#tasks.update(now);
    this.#people.update(this.#store, now);
    this.#activity.update(this.#store, now);
    this.#notes.patch(this.#store.notices.map((notice) => [notice.id, { text: this.#sentence(notice) }]));
    this.#drawPane();
  }

  #drawBadge(now: number): void {
    this.#header.update({ machine: this.#client.machine, asOf: this.#asOf, now });
    attribute(this.element, 'data-phase', this.#client.machine.phase);
  }

  #clock(): void {
    const now = Date.now();
    if (document.hidden) return;
    this.#store.sweep(now);
    this.#drawBadge(now);
  }

  /** With nothing chosen, the branch with the latest activity is open: a second screen shows something at once. */
  #chooseFirst(): void {
    const { ui, rows } = { ui: this.#ui, rows: this.#store.rows };
    if (ui.choice === null) {
      const latest = rows
        .branches()
        .filter((branch) => !branch.archived && rows.project(branch.project_id) !== null)
        .reduce<{ at: string; projectId: string; branchId: string } | null>((best, branch) => {
          const at = branch.last_activity ?? '';
          return best === null || at > best.at ? { at, projectId: branch.project_id, branchId: branch.id } : best;
        }, null);
      if (latest !== null) ui.choice = { projectId: latest.projectId, branchId: latest.branchId };
    }
    if (ui.choice !== null && hashOf(ui.choice) !== location.hash) history.replaceState(null, '', hashOf(ui.choice));
  }

  #build(): void {
    for (const [pane, name] of PANES) {
      const tab = h('button', { type: 'button', role: 'tab', 'data-pane': pane }, name);
      tab.addEventListener('click', () => this.#ui.change({ pane }));
      this.#tabs.append(tab);
    }
    const side = h('aside', { class: 'side' }, this.#people.element, this.#activity.element);
    const main = h('main', { class: 'columns' }, this.#tree.element, this.#tasks.element, side);
    this.element.append(this.#header.element, this.#totals.element, this.#tabs, main, this.#notices);
  }

  #drawPane(): void {
    attribute(this.element, 'data-pane', this.#ui.pane);
    for (const tab of this.#tabs.children) {
      attribute(tab, 'aria-selected', tab.getAttribute('data-pane') === this.#ui.pane ? 'true' : 'false');
    }
  }

  #notice(id: string) {
    const words = h('span');
    const close = h('button', { type: 'button', 'aria-label': 'Dismiss' }, '×');
    close.addEventListener('click', () => this.#store.dismiss(id));
    return {
      element: h('p', { class: 'notice' }, words, close),
      update: (item: { text: string }) => text(words, item.text),
    };
  }

  #sentence(notice: { projectId: string; taskId: string; text: string }): string {
    const title = this.#store.rows.task(notice.projectId, notice.taskId)?.title ?? notice.taskId;
    return `Your change to “${title}” was taken back: ${notice.text}.`;
  }

  #key(event: KeyboardEvent): void {
    const { target } = event;
    const typing =
      target instanceof HTMLInputElement ||
      target instanceof HTMLTextAreaElement ||
      target instanceof HTMLSelectElement;
    if (event.key === '/' && !typing) {
      event.preventDefault();
      this.#header.search.focus();
    } else if (event.key === 'Escape' && target === this.#header.search) {
      this.#header.search.value = '';
      this.#ui.change({ query: '' });
    }
  }
}
