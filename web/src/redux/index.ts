/** `@anabranch/client/redux`: the slice, its selectors, and the client that keeps it live. */
import type { UnknownAction } from '@reduxjs/toolkit';
import { Client } from '../client.ts';
import { Drift } from '../drift.ts';
import { type Env, envOf, type Place, type Sink, type Tuning } from '../env.ts';
import type { DataFrame } from '../frames.ts';
import { reasonOf } from '../http.ts';
import { Loader } from '../load.ts';
import type { Change } from '../outbound.ts';
import { isTakenBack, type Outcome, type Pending } from '../outbox.ts';
import { projectOf } from '../reading.ts';
import { Refetch } from '../refetch.ts';
import { connectionOf, sameConnection, watchPage } from '../state.ts';
import type { TasksAnswer } from '../types.ts';
import { isPast } from './rows.ts';
import type { WithBranches } from './selectors.ts';
import { branchSlice } from './slice.ts';

export { keyOf } from './rows.ts';
export * from './selectors.ts';
export {
  type BranchState,
  branchSlice,
  dismissNotice,
  EMPTY_STATE,
  type Notice,
  type Optimistic,
  watchTasks,
} from './slice.ts';

const { actions } = branchSlice;
const PAGE = 500;

/** The part of a Redux store that is used. */
export interface StoreLike {
  getState(): WithBranches;
  dispatch(action: UnknownAction): unknown;
}

/** `env` stands in for the platform in tests; else `url` and `token` say where and who. */
export interface ReduxOptions extends Partial<Place>, Omit<Tuning, 'streams'> {
  readonly env?: Env;
  readonly projects?: readonly string[];
  readonly page?: boolean;
}

/** Keeps one store's slice live: loads it, follows it, sends the user's changes. */
export class Summaries {
  readonly client: Client;
  readonly #store: StoreLike;
  readonly #loader: Loader;
  readonly #refetch: Refetch;
  readonly #env: Env;
  readonly #projects: readonly string[] | undefined;
  readonly #drift = new Drift();

  constructor(store: StoreLike, options: ReduxOptions) {
    const { projects, env = envOf({ token: () => null, ...options }), ...tuning } = options;
    this.#store = store;
    this.#env = env;
    this.#projects = projects;
    this.#loader = new Loader(env);
    this.#refetch = new Refetch(
      this.#loader,
      ({ answer, source }) => store.dispatch(actions.setSummaries({ answer, source, at: env.now() })),
      (error) => store.dispatch(actions.setLoading({ loading: false, error: reasonOf(error) })),
      env.setTimeout,
    );
    const streams = streamsOf(projects);
    this.client = new Client(env, this.#sink(), { ...tuning, streams });
    store.dispatch(actions.setSubscriptions(streams));
    this.client.onState(() => this.#moved());
    if (options.page !== false && typeof document !== 'undefined') watchPage(this.client, window);
  }

  /** Load all summaries, then follow them. When nothing can be loaded, the stream brings its own snapshots. */
  async start(): Promise<void> {
    await this.load();
    this.client.connect();
  }

  /** Load all summaries anew: in one call, or project by project where that is switched off. Returns whether it worked. */
  async load(): Promise<boolean> {
    const { dispatch } = this.#store;
    dispatch(actions.setLoading({ loading: true }));
    try {
      const minPosition = this.client.written;
      const wanted = { projects: this.#projects, ...(minPosition.length > 0 && { minPosition }) };
      const { answer, source } = await this.#loader.load(wanted);
      dispatch(actions.setSummaries({ answer, source, at: this.#env.now() }));
      this.client.placed(answer.metadata.positions);
      return true;
    } catch (error) {
      dispatch(actions.setLoading({ loading: false, error: reasonOf(error) }));
      return false;
    }
  }

  /** Load the tasks of a project or branch, and keep those of that project live from now on. */
  async loadTasks(projectId: string, branchId: string | null = null): Promise<void> {
    const { watched } = this.#store.getState().branches;
    if (!watched.includes(projectId)) this.#store.dispatch(actions.watchTasks([...watched, projectId]));
    const pages = await this.#pages(projectId, branchId);
    const read = Math.min(...pages.map(({ positions }) => positions[projectId]?.position?.offset ?? 0));
    // Overtaken by more deletes than are remembered: an answer of now is believed.
    if (isPast(this.#store.getState().branches.floors, projectId, read)) return this.loadTasks(projectId, branchId);
    this.#store.dispatch(actions.setTasks({ projectId, branchId, pages }));
  }

  async #pages(projectId: string, branchId: string | null): Promise<readonly TasksAnswer[]> {
    const pages: TasksAnswer[] = [];
    let after: string | null = null;
    do {
      const query = new URLSearchParams({ limit: String(PAGE) });
      if (branchId !== null) query.set('branch_id', branchId);
      if (after !== null) query.set('after', after);
      const path = `/api/v2/projects/${encodeURIComponent(projectId)}/tasks?${query}`;
      const page: TasksAnswer = await this.#loader.get<TasksAnswer>(path);
      pages.push(page);
      after = page.next ?? null;
    } while (after !== null);
    return pages;
  }

  /** Change something: shown at once, taken back with a notice when it is refused. */
  change(change: Change): ReturnType<Client['change']> {
    return this.client.change(change);
  }

  /** Follow these projects, or all with `null`. */
  follow(projects: readonly string[] | null): void {
    const streams = streamsOf(projects);
    this.#store.dispatch(actions.setSubscriptions(streams));
    this.client.input({ type: 'want', streams });
  }

  close(): void {
    this.client.close();
  }

  #sink(): Sink {
    const { dispatch } = this.#store;
    return {
      apply: (frames: readonly DataFrame[], at: number) => {
        dispatch(actions.applyUpdate({ frames, at }));
        this.#refetch.seen(frames);
      },
      forget: (stream: string) => dispatch(actions.forgetProject(projectOf(stream))),
      changes: (pending, outcomes) => this.#changes(pending, outcomes),
      drifts: (stream, stamp, digest) => {
        const { projects } = this.#store.getState().branches;
        const row = projects[projectOf(stream)];
        return this.#drift.seen(stream, { stamp: row?.stamp ?? -1, digest: row?.digest }, stamp, digest);
      },
    };
  }

  /** What the batch itself has ended already is no news: a batch stays one notification. */
  #changes(pending: readonly Pending[], outcomes: readonly Outcome[]): void {
    const { optimisticUpdates: known } = this.#store.getState().branches;
    const told = outcomes.some(isTakenBack);
    const same =
      Object.keys(known).length === pending.length && pending.every(({ id, state }) => known[id]?.state === state);
    if (told || !same) this.#store.dispatch(actions.changesMoved({ pending, outcomes }));
  }

  #moved(): void {
    const connection = connectionOf(this.client.machine);
    if (!sameConnection(connection, this.#store.getState().branches.connection)) {
      this.#store.dispatch(actions.setConnection(connection));
    }
  }
}

function streamsOf(projects: readonly string[] | null | undefined): readonly string[] {
  return projects?.map((id) => `project:${id}`) ?? ['project:*'];
}

/** The client of a store: `connectSummaries(store, { url, token }).start()`. */
export function connectSummaries(store: StoreLike, options: ReduxOptions): Summaries {
  return new Summaries(store, options);
}
