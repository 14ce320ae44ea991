/** One line of the task list: status to change, title to edit in place, what else matters. */
import { whoOf } from '../store/feed.ts';
import type { TaskChanges } from '../store/pending.ts';
import type { TaskRow } from '../types.ts';
import { ACTOR_ICONS, nameOf } from './actors.ts';
import { attribute, h, icon, redraw, text, type View } from './dom.ts';
import { drawTicks, ticks } from './meter.ts';
import { Picker } from './picker.ts';
import { fullTime, shortTime } from './times.ts';
import { PRIORITIES, STATUSES, sign, tone } from './words.ts';

export interface TaskLine {
  readonly task: TaskRow;
  readonly index: number;
  readonly top: number;
  readonly pending: boolean;
  /** Name of its branch, when the list has more than one. */
  readonly branch: string;
  readonly active: boolean;
  readonly now: number;
}

export interface TaskMoves {
  readonly edit: (task: TaskRow, changes: TaskChanges) => void;
  readonly activate: (taskId: string) => void;
}

export class TaskRowView implements View<TaskLine> {
  readonly element = h('div', { class: 'task', role: 'row', tabindex: '-1' });
  readonly #sign = icon(sign('todo'), 'sign');
  readonly #status = new Picker('Status', STATUSES, (status) => this.#change({ status }));
  readonly #title = h('span', { class: 'title' });
  readonly #input = h('input', {
    class: 'title',
    'aria-label': 'Title',
    maxlength: 500,
    hidden: true,
    spellcheck: 'false',
  });
  readonly #branch = h('span', { class: 'of' });
  readonly #ticks = ticks('medium');
  readonly #priority = new Picker('Priority', PRIORITIES, (priority) => this.#change({ priority }));
  readonly #warning = h('span', { class: 'meanwhile', role: 'alert', hidden: true });
  readonly #parts = h('span', { class: 'parts' });
  readonly #who = h('span', { class: 'who' });
  readonly #time = h('time');
  readonly #actor = icon('', 'actor');
  readonly #moves: TaskMoves;
  #line: TaskLine | null = null;

  constructor(moves: TaskMoves) {
    this.#moves = moves;
    const cell = (name: string, ...children: Node[]) =>
      h('div', { class: `cell ${name}`, role: 'gridcell' }, ...children);
    this.element.append(
      cell('status', this.#sign, this.#status.element),
      cell('title', this.#title, this.#input, this.#warning, this.#branch),
      cell('priority', this.#ticks, this.#priority.element),
      cell('parts', this.#parts),
      cell('who', this.#who),
      cell('when', this.#actor, this.#time),
    );
    this.element.addEventListener('keydown', (event) => this.#key(event));
    this.element.addEventListener('focusin', () => this.#line && moves.activate(this.#line.task.id));
    this.#title.addEventListener('dblclick', () => this.beginEdit());
    this.#input.addEventListener('blur', () => this.#finish(true));
  }

  update(line: TaskLine): void {
    const before = this.#line;
    this.#line = line;
    if (before?.top !== line.top) this.element.style.top = `${line.top}px`;
    attribute(this.element, 'aria-rowindex', line.index + 2);
    attribute(this.element, 'tabindex', line.active ? '0' : '-1');
    attribute(this.element, 'data-pending', line.pending);
    text(this.#branch, line.branch);
    text(this.#time, shortTime(line.task.last_activity, line.now));
    if (before?.task !== line.task) this.#draw(line);
    if (before?.task.id === line.task.id && before.task.title !== line.task.title) this.#warn(line.task.title);
    if (before?.task.id !== line.task.id) this.#reset();
    else if (before.task.stamp < line.task.stamp) this.#flash();
  }

  /** Turn the title into a field. */
  beginEdit(): void {
    if (this.#line === null || !this.#input.hidden) return;
    this.#input.value = this.#line.task.title;
    this.#input.hidden = false;
    this.#title.hidden = true;
    this.#input.focus();
    this.#input.select();
  }

  #finish(keep: boolean): void {
    if (this.#input.hidden) return;
    const title = this.#input.value.trim();
    this.#input.hidden = true;
    this.#warning.hidden = true;
    this.#title.hidden = false;
    if (keep && title !== '' && title !== this.#line?.task.title) this.#change({ title });
  }

  #change(changes: TaskChanges): void {
    if (this.#line !== null) this.#moves.edit(this.#line.task, changes);
  }

  #key(event: KeyboardEvent): void {
    const move = this.#moveOf(event);
    if (move === null) {
      if (event.target === this.#input) event.stopPropagation();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    move();
  }

  #moveOf({ target, key }: KeyboardEvent): (() => void) | null {
    if (target === this.#input) return key === 'Enter' || key === 'Escape' ? () => this.#leave(key === 'Enter') : null;
    if (target !== this.element) return key === 'Escape' ? () => this.element.focus() : null;
    const moves: Readonly<Record<string, () => void>> = {
      s: () => this.#status.open(),
      p: () => this.#priority.open(),
      Enter: () => this.beginEdit(),
      F2: () => this.beginEdit(),
    };
    return moves[key] ?? null;
  }

  #leave(keep: boolean): void {
    this.#finish(keep);
    this.element.focus();
  }

  #draw({ task }: TaskLine): void {
    attribute(this.element, 'data-task', task.id);
    attribute(this.element, 'data-status', task.status);
    redraw(this.#sign, sign(task.status));
    attribute(this.#sign, 'class', `sign tone-${tone(task.status)}`);
    this.#status.update(task.status);
    text(this.#title, task.title || task.id);
    attribute(this.#title, 'title', `${task.title} (${task.id})`);
    drawTicks(this.#ticks, task.priority);
    this.#priority.update(task.priority);
    text(this.#parts, task.total_subtasks > 0 ? `${task.completed_subtasks}/${task.total_subtasks}` : '');
    attribute(
      this.#parts,
      'title',
      task.total_subtasks > 0 ? `${task.completed_subtasks} of ${task.total_subtasks} subtasks done` : undefined,
    );
    text(this.#who, task.assignees.join(', '));
    attribute(this.#who, 'title', task.assignees.join(', ') || undefined);
    attribute(this.#time, 'datetime', task.last_activity ?? undefined);
    this.#drawActor(task);
  }

  #drawActor({ last_actor: actor, last_activity: at }: TaskRow): void {
    const who = actor ? whoOf(actor) : null;
    redraw(this.#actor, who === null ? '' : ACTOR_ICONS[who.kind]);
    attribute(this.#actor, 'class', `actor ${who?.kind ?? ''}`);
    attribute(this.#time, 'title', `${fullTime(at)}${who === null ? '' : `, by ${nameOf(who)}`}`);
  }

  /** Somebody else renamed the task while its title is being edited here. */
  #warn(title: string): void {
    if (this.#input.hidden) return;
    text(this.#warning, `meanwhile renamed to “${title}”`);
    this.#warning.hidden = false;
  }

  /** Another task took this line over. */
  #reset(): void {
    delete this.element.dataset.fresh;
    this.#status.close();
    this.#priority.close();
    this.#warning.hidden = true;
    this.#input.hidden = true;
    this.#title.hidden = false;
  }

  #flash(): void {
    this.element.dataset.fresh = this.element.dataset.fresh === 'a' ? 'b' : 'a';
  }
}
