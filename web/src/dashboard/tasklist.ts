/** A list of thousands of tasks, of which only those in sight are in the page; rows are used again while scrolling. */
import type { TaskRow } from '../types.ts';
import { attribute, h, Keyed } from './dom.ts';
import { type TaskLine, type TaskMoves, TaskRowView } from './taskrow.ts';
import { visible } from './view.ts';

const HEADS = ['Status', 'Title', 'Priority', 'Subtasks', 'Assignees', 'Last change'];
const PHONE = '(max-width: 760px)';

/** What the rows need besides their tasks. */
export interface Around {
  readonly pending: ReadonlySet<string>;
  /** The name of a task's branch, where the list has more than one. */
  readonly branchOf: (task: TaskRow) => string;
}

export class TaskList {
  readonly element = h('div', { class: 'grid', role: 'grid', 'aria-label': 'Tasks', 'aria-colcount': HEADS.length });
  readonly scroller = h('div', { class: 'scroller' });
  readonly #body = h('div', { class: 'body', role: 'rowgroup' });
  readonly #phone = matchMedia(PHONE);
  readonly #lines: Keyed<TaskLine>;
  readonly #views = new Map<string, TaskRowView>();
  /** Rows that went out of sight, to be used again: making one anew is what costs while scrolling. */
  readonly #spare: TaskRowView[] = [];
  #list: readonly TaskRow[] = [];
  #around: Around = { pending: new Set(), branchOf: () => '' };
  #active: string | null = null;

  constructor(edit: TaskMoves['edit']) {
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
    this.scroller.append(this.#body);
    this.element.append(h('div', { role: 'rowgroup' }, head), this.scroller);
    this.scroller.addEventListener('scroll', () => this.draw(), { passive: true });
    this.scroller.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => this.draw()).observe(this.scroller);
  }

  update(list: readonly TaskRow[], around: Around): void {
    if (list !== this.#list) {
      attribute(
        this.element,
        'data-parts',
        list.some((task) => task.total_subtasks > 0),
      );
      attribute(
        this.element,
        'data-who',
        list.some((task) => task.assignees.length > 0),
      );
    }
    this.#list = list;
    this.#around = around;
    this.draw();
  }

  /** Bring a task into sight and give it the focus; false when it is not in the list. */
  show(taskId: string): boolean {
    const index = this.#list.findIndex((task) => task.id === taskId);
    if (index >= 0) this.#focus(index, true);
    return index >= 0;
  }

  /** Give the focus to the row that had it last. */
  enter(): void {
    const index = this.#list.findIndex((task) => task.id === this.#active);
    this.#focus(Math.max(0, index));
  }

  draw(): void {
    const now = Date.now();
    const height = this.#rowHeight();
    const { scrollTop, clientHeight } = this.scroller;
    const count = this.#list.length;
    const [first, end] = visible(scrollTop, clientHeight, height, count);
    const tall = `${count * height}px`;
    if (this.#body.style.height !== tall) this.#body.style.height = tall;
    attribute(this.element, 'aria-rowcount', count + 1);
    const places = Array.from({ length: end - first }, (_, index) => first + index);
    const kept = this.#keptPlace();
    if (kept !== null && (kept < first || kept >= end)) places.push(kept);
    const items = places.flatMap((index) => this.#line(index, height, now));
    this.#lines.patch(items);
    const there = new Set(items.map(([key]) => key));
    for (const key of this.#views.keys()) if (!there.has(key)) this.#views.delete(key);
  }

  #line(index: number, height: number, now: number): readonly (readonly [string, TaskLine])[] {
    const task = this.#list[index];
    if (task === undefined) return [];
    const active = this.#active === null ? index === 0 : task.id === this.#active;
    const { pending, branchOf } = this.#around;
    const line = {
      task,
      index,
      top: index * height,
      pending: pending.has(task.id),
      branch: branchOf(task),
      active,
      now,
    };
    return [[task.id, line]];
  }

  /** The row that has the focus stays in the page even when it is scrolled out of sight. */
  #keptPlace(): number | null {
    if (this.#active === null || !this.scroller.contains(document.activeElement)) return null;
    const index = this.#list.findIndex((task) => task.id === this.#active);
    return index < 0 ? null : index;
  }

  #rowHeight(): number {
    return this.#phone.matches ? 60 : 36;
  }

  #activate(id: string): void {
    if (this.#active === id) return;
    this.#active = id;
    this.draw();
  }

  #key(event: KeyboardEvent): void {
    if (!(event.target instanceof HTMLElement) || event.target.getAttribute('role') !== 'row') return;
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / this.#rowHeight()) - 1);
    const moves: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      j: 1,
      ArrowUp: -1,
      k: -1,
      PageDown: page,
      PageUp: -page,
      Home: Number.NEGATIVE_INFINITY,
      End: Number.POSITIVE_INFINITY,
    };
    const move = moves[event.key];
    if (move === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const place = this.#list.findIndex((task) => task.id === this.#active);
    this.#focus(Math.min(this.#list.length - 1, Math.max(0, place + move)));
  }

  #focus(index: number, centred = false): void {
    const task = this.#list[index];
    if (task === undefined) return;
    const height = this.#rowHeight();
    const { scrollTop, clientHeight } = this.scroller;
    const [top, bottom] = [index * height, (index + 1) * height];
    if (centred) this.scroller.scrollTop = top - clientHeight / 2;
    else if (top < scrollTop) this.scroller.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.scroller.scrollTop = bottom - clientHeight;
    this.#active = task.id;
    this.draw();
    this.#views.get(task.id)?.element.focus({ preventScroll: true });
  }
}
