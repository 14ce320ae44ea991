/** The tasks of the chosen branch: thousands of them, of which only those in sight are in the page. */
import type { Store } from '../store/store.ts';
import type { BranchRow, TaskRow } from '../types.ts';
import { attribute, h, Keyed, text } from './dom.ts';
import type { TaskLoader } from './loader.ts';
import { bar, StatusChips } from './meter.ts';
import { type TaskLine, type TaskMoves, TaskRowView } from './taskrow.ts';
import { figure } from './times.ts';
import type { Choice, Ui } from './ui.ts';
import { type TaskSort, taskList, visible } from './view.ts';

const NOTHING = { status_breakdown: {}, completed_tasks: 0, total_tasks: 0 };
const HEADS = ['Status', 'Title', 'Priority', 'Subtasks', 'Assignees', 'Last change'];
const SORTS: readonly (readonly [TaskSort, string])[] = [
  ['work', 'open first'],
  ['recent', 'latest change first'],
  ['title', 'by title'],
];

export class Tasks {
  readonly element = h('section', { class: 'tasks', 'aria-label': 'Tasks' });
  readonly #ui: Ui;
  readonly #store: Store;
  readonly #loader: TaskLoader;
  readonly #name = h('h2');
  readonly #where = h('p', { class: 'where' });
  readonly #count = h('span', { class: 'count', role: 'status' });
  readonly #bar = bar('Progress');
  readonly #chips: StatusChips;
  readonly #scroller = h('div', { class: 'scroller' });
  readonly #grid = h('div', { class: 'grid', role: 'grid', 'aria-label': 'Tasks', 'aria-colcount': HEADS.length });
  readonly #body = h('div', { class: 'body', role: 'rowgroup' });
  readonly #empty = h('p', { class: 'empty' });
  readonly #lines: Keyed<TaskLine>;
  readonly #views = new Map<string, TaskRowView>();
  /** Lines that went out of sight, to be used again: making one anew is what costs while scrolling. */
  readonly #spare: TaskRowView[] = [];
  #list: readonly TaskRow[] = [];
  #active: string | null = null;
  #seen = '';

  constructor(ui: Ui, store: Store, loader: TaskLoader, edit: TaskMoves['edit']) {
    this.#ui = ui;
    this.#store = store;
    this.#loader = loader;
    this.#chips = new StatusChips((status) => ui.change({ status: ui.status === status ? null : status }));
    const moves: TaskMoves = { edit, activate: (id) => this.#activate(id) };
    this.#lines = new Keyed<TaskLine>(
      this.#body,
      (id) => {
        const view = this.#spare.pop() ?? new TaskRowView(moves);
        this.#views.set(id, view);
        return view;
      },
      (view) => this.#spare.push(view as TaskRowView),
    );
    const head = h('div', { class: 'task heads', role: 'row', 'aria-rowindex': 1 });
    for (const name of HEADS) head.append(h('div', { class: 'cell', role: 'columnheader' }, name));
    this.#grid.append(h('div', { role: 'rowgroup' }, head), this.#scroller);
    this.#scroller.append(this.#body, this.#empty);
    this.element.append(this.#top(), this.#grid);
    this.#scroller.addEventListener('scroll', () => this.draw(Date.now()), { passive: true });
    this.#scroller.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.draw(Date.now())).observe(this.#scroller);
  }

  update(now: number): void {
    const { choice, query, status, sort } = this.#ui;
    this.#grid.hidden = choice === null;
    if (choice === null) {
      text(this.#name, 'Choose a branch');
      return;
    }
    const { rows } = this.#store;
    const seen = JSON.stringify([
      choice,
      query,
      status,
      sort,
      rows.versions.task,
      rows.project(choice.projectId) !== null,
    ]);
    if (seen !== this.#seen) {
      const shown = rows.tasks().map((task) => this.#store.shown(task));
      this.#list = taskList(shown, { ...choice, query, status, sort });
      this.#seen = seen;
    }
    this.#drawTop(choice);
    this.draw(now);
  }

  draw(now: number): void {
    const height = this.#rowHeight();
    const { scrollTop, clientHeight } = this.#scroller;
    const count = this.#list.length;
    const [first, end] = visible(scrollTop, clientHeight, height, count);
    this.#body.style.height = `${count * height}px`;
    attribute(this.#grid, 'aria-rowcount', count + 1);
    const open = new Set(this.#store.pending.map((entry) => entry.change.id));
    const items: [string, TaskLine][] = [];
    for (let index = first; index < end; index += 1) this.#line(items, index, height, open, now);
    this.#keepActive(items, first, end, height, open, now);
    this.#lines.patch(items);
    const kept = new Set(items.map(([key]) => key));
    for (const key of this.#views.keys()) if (!kept.has(key)) this.#views.delete(key);
    this.#drawEmpty(count);
  }

  #line(items: [string, TaskLine][], index: number, height: number, open: ReadonlySet<string>, now: number): void {
    const task = this.#list[index];
    if (task === undefined) return;
    const active = this.#active === null ? index === 0 : task.id === this.#active;
    const branch = this.#ui.choice?.branchId === null ? this.#branchName(task) : '';
    items.push([task.id, { task, index, top: index * height, pending: open.has(task.id), branch, active, now }]);
  }

  #branchName(task: TaskRow): string {
    return this.#store.rows.branch(task.project_id, task.branch_id)?.name ?? task.branch_id;
  }

  /** The line that has the focus stays in the page even when it is scrolled out of sight. */
  #keepActive(
    items: [string, TaskLine][],
    first: number,
    end: number,
    height: number,
    open: ReadonlySet<string>,
    now: number,
  ): void {
    if (this.#active === null || !this.element.contains(document.activeElement)) return;
    const index = this.#list.findIndex((task) => task.id === this.#active);
    if (index >= 0 && (index < first || index >= end)) this.#line(items, index, height, open, now);
  }

  #top(): HTMLElement {
    const sort = h(
      'select',
      { 'aria-label': 'Order of tasks' },
      ...SORTS.map(([value, name]) => h('option', { value }, name)),
    );
    sort.addEventListener('change', () => this.#ui.change({ sort: sort.value as TaskSort }));
    const title = h('div', { class: 'heading' }, this.#where, this.#name);
    const line = h('div', { class: 'tools' }, this.#count, h('label', { class: 'sort' }, sort));
    return h('div', { class: 'summary' }, title, line, this.#bar.element, this.#chips.element);
  }

  #drawTop(choice: Choice): void {
    const { rows } = this.#store;
    const project = rows.project(choice.projectId);
    const row = choice.branchId === null ? project : rows.branch(choice.projectId, choice.branchId);
    text(this.#name, row?.name ?? choice.branchId ?? choice.projectId);
    text(this.#where, choice.branchId === null ? 'All branches of' : (project?.name ?? choice.projectId));
    this.#drawCounts(row ?? NOTHING);
  }

  #drawCounts(row: Pick<BranchRow, 'status_breakdown' | 'completed_tasks' | 'total_tasks'>): void {
    this.#bar.update(row.status_breakdown, row.completed_tasks, row.total_tasks);
    this.#chips.update(row.status_breakdown, this.#ui.status);
    const shown = figure(this.#list.length);
    if (this.#loader.state === 'loading') text(this.#count, `${shown} tasks, loading…`);
    else if (this.#list.length === row.total_tasks) text(this.#count, `${shown} tasks`);
    else text(this.#count, `${shown} of ${figure(row.total_tasks)} tasks`);
  }

  #drawEmpty(count: number): void {
    this.#empty.hidden = count > 0;
    if (count > 0) return;
    const { state, problem } = this.#loader;
    const narrowed = this.#ui.query !== '' || this.#ui.status !== null;
    if (state === 'failed') text(this.#empty, `The tasks could not be read: ${problem}`);
    else if (state === 'loading') text(this.#empty, 'Loading tasks…');
    else text(this.#empty, narrowed ? 'No task here matches.' : 'There are no tasks here.');
  }

  #rowHeight(): number {
    return matchMedia('(max-width: 760px)').matches ? 60 : 36;
  }

  #activate(id: string): void {
    if (this.#active === id) return;
    this.#active = id;
    this.draw(Date.now());
  }

  #key(event: KeyboardEvent): void {
    if (!(event.target instanceof HTMLElement) || event.target.getAttribute('role') !== 'row') return;
    const page = Math.max(1, Math.floor(this.#scroller.clientHeight / this.#rowHeight()) - 1);
    const moves: Record<string, number> = {
      ArrowDown: 1,
      j: 1,
      ArrowUp: -1,
      k: -1,
      PageDown: page,
      PageUp: -page,
      Home: -1e9,
      End: 1e9,
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    const place = this.#list.findIndex((task) => task.id === this.#active);
    this.#focus(Math.min(this.#list.length - 1, Math.max(0, place + move)));
  }

  #focus(index: number): void {
    const task = this.#list[index];
    if (task === undefined) return;
    const height = this.#rowHeight();
    const [top, bottom] = [index * height, (index + 1) * height];
    if (top < this.#scroller.scrollTop) this.#scroller.scrollTop = top;
    else if (bottom > this.#scroller.scrollTop + this.#scroller.clientHeight)
      this.#scroller.scrollTop = bottom - this.#scroller.clientHeight;
    this.#active = task.id;
    this.draw(Date.now());
    this.#views.get(task.id)?.element.focus({ preventScroll: true });
  }
}
