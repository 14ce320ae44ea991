/** The calls that the connection itself makes over HTTP: a long-poll, and changes while there is no WebSocket. */
import type { Input } from './connection.ts';
import { read } from './frames.ts';
import type { Want } from './outbound.ts';
import type { LogPosition } from './types.ts';

/** One HTTP call to the edge with a token; `path` begins with `/api`. */
export type Call = (path: string, token: string | null, init: RequestInit) => Promise<Response>;

export type Polled = Extract<Input, { type: 'polled' | 'unpolled' }>;

export async function pollOnce(
  call: Call,
  token: string | null,
  poll: number,
  streams: readonly Want[],
  waitS: number,
  signal: AbortSignal,
): Promise<Polled> {
  const failed = (status: number, retryAfterMs = 0, lost: readonly string[] = []): Polled => {
    return { type: 'unpolled', poll, status, retryAfterMs, lost };
  };
  try {
    const answer = await call(`/api/v2/changes?${pollQuery(streams, waitS)}`, token, { signal });
    if (answer.status === 204) return { type: 'polled', poll, frames: [] };
    const value: unknown = await answer.json();
    if (answer.ok && Array.isArray(value)) return { type: 'polled', poll, frames: value.map(read) };
    return failed(answer.status, retryAfter(answer), lostOf(value));
  } catch {
    return failed(0);
  }
}

/** Streams with a place come first: the n-th `since` belongs to the n-th `stream`. */
export function pollQuery(streams: readonly Want[], waitS: number): string {
  const query = new URLSearchParams();
  for (const { stream, since } of [...streams].sort((a, b) => Number(!a.since) - Number(!b.since))) {
    query.append('stream', stream);
    if (since !== undefined) query.append('since', `${since.epoch}:${since.sequence}`);
  }
  query.append('wait', String(waitS));
  return String(query);
}

/** What came of one change: its place in the log, a refusal, or nothing that is known (null: try again). */
export type Posted = { readonly position: LogPosition } | { readonly refused: string } | null;

export async function postChange(call: Call, token: string | null, change: object): Promise<Posted> {
  const headers = { 'content-type': 'application/json' };
  try {
    const answer = await call('/api/v2/changes', token, { method: 'POST', headers, body: JSON.stringify(change) });
    const value = (await answer.json()) as Problem & { changes?: readonly { position: LogPosition }[] };
    const position = value.changes?.[0]?.position;
    if (position !== undefined) return { position };
    if (value.temporary || answer.status >= 500 || answer.status === 401) return null;
    return { refused: value.errors?.[0] ?? value.detail ?? value.title ?? `error ${answer.status}` };
  } catch {
    return null;
  }
}

interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly string[];
  readonly temporary?: boolean;
}

/** Streams that a problem names: as errors, or the one project that the caller may not read. */
function lostOf(value: unknown): readonly string[] {
  const { detail, errors } = (value ?? {}) as Problem;
  const project = /^project (.*)$/.exec(detail ?? '')?.[1];
  return project === undefined ? (errors ?? []) : [`project:${project}`];
}

export function retryAfter(answer: Response): number {
  return Math.max(0, Number(answer.headers.get('retry-after') ?? 0) * 1_000 || 0);
}
