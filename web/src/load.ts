/**
 * All summaries over HTTP: one bulk call, or, where that is switched off or fails, the calls of version 1, one per project.
 * Who may not ask, or asks too often, is told so: there is no second way around 401, 403 and 429.
 */
import type { Call } from './calls.ts';
import type { TokenWhy } from './connection.ts';
import { CallFailed, problemOf } from './http.ts';
import type { BranchRow, BulkAnswer, LogPosition, ProjectRow, StreamPosition } from './types.ts';

export const BULK_MS = 8_000;
export const AGAIN_MS = 300_000;
export const AT_ONCE = 4;

export interface Loaded {
  readonly answer: BulkAnswer;
  readonly source: 'bulk' | 'legacy';
}

export interface Wanted {
  /** Only these projects; without it all that the user may read. */
  readonly projects?: readonly string[] | undefined;
  /** Wait until the answer has these places of the log: own changes, or a notice. */
  readonly minPosition?: readonly LogPosition[] | undefined;
}

export interface LoaderEnv {
  readonly call: Call;
  readonly token: (why: TokenWhy) => Promise<string | null>;
  readonly now: () => number;
}

interface NamesAnswer {
  readonly rows: readonly { readonly project_id: string }[];
  readonly next: string | null;
}

interface LegacyAnswer {
  readonly project: ProjectRow | null;
  readonly branches: readonly BranchRow[];
  readonly positions: Readonly<Record<string, StreamPosition & { readonly position?: LogPosition }>>;
}

export class Loader {
  readonly #env: LoaderEnv;
  /** Until then the bulk call is not tried again. */
  #offUntil = 0;

  constructor(env: LoaderEnv) {
    this.#env = env;
  }

  /** Throws `CallFailed` when neither way gives an answer. */
  async load(wanted: Wanted = {}): Promise<Loaded> {
    const bulk = this.#env.now() < this.#offUntil ? null : await this.#bulk(wanted);
    if (bulk !== null) return { answer: bulk, source: 'bulk' };
    return { answer: await this.#legacy(wanted.projects ?? (await this.#names()), wanted), source: 'legacy' };
  }

  /** Any other call of the edge, with a token. Throws `CallFailed`. */
  get<T>(path: string): Promise<T> {
    return this.#json<T>(path, null);
  }

  /** Null when the other way is to be taken. A failing server is asked once more before that. */
  async #bulk(wanted: Wanted): Promise<BulkAnswer | null> {
    const first = await this.#once(wanted);
    const answer = first === 'failing' ? await this.#once(wanted) : first;
    if (typeof answer === 'object') return answer;
    this.#offUntil = this.#env.now() + AGAIN_MS;
    return null;
  }

  async #once({ projects, minPosition }: Wanted): Promise<BulkAnswer | 'off' | 'failing'> {
    const body = { include_archived: true, project_ids: projects, min_position: minPosition };
    try {
      const answer = await this.#json<BulkAnswer>('/api/v2/branches/summaries/bulk', body);
      return isBulk(answer) ? answer : 'off';
    } catch (error) {
      const { status, code } = error instanceof CallFailed ? error : { status: 0, code: '' };
      if (status === 401 || status === 403 || status === 429 || code === 'unknown-project') throw error;
      return status === 501 || (status > 0 && status < 500) ? 'off' : 'failing';
    }
  }

  /** Version 1 cannot list projects; the view of them can. */
  async #names(): Promise<readonly string[]> {
    const names: string[] = [];
    let after: string | null = null;
    do {
      const query = new URLSearchParams({ columns: 'project_id', ...(after !== null && { after }) });
      const page: NamesAnswer = await this.get<NamesAnswer>(`/api/v2/views/projects?${query}`);
      for (const row of page.rows) names.push(row.project_id);
      after = page.next;
    } while (after !== null);
    return names;
  }

  async #legacy(projects: readonly string[], { minPosition = [] }: Wanted): Promise<BulkAnswer> {
    const left = [...projects];
    const answers: LegacyAnswer[] = [];
    const query = new URLSearchParams({ include_archived: 'true' });
    for (const { partition, offset } of minPosition) query.append('min_position', `${partition}:${offset}`);
    const work = async () => {
      for (let id = left.shift(); id !== undefined; id = left.shift()) {
        answers.push(
          await this.get<LegacyAnswer>(`/api/v1/projects/${encodeURIComponent(id)}/branches/summaries?${query}`),
        );
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return asBulk(answers);
  }

  async #json<T>(path: string, body: object | null): Promise<T> {
    const { token } = this.#env;
    let answer = await this.#ask(path, body, await token('connect'));
    const fresh = answer.status === 401 ? await token('rejected') : null;
    if (fresh !== null) answer = await this.#ask(path, body, fresh);
    if (!answer.ok) throw await problemOf(answer);
    return (await answer.json()) as T;
  }

  async #ask(path: string, body: object | null, token: string | null): Promise<Response> {
    if (token === null) throw new CallFailed(401, 'sign in', false);
    const init: RequestInit = { signal: AbortSignal.timeout(BULK_MS) };
    if (body === null) return this.#env.call(path, token, init);
    const headers = { 'content-type': 'application/json' };
    return this.#env.call(path, token, { ...init, method: 'POST', headers, body: JSON.stringify(body) });
  }
}

function isBulk(value: Partial<BulkAnswer> | null): value is BulkAnswer {
  const { summaries, projects, metadata } = value ?? {};
  return [summaries, projects, metadata?.positions].every((part) => typeof part === 'object' && part !== null);
}

/** Answers of version 1 as one of version 2. */
function asBulk(answers: readonly LegacyAnswer[]): BulkAnswer {
  const projects: Record<string, ProjectRow> = {};
  const summaries: Record<string, BranchRow> = {};
  let positions: BulkAnswer['metadata']['positions'] = {};
  for (const answer of answers) {
    if (answer.project !== null) projects[answer.project.id] = answer.project;
    for (const row of answer.branches) summaries[`${row.project_id}/${row.id}`] = row;
    positions = { ...positions, ...answer.positions };
  }
  return { summaries, projects, metadata: { positions }, cache_key: '', timestamp: null };
}
