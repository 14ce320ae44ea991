/** Reads the tasks of the chosen branch page by page, and again when a snapshot replaced its project. */
import { CallFailed, type Http, reasonOf } from '../http.ts';
import type { Store } from '../store/store.ts';
import type { Choice } from './ui.ts';

const PAGE = 500;
const RETRY_MS = 3_000;

export type Loading = 'none' | 'loading' | 'ready' | 'failed';

export class TaskLoader {
  state: Loading = 'none';
  problem = '';
  readonly #http: Http;
  readonly #store: Store;
  readonly #changed: () => void;
  #choice: Choice | null = null;
  #stop = new AbortController();

  constructor(http: Http, store: Store, changed: () => void) {
    this.#http = http;
    this.#store = store;
    this.#changed = changed;
    store.onReplaced((projectId) => {
      if (projectId === this.#choice?.projectId) this.#load(this.#choice);
    });
  }

  choose(choice: Choice | null): void {
    if (choice?.projectId === this.#choice?.projectId && choice?.branchId === this.#choice?.branchId) return;
    this.#choice = choice;
    this.#stop.abort();
    this.#store.rows.watch(choice?.projectId ?? null);
    if (choice !== null) this.#load(choice);
  }

  /** Start anew; a run that is under way for the same thing is given up. */
  #load(choice: Choice): void {
    this.#stop.abort();
    this.#stop = new AbortController();
    this.#enter('loading');
    this.#run(choice, this.#stop.signal).catch((error: unknown) => this.#failed(choice, error));
  }

  async #run({ projectId, branchId }: Choice, signal: AbortSignal): Promise<void> {
    const seen = new Set<string>();
    let floor = Number.POSITIVE_INFINITY;
    let after: string | null = null;
    do {
      const answer = await this.#http.tasks({ projectId, branchId, after, limit: PAGE }, signal);
      if (signal.aborted) return;
      if (!this.#store.loadTasks(projectId, answer)) throw new CallFailed(0, 'the answer was overtaken', true);
      for (const task of answer.tasks) seen.add(task.id);
      floor = Math.min(floor, answer.positions[projectId]?.position?.offset ?? 0);
      after = answer.next;
    } while (after !== null && after !== undefined);
    this.#store.rows.sweep(projectId, branchId, seen, floor);
    this.#enter('ready');
  }

  #failed(choice: Choice, error: unknown): void {
    if (error instanceof DOMException && error.name === 'AbortError') return;
    if (choice !== this.#choice) return;
    this.problem = reasonOf(error);
    this.#enter('failed');
    const again = !(error instanceof CallFailed) || error.temporary;
    const { signal } = this.#stop;
    if (again) setTimeout(() => !signal.aborted && this.#load(choice), RETRY_MS);
  }

  #enter(state: Loading): void {
    this.state = state;
    this.#changed();
  }
}
