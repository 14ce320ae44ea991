/** The board: puts the views together and draws what is due. */
import type { Client } from '../client.ts';
import type { Phase } from '../connection.ts';
import type { Http } from '../http.ts';
import type { Entry } from '../store/feed.ts';
import type { RecentAnswer, TaskRow } from '../types.ts';
import { Activity } from './activity.ts';
import { attribute, h } from './dom.ts';
import { Draws } from './draws.ts';
import { atWork, earlier } from './earlier.ts';
import { Finder } from './finder.ts';
import { Header, switchTheme } from './header.ts';
import { Help } from './help.ts';
import { CHORD_MS, type Meaning, meaningOf } from './keys.ts';
import { TaskLoader } from './loader.ts';
import { Minutes } from './minutes.ts';
import { Notices } from './notices.ts';
import { burnDownButton, openReceipts } from './panes.ts';
import { everyone, People } from './people.ts';
import { scrolling } from './scrolling.ts';
import { Tasks } from './tasks.ts';
import { Totals } from './totals.ts';
import { Tree } from './tree.ts';
import { addressOf, type Choice, hashOf, type Pane, Ui } from './ui.ts';
import { busiest, sums, tree } from './view.ts';
import type { WatchedStore } from './watch.ts';

const CLOCK_MS = 1_000;
const SLOW_TICKS = 10;
const RECENT = 100;
const WHOLE_MINUTE_MS = 61_000;
const PANES: readonly (readonly [Pane, string])[] = [
  ['projects', 'Projects'],
  ['tasks', 'Tasks'],
  ['activity', 'Activity'],
];

/** `reconnect`: the person wants a connection now. `me`: whose page this is. */
export interface BoardMoves {
  readonly reconnect: () => void;
  readonly me: () => string | null;
}

export class Board {
  readonly element = h('div', { class: 'board' });
  readonly #ui = new Ui();
  readonly #store: WatchedStore;
  readonly #client: Client;
  readonly #http: Http;
  readonly #loader: TaskLoader;
  readonly #minutes = new Minutes(Date.now());
  readonly #draws = new Draws({
    frame: (call) => requestAnimationFrame(call),
    clock: () => performance.now(),
    now: () => Date.now(),
    isScrolling: scrolling(document, () => performance.now()),
  });
  readonly #finder: Finder;
  readonly #header: Header;
  readonly #help = new Help();
  readonly #totals = new Totals();
  readonly #tree: Tree;
  readonly #tasks: Tasks;
  readonly #people = new People();
  readonly #activity = new Activity();
  readonly #notices: Notices;
  readonly #tabs = h('div', { role: 'tablist', 'aria-label': 'Parts of the board' });
  #before: readonly TaskRow[] = [];
  #earlier: readonly Entry[] = [];
  /** The branch that the page opened by itself. */
  #own: Choice | null = null;
  #asOf: number | null = null;
  #ticks = 0;
  #chordUntil = 0;
  #phase: Phase = 'idle';
  #later = 0;

  constructor(store: WatchedStore, client: Client, http: Http, { reconnect, me }: BoardMoves) {
    this.#store = store;
    this.#client = client;
    this.#http = http;
    this.#loader = new TaskLoader(http, store, () => this.#draws.soon('tasks', 'branch'));
    this.#finder = new Finder(this.#ui, store, http);
    this.#header = new Header(this.#finder, { onBadge: reconnect, onHelp: () => this.#help.toggle() });
    this.#tree = new Tree(this.#ui, this.#minutes);
    this.#tasks = new Tasks(this.#ui, store, this.#loader, (task, changes) =>
      client.edit(task.project_id, task.id, changes),
    );
    this.#notices = new Notices(this.#ui, store, me);
    this.#build();
    this.#plan();
    Object.assign(this.#ui, addressOf(location.hash));
    store.onFrames((frames, now) => this.#minutes.took(frames, now));
    store.onChange(() => this.#draws.soon());
    client.onState(() => {
      this.#joined();
      this.#draws.soon('badge');
    });
    this.#ui.onChange(() => this.#chosen());
    window.addEventListener('hashchange', () => this.#ui.change(addressOf(location.hash)));
    // Before the lists see it: the letter after `g` may mean something to a row, too.
    document.addEventListener('keydown', (event) => this.#key(event), true);
    setInterval(() => this.#clock(), CLOCK_MS);
    this.#draws.soon();
  }

  /** What happened before this page was opened; without it the feed begins empty. */
  async loadRecent(): Promise<void> {
    try {
      const { tasks, activity } = await this.#http.recent(RECENT);
      this.#before = tasks;
      this.#earlier = earlier(tasks);
      this.#told(activity);
    } catch {
      // An edge without this call: the feed fills by itself.
    }
  }

  /** Live again: what came meanwhile was not seen change by change. Told once the minute of the join is over, too. */
  #joined(): void {
    const { phase } = this.#client.machine;
    const anew = phase === 'live' && this.#phase !== 'live';
    this.#phase = phase;
    if (!anew) return;
    this.#draws.soon();
    clearTimeout(this.#later);
    this.#later = window.setTimeout(() => {
      this.#http.recent(1).then(
        ({ activity }) => this.#told(activity),
        () => {},
      );
    }, WHOLE_MINUTE_MS);
  }

  #told(activity: RecentAnswer['activity']): void {
    this.#minutes.load(Object.values(activity).flat());
    this.#draws.soon();
  }

  /** In the order in which they matter to someone who looks. */
  #plan(): void {
    const { rows } = this.#store;
    this.#draws.add('choice', () => {
      this.#chooseFirst();
      this.#loader.choose(this.#ui.choice);
    });
    this.#draws.add('badge', (now) => this.#drawBadge(now));
    this.#draws.add('tasks', () => this.#tasks.update());
    this.#draws.add('branch', () => this.#tasks.drawTop());
    this.#draws.add('notices', (now) => this.#notices.update(now));
    this.#draws.add('totals', (now) => {
      const projects = rows.projects().filter((project) => !project.archived);
      const ids = projects.map((project) => project.id);
      this.#totals.update(sums(projects), this.#minutes.all(ids, now), { now, since: this.#minutes.since(now) });
    });
    this.#draws.add('tree', (now) => {
      const { query, treeSort: sort } = this.#ui;
      const trees = tree(rows.projects(), rows.branches(), { query, sort, now });
      this.#tree.update(trees, this.#everyone(now), { whole: this.#known() !== null, now });
    });
    this.#draws.add('activity', (now) => this.#activity.update(this.#store, this.#earlier, now));
    this.#draws.add('people', (now) => this.#people.update(this.#everyone(now), this.#store, now));
    this.#draws.add('pane', () => this.#drawPane());
  }

  #everyone(now: number) {
    return everyone(this.#store, atWork(this.#before, now));
  }

  #drawBadge(now: number): void {
    const { machine } = this.#client;
    this.#header.update({ machine, asOf: this.#known(), waiting: this.#client.pending.length, now });
    attribute(this.element, 'data-phase', machine.phase);
  }

  /** As of when all is here; null before that. Whichever part is drawn first asks for it. */
  #known(): number | null {
    const { phase, staleSince, lastFrameAt } = this.#client.machine;
    const up = phase === 'live' || phase === 'polling';
    if (up && staleSince === null) this.#asOf = lastFrameAt;
    return this.#asOf;
  }

  #clock(): void {
    if (document.hidden) return;
    this.#ticks += 1;
    this.#store.sweep(Date.now());
    this.#draws.soon(...(this.#ticks % SLOW_TICKS === 0 ? [] : ['badge', 'notices']));
  }

  /**
   * With nothing chosen, the busiest branch is open: a second screen shows something at once. While a history comes in, that
   * one may lose all its tasks; then it is another one, as long as nobody chose.
   */
  #chooseFirst(): void {
    const { rows } = this.#store;
    const { choice } = this.#ui;
    const shown = choice === null ? null : rows.branch(choice.projectId, choice.branchId ?? '');
    if (choice !== null && (choice !== this.#own || (shown?.total_tasks ?? 0) > 0)) return;
    const found = busiest(rows.branches().filter((branch) => rows.project(branch.project_id) !== null));
    if (found === null || (choice?.projectId === found.project_id && choice.branchId === found.id)) return;
    this.#own = { projectId: found.project_id, branchId: found.id };
    this.#ui.choice = this.#own;
    history.replaceState(null, '', hashOf(this.#ui));
  }

  /** Another branch is another page to go back from; what narrows it is not. */
  #chosen(): void {
    this.#finder.update();
    const { choice } = addressOf(location.hash);
    const hash = hashOf(this.#ui);
    const same = choice?.projectId === this.#ui.choice?.projectId && choice?.branchId === this.#ui.choice?.branchId;
    if (hash !== location.hash && this.#ui.choice !== null)
      history[same ? 'replaceState' : 'pushState'](null, '', hash);
    this.#draws.soon();
  }

  #build(): void {
    for (const [pane, name] of PANES) {
      const tab = h('button', { type: 'button', role: 'tab', 'data-pane': pane }, name);
      tab.addEventListener('click', () => this.#ui.change({ pane }));
      this.#tabs.append(tab);
    }
    const chosen = () => ({ choice: this.#ui.choice, name: this.#tasks.name });
    this.#tasks.tools.prepend(burnDownButton(this.#http, chosen));
    openReceipts(this.element, this.#http);
    const side = h('div', { class: 'side' }, this.#people.element, this.#activity.element);
    const main = h('main', { class: 'columns' }, this.#tree.element, this.#tasks.element, side);
    this.element.append(
      this.#header.element,
      this.#totals.element,
      h('nav', { class: 'tabs', 'aria-label': 'Parts of the board' }, this.#tabs),
      main,
      this.#notices.element,
    );
  }

  #drawPane(): void {
    attribute(this.element, 'data-pane', this.#ui.pane);
    for (const tab of this.#tabs.children) {
      attribute(tab, 'aria-selected', tab.getAttribute('data-pane') === this.#ui.pane ? 'true' : 'false');
    }
  }

  #key(event: KeyboardEvent): void {
    const { target, key } = event;
    const fields = target instanceof HTMLElement && target.closest('input, textarea, select') !== null;
    const taken = fields || event.ctrlKey || event.metaKey || event.altKey;
    const meaning = meaningOf({ key, taken, chorded: event.timeStamp < this.#chordUntil });
    this.#chordUntil = meaning === 'chord' ? event.timeStamp + CHORD_MS : 0;
    if (meaning === null) return;
    event.preventDefault();
    event.stopPropagation();
    this.#do(meaning);
  }

  #do(meaning: Exclude<Meaning, null>): void {
    const moves: Readonly<Record<Exclude<Meaning, null>, () => void>> = {
      search: () => this.#finder.input.focus(),
      help: () => this.#help.toggle(),
      theme: switchTheme,
      clear: () => this.#ui.change({ query: '', status: null, priority: null }),
      chord: () => {},
      'go-projects': () => this.#go('projects', '.tree .line[aria-current], .tree .line'),
      'go-tasks': () => {
        this.#ui.change({ pane: 'tasks' });
        this.#tasks.list.enter();
      },
      'go-activity': () => this.#go('activity', '.activity a, .activity button'),
    };
    moves[meaning]();
  }

  #go(pane: Pane, first: string): void {
    this.#ui.change({ pane });
    this.element.querySelector<HTMLElement>(first)?.focus();
  }
}
