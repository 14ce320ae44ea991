/** The tasks of the chosen branch: what it is, how far it is, and its list, narrowed and ordered as its reader likes. */
import type { Store } from '../store/store.ts';
import type { BranchRow, TaskRow } from '../types.ts';
import { attribute, h, text } from './dom.ts';
import type { TaskLoader } from './loader.ts';
import { bar, PriorityChips, StatusChips } from './meter.ts';
import { type Listed, NONE, type TaskSort, taskList } from './order.ts';
import { TaskList } from './tasklist.ts';
import type { TaskMoves } from './taskrow.ts';
import { counted, figure } from './times.ts';
import type { Choice, Ui } from './ui.ts';

const NOTHING = { status_breakdown: {}, priority_breakdown: {}, completed_tasks: 0, total_tasks: 0 };
const SORTS: readonly (readonly [TaskSort, string])[] = [
  ['work', 'open first'],
  ['recent', 'latest change first'],
  ['title', 'by title'],
];

export class Tasks {
  readonly element = h('section', { class: 'tasks', 'aria-label': 'Tasks' });
  readonly list: TaskList;
  readonly tools = h('div', { class: 'tools' });
  readonly #ui: Ui;
  readonly #store: Store;
  readonly #loader: TaskLoader;
  readonly #name = h('h2', { tabindex: -1 });
  readonly #where = h('p', { class: 'where' });
  readonly #count = h('span', { class: 'count', role: 'status' });
  readonly #sort: HTMLSelectElement;
  readonly #bar = bar('Progress');
  readonly #statuses: StatusChips;
  readonly #priorities: PriorityChips;
  readonly #clear: HTMLButtonElement;
  readonly #empty = h('p', { class: 'empty' });
  #listed: Listed = NONE;
  #order = '';
  #seen = '';

  constructor(ui: Ui, store: Store, loader: TaskLoader, edit: TaskMoves['edit']) {
    this.#ui = ui;
    this.#store = store;
    this.#loader = loader;
    this.#statuses = new StatusChips((status) => ui.change({ status: ui.status === status ? null : status }));
    this.#priorities = new PriorityChips((one) => ui.change({ priority: ui.priority === one ? null : one }));
    this.#sort = h(
      'select',
      { 'aria-label': 'Order of tasks' },
      ...SORTS.map(([value, name]) => h('option', { value }, name)),
    );
    this.#sort.addEventListener('change', () => ui.change({ sort: this.#sort.value as TaskSort }));
    this.#clear = h('button', { class: 'clear', type: 'button' }, 'Show all');
    this.#clear.addEventListener('click', () => ui.change({ query: '', status: null, priority: null }));
    this.list = new TaskList(edit);
    this.list.scroller.append(this.#empty);
    this.element.append(this.#top(), this.list.element);
  }

  /** Of what is chosen. */
  get name(): string {
    return this.#name.textContent ?? '';
  }

  /** What the list is of, and how far that is. */
  drawTop(): void {
    const { choice } = this.#ui;
    this.tools.hidden = choice === null;
    if (choice === null) text(this.#name, 'Choose a branch');
    else this.#drawBranch(choice);
  }

  update(): void {
    const { choice, query, status, priority, sort } = this.#ui;
    this.list.element.hidden = choice === null;
    if (choice === null) return;
    const { rows } = this.#store;
    const order = JSON.stringify([choice, query, status, priority, sort]);
    const anew = order !== this.#order;
    const seen = JSON.stringify([order, rows.versions.task, rows.project(choice.projectId) !== null]);
    if (seen !== this.#seen) {
      const shown =
        this.#store.pending.length === 0 ? rows.tasks() : rows.tasks().map((task) => this.#store.shown(task));
      const before = anew ? NONE : this.#listed;
      this.#listed = { rows: shown, list: taskList(shown, { ...choice, query, status, priority, sort }, before) };
      this.#seen = seen;
      this.#order = order;
    }
    this.#drawEmpty();
    const pending = new Set(this.#store.pending.map((entry) => entry.change.id));
    this.list.update(this.#listed.list, { pending, branchOf: (task) => this.#branchName(task) }, anew);
    this.#jump();
  }

  /** A link may name a task: it is shown once it is there. */
  #jump(): void {
    const { taskId } = this.#ui;
    if (taskId !== null && this.list.show(taskId)) this.#ui.taskId = null;
  }

  #branchName(task: TaskRow): string {
    if (this.#ui.choice?.branchId !== null) return '';
    return this.#store.rows.branch(task.project_id, task.branch_id)?.name ?? task.branch_id;
  }

  #top(): HTMLElement {
    const title = h('div', { class: 'heading' }, this.#where, this.#name);
    this.tools.append(this.#clear, this.#count, h('label', { class: 'sort' }, this.#sort));
    const chips = h('div', { class: 'filters' }, this.#statuses.element, this.#priorities.element);
    return h('div', { class: 'summary' }, title, this.tools, this.#bar.element, chips);
  }

  #drawBranch(choice: Choice): void {
    const { rows } = this.#store;
    const project = rows.project(choice.projectId);
    const row = choice.branchId === null ? project : rows.branch(choice.projectId, choice.branchId);
    const name = row?.name ?? choice.branchId ?? choice.projectId;
    text(this.#name, name);
    attribute(this.#name, 'title', name);
    text(this.#where, choice.branchId === null ? 'All branches of' : (project?.name ?? choice.projectId));
    if (this.#sort.value !== this.#ui.sort) this.#sort.value = this.#ui.sort;
    this.#clear.hidden = !this.#narrowed();
    this.#drawCounts(row ?? NOTHING);
  }

  #drawCounts(row: Pick<BranchRow, keyof typeof NOTHING>): void {
    this.#bar.update(row.status_breakdown, row.completed_tasks, row.total_tasks);
    this.#statuses.update(row.status_breakdown, this.#ui.status);
    this.#priorities.update(row.priority_breakdown, this.#ui.priority);
    const shown = this.#listed.list.length;
    if (this.#loader.state === 'loading') text(this.#count, `${counted(shown, 'task')}, loading…`);
    else if (shown === row.total_tasks) text(this.#count, counted(shown, 'task'));
    else text(this.#count, `${figure(shown)} of ${counted(row.total_tasks, 'task')}`);
  }

  #drawEmpty(): void {
    this.#empty.hidden = this.#listed.list.length > 0;
    if (this.#listed.list.length > 0) return;
    const { state, problem } = this.#loader;
    if (state === 'failed') text(this.#empty, `The tasks could not be read: ${problem}`);
    else if (state === 'loading') text(this.#empty, 'Loading tasks…');
    else text(this.#empty, this.#narrowed() ? 'No task here matches.' : 'There are no tasks here.');
  }

  #narrowed(): boolean {
    return this.#ui.query !== '' || this.#ui.status !== null || this.#ui.priority !== null;
  }
}
