/** One line of the tree: a project with its last hour, or a branch. */
import type { Present } from '../store/presence.ts';
import type { BranchRow, ProjectRow } from '../types.ts';
import { ACTOR_ICONS } from './actors.ts';
import { Hour, wordsOf } from './chart.ts';
import { attribute, h, icon, pulse, text, type View } from './dom.ts';
import { bar, priorityBar, priorityWords } from './meter.ts';
import { type Counts, totalOf } from './minutes.ts';
import { figure, fullTime, shortTime } from './times.ts';
import { openOf, percent } from './view.ts';

export interface Line {
  readonly row: ProjectRow | BranchRow;
  /** Its id, where its name alone doesn't tell it apart. */
  readonly hint: string;
  readonly chosen: boolean;
  /** Who changed something here in the last minutes. */
  readonly present: readonly Present[];
  /** The last hour; of projects only. */
  readonly minutes: readonly Counts[] | null;
  readonly now: number;
}

export class LineView implements View<Line> {
  readonly element: HTMLButtonElement;
  readonly #name = h('span', { class: 'name' });
  /** What the others show, in words; they are hidden from screen readers. */
  readonly #spoken = h('span', { class: 'spoken' });
  readonly #hint = h('span', { class: 'twin' });
  readonly #people = h('span', { class: 'here', hidden: true }, icon(ACTOR_ICONS.person, 'actor person'));
  readonly #agents = h('span', { class: 'here', hidden: true }, icon(ACTOR_ICONS.agent, 'actor agent'));
  readonly #counts = h('span', { class: 'counts' });
  readonly #percent = h('span', { class: 'percent' });
  readonly #time = h('time');
  readonly #mark = h('span', { class: 'degraded', hidden: true }, '!');
  readonly #bar = bar('Progress');
  readonly #priorities = priorityBar();
  readonly #hour: Hour | null;
  #shown: Line | null = null;

  constructor(kind: 'project' | 'branch', choose: () => void) {
    this.element = h('button', { class: `line ${kind}`, type: 'button' });
    this.#hour = kind === 'project' ? new Hour(24, 'small') : null;
    for (const one of [this.#mark, this.#people, this.#agents, this.#counts, this.#percent, this.#time])
      attribute(one, 'aria-hidden', 'true');
    const marks = [this.#hint, this.#mark, this.#people, this.#agents];
    const name = h('span', { class: 'label' }, this.#name, this.#spoken, ...marks);
    const bars = h('span', { class: 'bars', 'aria-hidden': 'true' }, this.#bar.element, this.#priorities.element);
    this.element.append(name, this.#counts, this.#percent, bars, this.#time);
    if (this.#hour !== null) {
      attribute(this.#hour.element, 'aria-hidden', 'true');
      this.element.append(this.#hour.element);
    }
    this.element.addEventListener('click', choose);
  }

  update(line: Line): void {
    const before = this.#shown;
    this.#shown = line;
    attribute(this.element, 'aria-current', line.chosen ? 'true' : undefined);
    text(this.#hint, line.hint);
    text(this.#time, shortTime(line.row.last_activity, line.now));
    drawHere(this.#people, 'person', line.present);
    drawHere(this.#agents, 'agent', line.present);
    if (line.minutes !== null && before?.minutes !== line.minutes)
      this.#hour?.update(line.minutes, wordsOf(totalOf(line.minutes)));
    if (before?.row === line.row) return;
    this.#draw(line.row, line.now);
    if (before !== null && before.row.stamp !== line.row.stamp) pulse(this.#counts);
  }

  #draw(row: ProjectRow | BranchRow, now: number): void {
    text(this.#name, row.name);
    attribute(this.#name, 'title', row.name);
    attribute(this.element, 'data-quiet', openOf(row) === 0);
    text(this.#counts, `${figure(row.completed_tasks)}/${figure(row.total_tasks)}`);
    text(this.#percent, `${percent(row.completed_tasks, row.total_tasks)} %`);
    text(this.#spoken, spoken(row, now));
    this.#bar.update(row.status_breakdown, row.completed_tasks, row.total_tasks);
    this.#priorities.update(row.priority_breakdown);
    attribute(this.#time, 'datetime', row.last_activity ?? undefined);
    attribute(this.#time, 'title', fullTime(row.last_activity));
    const degraded = 'degraded' in row ? (row.degraded ?? 0) : 0;
    this.#mark.hidden = degraded === 0;
    attribute(this.#mark, 'title', `${degraded} records could not be read; see the dead letters`);
  }
}

function spoken(row: ProjectRow | BranchRow, now: number): string {
  const last = row.last_activity ? `, last change ${shortTime(row.last_activity, now)}` : '';
  const priorities = priorityWords(row.priority_breakdown);
  const counts = `${row.completed_tasks} of ${row.total_tasks} done, ${row.in_progress_tasks} in progress, ${openOf(row)} open`;
  return `: ${counts}${priorities ? `, by priority ${priorities}` : ''}${last}`;
}

function drawHere(element: HTMLElement, kind: Present['kind'], present: readonly Present[]): void {
  const those = present.filter((one) => one.kind === kind);
  element.hidden = those.length === 0;
  const names = those.map((one) => one.name || 'an agent').join(', ');
  attribute(element, 'title', those.length === 0 ? undefined : `At work here: ${names}`);
}
