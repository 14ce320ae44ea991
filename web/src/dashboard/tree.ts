/** Projects and their branches; many or finished ones are folded away. */
import type { Present } from '../store/presence.ts';
import { attribute, h, icon, Keyed, text, type View } from './dom.ts';
import { type Line, LineView } from './line.ts';
import type { Counts, Minutes } from './minutes.ts';
import { counted, figure, tens } from './times.ts';
import type { Choice, Ui } from './ui.ts';
import { isFinished, type TreeProject, type TreeSort, twinsOf } from './view.ts';
import { CHEVRON } from './words.ts';

const SORTS: readonly (readonly [TreeSort, string])[] = [
  ['active', 'active first'],
  ['name', 'by name'],
  ['recent', 'latest change first'],
  ['open', 'most open first'],
];
const NOBODY: readonly Present[] = [];

interface Group extends TreeProject {
  readonly choice: Choice | null;
  readonly folded: boolean;
  readonly unfolded: boolean;
  readonly present: readonly Present[];
  readonly minutes: readonly Counts[];
  readonly now: number;
}

export interface Known {
  readonly whole: boolean;
  readonly now: number;
}

export class Tree {
  readonly element = h('nav', { class: 'tree', 'aria-label': 'Projects and branches' });
  readonly #groups: Keyed<Group>;
  readonly #empty = h('p', { class: 'empty' });
  readonly #ui: Ui;
  readonly #minutes: Minutes;

  constructor(ui: Ui, minutes: Minutes) {
    this.#ui = ui;
    this.#minutes = minutes;
    const list = h('div', { class: 'groups' });
    this.#groups = new Keyed(list, (id) => this.#group(id));
    this.element.append(this.#order(), list, this.#empty);
    this.element.addEventListener('keydown', (event) => walk(this.element, event));
  }

  /** `whole`: nothing is still to come, so that no project means that there is none. */
  update(trees: readonly TreeProject[], present: readonly Present[], { whole, now }: Known): void {
    const { choice, folded, unfolded, query } = this.#ui;
    this.#empty.hidden = trees.length > 0;
    text(this.#empty, whole ? 'No projects yet. “anabranch import” brings some in.' : 'Waiting for the first answer…');
    this.#groups.patch(
      trees.map((tree) => {
        const { id } = tree.project;
        const group: Group = {
          ...tree,
          choice: choice?.projectId === id ? choice : null,
          folded: query === '' && folded.has(id),
          unfolded: unfolded.has(id),
          present: present.filter((one) => one.projectId === id),
          minutes: this.#minutes.of(id, now),
          now: tens(now),
        };
        return [id, group];
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
    const ui = this.#ui;
    const fold = h('button', { class: 'fold', type: 'button' }, icon(CHEVRON));
    const line = new LineView('project', () => ui.open({ projectId, branchId: null }));
    const list = h('div', { class: 'branches' });
    const lines = new Keyed<Line>(list, (branchId) => new LineView('branch', () => ui.open({ projectId, branchId })));
    const more = h('button', { class: 'rest', type: 'button' });
    fold.addEventListener('click', () => ui.toggle('folded', projectId));
    more.addEventListener('click', () => ui.toggle('unfolded', projectId));
    return {
      element: h('section', { class: 'group' }, h('div', { class: 'head' }, fold, line.element), list, more),
      update: (group) => {
        const { project, rest, choice, folded, present, minutes, now } = group;
        attribute(fold, 'aria-expanded', folded ? 'false' : 'true');
        attribute(fold, 'aria-label', `Branches of ${project.name}`);
        const chosen = choice !== null && choice.branchId === null;
        line.update({ row: project, hint: '', chosen, present, minutes, now });
        list.hidden = folded;
        more.hidden = folded || rest.length === 0;
        if (folded) return;
        drawMore(more, group);
        lines.patch(branchLines(group).map((item) => [item.row.id, item]));
      },
    };
  }
}

function branchLines({ branches, rest, choice, unfolded, present, now }: Group): readonly Line[] {
  const shown = [...branches, ...(unfolded ? rest : rest.filter((row) => row.id === choice?.branchId))];
  const twins = twinsOf(shown);
  return shown.map((row) => {
    const hint = twins.get(row.id) ?? '';
    const here = present.length === 0 ? NOBODY : present.filter((one) => one.branchId === row.id);
    return { row, hint, chosen: choice?.branchId === row.id, present: here, minutes: null, now };
  });
}

function drawMore(more: HTMLElement, { rest, unfolded, now }: Group): void {
  const finished = rest.filter((branch) => isFinished(branch, now)).length;
  const count = counted(rest.length, 'more branch', 'more branches');
  text(more, unfolded ? 'Show fewer branches' : `${count}${finished > 0 ? `, ${figure(finished)} finished` : ''}`);
  attribute(more, 'aria-expanded', unfolded ? 'true' : 'false');
}

/** Up and down walk through the lines. */
function walk(element: HTMLElement, event: KeyboardEvent): void {
  const down = event.key === 'ArrowDown' || event.key === 'j';
  if (!down && event.key !== 'ArrowUp' && event.key !== 'k') return;
  const lines = [...element.querySelectorAll<HTMLElement>('button.line')].filter((line) => line.offsetParent !== null);
  const place = lines.indexOf(document.activeElement as HTMLElement);
  const next = lines[place + (down ? 1 : -1)];
  if (place < 0 || next === undefined) return;
  event.preventDefault();
  next.focus();
}
