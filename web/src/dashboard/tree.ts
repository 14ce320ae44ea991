/** Projects and their branches: name, progress, counts, last activity. */
import type { BranchRow, ProjectRow } from '../types.ts';
import { attribute, h, icon, Keyed, pulse, text, type View } from './dom.ts';
import { bar } from './meter.ts';
import { figure, fullTime, shortTime } from './times.ts';
import type { Choice, Ui } from './ui.ts';
import { openOf, type TreeProject, type TreeSort } from './view.ts';
import { CHEVRON } from './words.ts';

const SORTS: readonly (readonly [TreeSort, string])[] = [
  ['name', 'by name'],
  ['recent', 'latest change first'],
  ['open', 'most open first'],
];

interface Line {
  readonly row: ProjectRow | BranchRow;
  /** Its id, where its name alone doesn't tell it apart. */
  readonly hint: string;
  readonly chosen: boolean;
  readonly now: number;
}

interface Group {
  readonly tree: TreeProject;
  readonly choice: Choice | null;
  readonly folded: boolean;
  readonly now: number;
}

export class Tree {
  readonly element = h('nav', { class: 'tree', 'aria-label': 'Projects and branches' });
  readonly #groups: Keyed<Group>;
  readonly #empty = h('p', { class: 'empty' });
  readonly #ui: Ui;

  constructor(ui: Ui) {
    this.#ui = ui;
    const list = h('div', { class: 'groups' });
    this.#groups = new Keyed(list, (id) => this.#group(id));
    this.element.append(this.#order(), list, this.#empty);
    this.element.addEventListener('keydown', (event) => walk(this.element, event));
  }

  update(trees: readonly TreeProject[], now: number): void {
    const { choice, folded, query } = this.#ui;
    this.#empty.hidden = trees.length > 0;
    text(
      this.#empty,
      query ? 'No project or branch has this in its name.' : 'No projects yet. “anabranch import” brings some in.',
    );
    this.#groups.patch(
      trees.map((tree) => {
        const mine = choice?.projectId === tree.project.id ? choice : null;
        return [tree.project.id, { tree, choice: mine, folded: query === '' && folded.has(tree.project.id), now }];
      }),
    );
  }

  #order(): HTMLElement {
    const select = h('select', { 'aria-label': 'Order of projects and branches' });
    select.append(...SORTS.map(([value, name]) => h('option', { value }, name)));
    select.addEventListener('change', () => this.#ui.change({ treeSort: select.value as TreeSort }));
    return h('div', { class: 'order' }, h('h2', {}, 'Projects'), select);
  }

  #group(projectId: string): View<Group> {
    const fold = h('button', { class: 'fold', type: 'button', 'aria-label': 'Show branches' }, icon(CHEVRON));
    const line = new LineView('project', () =>
      this.#ui.change({ choice: { projectId, branchId: null }, pane: 'tasks', status: null }),
    );
    const list = h('div', { class: 'branches' });
    const lines = new Keyed<Line>(list, (branchId) => {
      return new LineView('branch', () =>
        this.#ui.change({ choice: { projectId, branchId }, pane: 'tasks', status: null }),
      );
    });
    fold.addEventListener('click', () => this.#ui.fold(projectId, !this.#ui.folded.has(projectId)));
    const element = h('section', { class: 'group' }, h('div', { class: 'head' }, fold, line.element), list);
    return {
      element,
      update: ({ tree, choice, folded, now }) => {
        attribute(fold, 'aria-expanded', folded ? 'false' : 'true');
        attribute(fold, 'aria-label', `Branches of ${tree.project.name}`);
        line.update({ row: tree.project, hint: '', chosen: choice !== null && choice.branchId === null, now });
        list.hidden = folded;
        if (folded) return;
        const twins = twinsOf(tree.branches);
        lines.patch(
          tree.branches.map((row) => {
            const hint = twins.has(row.name) ? (row.id.split(/[:/]/).at(-1) ?? row.id) : '';
            return [row.id, { row, hint, chosen: choice?.branchId === row.id, now }];
          }),
        );
      },
    };
  }
}

class LineView implements View<Line> {
  readonly element: HTMLButtonElement;
  readonly #name = h('span', { class: 'name' });
  readonly #hint = h('span', { class: 'twin' });
  readonly #counts = h('span', { class: 'counts' });
  readonly #time = h('time');
  readonly #mark = h('span', { class: 'degraded', hidden: true }, '!');
  readonly #bar = bar('Progress');
  #shown: Line | null = null;

  constructor(kind: 'project' | 'branch', choose: () => void) {
    this.element = h('button', { class: `line ${kind}`, type: 'button' });
    const name = h('span', { class: 'label' }, this.#name, this.#hint, this.#mark);
    this.element.append(name, this.#counts, this.#bar.element, this.#time);
    attribute(this.#bar.element, 'aria-hidden', 'true');
    this.element.addEventListener('click', choose);
  }

  update(line: Line): void {
    const before = this.#shown;
    this.#shown = line;
    attribute(this.element, 'aria-current', line.chosen ? 'true' : undefined);
    attribute(this.element, 'data-quiet', openOf(line.row) === 0);
    text(this.#hint, line.hint);
    if (before !== null && before.row === line.row && sameDay(before.now, line.now)) return;
    const { row } = line;
    text(this.#name, row.name);
    attribute(this.#name, 'title', row.name);
    text(this.#counts, `${figure(row.completed_tasks)}/${figure(row.total_tasks)}`);
    attribute(this.element, 'aria-label', this.#spoken(row, line.now));
    this.#bar.update(row.status_breakdown, row.completed_tasks, row.total_tasks);
    text(this.#time, shortTime(row.last_activity, line.now));
    attribute(this.#time, 'datetime', row.last_activity ?? undefined);
    attribute(this.#time, 'title', fullTime(row.last_activity));
    const degraded = 'degraded' in row ? (row.degraded ?? 0) : 0;
    this.#mark.hidden = degraded === 0;
    attribute(this.#mark, 'title', `${degraded} records could not be read; see the dead letters`);
    if (before !== null && before.row.stamp !== row.stamp) pulse(this.#counts);
  }

  #spoken(row: ProjectRow | BranchRow, now: number): string {
    const last = row.last_activity ? `, last change ${shortTime(row.last_activity, now)}` : '';
    return `${row.name}: ${row.completed_tasks} of ${row.total_tasks} done, ${row.in_progress_tasks} in progress, ${openOf(row)} open${last}`;
  }
}

/** Names that more than one branch has. */
function twinsOf(branches: readonly BranchRow[]): ReadonlySet<string> {
  const seen = new Set<string>();
  return new Set(branches.map((row) => row.name).filter((name) => seen.size === seen.add(name).size));
}

function sameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}

/** Up and down walk through the lines. */
function walk(element: HTMLElement, event: KeyboardEvent): void {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const lines = [...element.querySelectorAll<HTMLElement>('button.line')].filter((line) => line.offsetParent !== null);
  const place = lines.indexOf(document.activeElement as HTMLElement);
  const next = lines[place + (event.key === 'ArrowDown' ? 1 : -1)];
  if (place < 0 || next === undefined) return;
  event.preventDefault();
  next.focus();
}
