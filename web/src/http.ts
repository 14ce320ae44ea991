/** The HTTP calls of the page. Problems become `CallFailed` with one sentence for a person. */
import { retryAfter } from './calls.ts';
import type { BurnDownAnswer, FoundAnswer, ReceiptAnswer, RecentAnswer, TasksAnswer, UndoneAnswer } from './types.ts';

export interface Login {
  readonly token: string;
  readonly user?: string;
  readonly expires_at?: unknown;
}

export class CallFailed extends Error {
  readonly status: number;
  readonly temporary: boolean;
  /** The problem's own name, as in the reference of problems; empty when there was none. */
  readonly code: string;
  readonly retryAfterMs: number;

  constructor(status: number, message: string, temporary: boolean, code = '', retryAfterMs = 0) {
    super(message);
    this.code = code;
    this.retryAfterMs = retryAfterMs;
    this.name = 'CallFailed';
    this.status = status;
    this.temporary = temporary;
  }
}

/** What went wrong, as one sentence. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export interface TaskQuery {
  readonly projectId: string;
  readonly branchId: string | null;
  readonly after: string | null;
  readonly limit: number;
}

export class Http {
  readonly #fetch: typeof fetch;
  readonly #token: () => string | null;

  constructor(fetcher: typeof fetch, token: () => string | null) {
    this.#fetch = fetcher;
    this.#token = token;
  }

  login(code: string): Promise<Login> {
    return this.#call<Login>('/api/v2/login', { code });
  }

  tasks({ projectId, branchId, after, limit }: TaskQuery, signal: AbortSignal): Promise<TasksAnswer> {
    const query = new URLSearchParams({ limit: String(limit) });
    if (branchId !== null) query.set('branch_id', branchId);
    if (after !== null) query.set('after', after);
    return this.#call<TasksAnswer>(`/api/v2/projects/${encodeURIComponent(projectId)}/tasks?${query}`, null, signal);
  }

  /** The tasks of all projects that changed last, and their one-minute windows. */
  recent(limit: number): Promise<RecentAnswer> {
    return this.#call<RecentAnswer>(`/api/v2/recent?limit=${limit}`, null);
  }

  burndown(projectId: string, branchId: string | null): Promise<BurnDownAnswer> {
    const query = branchId === null ? '' : `?${new URLSearchParams({ branch_id: branchId })}`;
    return this.#call<BurnDownAnswer>(`/api/v2/projects/${encodeURIComponent(projectId)}/burndown${query}`, null);
  }

  /** What a session did in the end. */
  receipt(session: string): Promise<ReceiptAnswer> {
    return this.#call<ReceiptAnswer>(`/api/v2/sessions/${encodeURIComponent(session)}/receipt`, null);
  }

  undo(session: string): Promise<UndoneAnswer> {
    return this.#call<UndoneAnswer>(`/api/v2/sessions/${encodeURIComponent(session)}/undo`, {});
  }

  /** Tasks of all projects with these words in their title. */
  find(words: string, limit: number, signal: AbortSignal): Promise<FoundAnswer> {
    return this.#call<FoundAnswer>(
      `/api/v2/tasks?${new URLSearchParams({ q: words, limit: String(limit) })}`,
      null,
      signal,
    );
  }

  async #call<T>(path: string, body: object | null, signal?: AbortSignal): Promise<T> {
    const token = this.#token();
    const headers: Record<string, string> = { accept: 'application/json' };
    if (token !== null) headers.authorization = `Bearer ${token}`;
    if (body !== null) headers['content-type'] = 'application/json';
    const options: RequestInit = { method: body === null ? 'GET' : 'POST', headers, cache: 'no-store' };
    if (body !== null) options.body = JSON.stringify(body);
    if (signal !== undefined) options.signal = signal;
    const answer = await this.#fetch(path, options);
    if (!answer.ok) throw await problemOf(answer);
    return (await answer.json()) as T;
  }
}

/** What an answer says went wrong. Where it is no problem document, its status has to do. */
export async function problemOf(answer: Response): Promise<CallFailed> {
  const { status } = answer;
  const wait = retryAfter(answer);
  const problem: Problem = (await answer.json().catch(() => null)) ?? {};
  const words = problem.detail ?? problem.title ?? `the server answered ${status}`;
  const temporary = problem.temporary ?? (status >= 500 || status === 429 || wait > 0);
  return new CallFailed(status, words, temporary, problem.code, wait);
}

interface Problem {
  readonly detail?: string;
  readonly title?: string;
  readonly code?: string;
  readonly temporary?: boolean;
}
