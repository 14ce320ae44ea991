/** A list of thousands of tasks, of which only those in sight are in the page; rows are used again while scrolling. */
import type { TaskRow } from '../types.ts';
import { attribute, h } from './dom.ts';
import { Recycler } from './recycle.ts';
import { held, isOff, levelled, type Sight, visible } from './sight.ts';
import { type TaskLine, type TaskMoves, TaskRowView } from './taskrow.ts';
import { tens } from './times.ts';

const HEADS = ['Status', 'Title', 'Priority', 'Subtasks', 'Assignees', 'Last change'];
/** After so long without a change the rows are put in order, a few at a time. */
const REST_MS = 300;
const TIDY = 3;
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
  readonly #lines: Recycler<TaskLine, TaskRowView>;
  #list: readonly TaskRow[] = [];
  #around: Around = { pending: new Set(), branchOf: () => '' };
  #active: string | null = null;
  /** Read where that makes the browser lay out nothing. */
  #place = { top: 0, tall: 0 };
  #shift = 0;
  /** Rows may have come that need another column, or gone. */
  #stale = false;
  #drawn = 0;
  #resting: number | null = null;

  constructor(edit: TaskMoves['edit']) {
    const moves: TaskMoves = { edit, activate: (id) => this.#activate(id) };
    this.#lines = new Recycler(this.#body, () => new TaskRowView(moves));
    const head = h('div', { class: 'task heads', role: 'row', 'aria-rowindex': 1 });
    for (const name of HEADS) head.append(h('div', { class: 'cell', role: 'columnheader' }, name));
    this.scroller.append(this.#body);
    this.element.append(h('div', { role: 'rowgroup' }, head), this.scroller);
    this.scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.scroller.addEventListener('keydown', (event) => this.#key(event));
    new ResizeObserver(() => {
      this.#place = { ...this.#place, tall: this.scroller.clientHeight };
      this.#scrolled();
    }).observe(this.scroller);
  }

  /** `anew`: it is another list, and not the same one after a change. */
  update(list: readonly TaskRow[], around: Around, anew: boolean): void {
    const grown = list.length !== this.#list.length;
    if (list !== this.#list) this.#shift = anew ? 0 : held(this.#sight(), this.#list, list);
    this.#stale ||= list !== this.#list;
    this.#list = list;
    if (anew || grown) this.#columns();
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

  /** Subtasks and assignees have a column where there are some. */
  #columns(): void {
    this.#stale = false;
    const parts = this.#list.some((task) => task.total_subtasks > 0);
    const who = this.#list.some((task) => task.assignees.length > 0);
    attribute(this.element, 'data-parts', parts);
    attribute(this.element, 'data-who', who);
  }

  #scrolled(): void {
    this.#place = { ...this.#place, top: this.scroller.scrollTop };
    this.draw();
  }

  #sight(): Sight {
    return { ...this.#place, row: this.#rowHeight(), count: this.#list.length, shift: this.#shift };
  }

  /** The same rows in sight, each where it belongs. */
  #level(): void {
    if (this.#shift === 0) return;
    this.scroller.scrollTop = levelled(this.#sight());
    this.#shift = 0;
    this.#place = { ...this.#place, top: this.scroller.scrollTop };
  }

  draw(): void {
    const row = this.#rowHeight();
    const tall = `${this.#list.length * row}px`;
    if (this.#body.style.height !== tall) this.#body.style.height = tall;
    if (isOff(this.#sight())) this.#level();
    attribute(this.element, 'aria-rowcount', this.#list.length + 1);
    const now = Date.now();
    const [first, end] = visible(this.#sight());
    const places = Array.from({ length: end - first }, (_, index) => first + index);
    const kept = this.#keptPlace();
    if (kept !== null && kept < first) places.unshift(kept);
    if (kept !== null && kept >= end) places.push(kept);
    this.#lines.patch(places.flatMap((index) => this.#line(index, row, tens(now))));
    this.#drawn = now;
    this.#resting ??= window.setTimeout(() => this.#rest(), REST_MS);
  }

  /** Put right what would have cost time while the list was moving. */
  #rest(): void {
    const left = this.#drawn + REST_MS - Date.now();
    const done = left <= 0 && this.#mended();
    this.#resting = done ? null : window.setTimeout(() => this.#rest(), Math.max(0, left));
  }

  /** A few rows at a time; true when all is right. */
  #mended(): boolean {
    if (this.#stale) this.#columns();
    if (this.#shift === 0) return this.#lines.tidy(TIDY);
    this.#level();
    this.draw();
    return false;
  }

  #line(index: number, row: number, now: number): readonly (readonly [string, TaskLine])[] {
    const task = this.#list[index];
    if (task === undefined) return [];
    const { pending, branchOf } = this.#around;
    const line = {
      task,
      index,
      top: (index + this.#shift) * row,
      pending: pending.has(task.id),
      branch: branchOf(task),
      active: this.#active === null ? index === 0 : task.id === this.#active,
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
    this.#level();
    const height = this.#rowHeight();
    const { scrollTop, clientHeight } = this.scroller;
    const [top, bottom] = [index * height, (index + 1) * height];
    if (centred) this.scroller.scrollTop = top - clientHeight / 2;
    else if (top < scrollTop) this.scroller.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.scroller.scrollTop = bottom - clientHeight;
    this.#active = task.id;
    this.#scrolled();
    this.#lines.get(task.id)?.element.focus({ preventScroll: true });
  }
}
