/** What the person at this page chose: what is open, what is looked for. Nothing of it leaves the page. */
import type { TaskSort, TreeSort } from './view.ts';

export type Pane = 'projects' | 'tasks' | 'activity';

export interface Choice {
  readonly projectId: string;
  readonly branchId: string | null;
}

export class Ui {
  choice: Choice | null = null;
  query = '';
  status: string | null = null;
  sort: TaskSort = 'work';
  treeSort: TreeSort = 'name';
  pane: Pane = 'projects';
  readonly folded = new Set<string>();
  readonly #watchers = new Set<() => void>();

  onChange(watcher: () => void): void {
    this.#watchers.add(watcher);
  }

  change(fields: Partial<Pick<Ui, 'choice' | 'query' | 'status' | 'sort' | 'treeSort' | 'pane'>>): void {
    Object.assign(this, fields);
    for (const watcher of this.#watchers) watcher();
  }

  fold(projectId: string, folded: boolean): void {
    if (folded) this.folded.add(projectId);
    else this.folded.delete(projectId);
    this.change({});
  }
}

/** The open branch stands in the address, so that a reload or a bookmark finds it again. */
export function choiceOf(hash: string): Choice | null {
  const match = /^#\/([^/]+)(?:\/([^/]+))?$/.exec(hash);
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

export function hashOf({ projectId, branchId }: Choice): string {
  const branch = branchId === null ? '' : `/${encodeURIComponent(branchId)}`;
  return `#/${encodeURIComponent(projectId)}${branch}`;
}
