/** What the person at this page chose: what is open, what is looked for. It stands in the address and nowhere else. */
import type { TaskSort } from './order.ts';
import type { TreeSort } from './view.ts';

export type Pane = 'projects' | 'tasks' | 'activity';

export interface Choice {
  readonly projectId: string;
  readonly branchId: string | null;
}

/** What a link carries: the branch, one of its tasks, and how its list is narrowed. */
export interface Address {
  readonly choice: Choice | null;
  readonly taskId: string | null;
  readonly query: string;
  readonly status: string | null;
  readonly priority: string | null;
  readonly sort: TaskSort;
}

export const PLAIN = { taskId: null, query: '', status: null, priority: null, sort: 'work' } as const;
const SORTS: readonly TaskSort[] = ['work', 'recent', 'title'];

export class Ui implements Address {
  choice: Choice | null = null;
  taskId: string | null = null;
  query = '';
  status: string | null = null;
  priority: string | null = null;
  sort: TaskSort = 'work';
  treeSort: TreeSort = 'active';
  pane: Pane = 'projects';
  readonly folded = new Set<string>();
  /** Projects of which all branches are shown. */
  readonly unfolded = new Set<string>();
  readonly #watchers = new Set<() => void>();

  onChange(watcher: () => void): void {
    this.#watchers.add(watcher);
  }

  change(fields: Partial<Address & { readonly treeSort: TreeSort; readonly pane: Pane }>): void {
    Object.assign(this, fields);
    for (const watcher of this.#watchers) watcher();
  }

  /** Open a branch (or all of a project), with nothing narrowed. */
  open(choice: Choice, taskId: string | null = null): void {
    this.change({ choice, pane: 'tasks', taskId, status: null, priority: null });
  }

  toggle(set: 'folded' | 'unfolded', projectId: string): void {
    if (!this[set].delete(projectId)) this[set].add(projectId);
    this.change({});
  }
}

/** A link that is no link of ours opens nothing, and names of it that are unknown change nothing. */
export function addressOf(hash: string): Address {
  const [path = '', query = ''] = hash.split(/\?(.*)/s);
  const found = new URLSearchParams(query);
  const sort = SORTS.find((one) => one === found.get('order')) ?? PLAIN.sort;
  return {
    choice: choiceOf(path),
    taskId: found.get('task'),
    query: found.get('q') ?? '',
    status: found.get('status'),
    priority: found.get('priority'),
    sort,
  };
}

export function hashOf({ choice, taskId, query, status, priority, sort }: Address): string {
  const found = new URLSearchParams();
  if (taskId !== null) found.set('task', taskId);
  if (query !== '') found.set('q', query);
  if (status !== null) found.set('status', status);
  if (priority !== null) found.set('priority', priority);
  if (sort !== PLAIN.sort) found.set('order', sort);
  const path = choice === null ? '#/' : pathOf(choice);
  return found.size === 0 ? path : `${path}?${found}`;
}

export function pathOf({ projectId, branchId }: Choice): string {
  const branch = branchId === null ? '' : `/${encodeURIComponent(branchId)}`;
  return `#/${encodeURIComponent(projectId)}${branch}`;
}

function choiceOf(path: string): Choice | null {
  const match = /^#\/([^/]+)(?:\/([^/]+))?$/.exec(path);
  if (match?.[1] === undefined) return null;
  try {
    return {
      projectId: decodeURIComponent(match[1]),
      branchId: match[2] === undefined ? null : decodeURIComponent(match[2]),
    };
  } catch {
    return null;
  }
}
