/** The calls that the connection itself makes over HTTP: a long-poll, and changes while there is no WebSocket. */
import type { Effect, Input } from './connection.ts';
import { read } from './frames.ts';
import type { Want } from './outbound.ts';
import type { LogPosition } from './types.ts';

/** One HTTP call to the edge with a token; `path` begins with `/api`. */
export type Call = (path: string, token: string | null, init: RequestInit) => Promise<Response>;

type Asked = Extract<Effect, { type: 'poll' }>;
export type Polled = Extract<Input, { type: 'polled' | 'unpolled' }>;

/** Rejects when the server cannot be reached. */
export async function pollOnce(
  call: Call,
  token: string,
  { poll, streams }: Asked,
  waitS: number,
  signal: AbortSignal,
): Promise<Polled> {
  const answer = await call(`/api/v2/changes?${pollQuery(streams, waitS)}`, token, { signal });
  const { status, ok } = answer;
  if (status === 204) return { type: 'polled', poll, frames: [] };
  const value: unknown = await answer.json();
  if (ok && Array.isArray(value)) return { type: 'polled', poll, frames: value.map(read) };
  return { type: 'unpolled', poll, status, retryAfterMs: retryAfter(answer), lost: lostOf(value) };
}

/** The n-th `since` belongs to the n-th `stream`; it is empty for a stream whose snapshot is wanted. */
export function pollQuery(streams: readonly Want[], waitS: number): string {
  const query = new URLSearchParams({ wait: `${waitS}` });
  for (const { stream, since } of streams) {
    query.append('stream', stream);
    query.append('since', since ? `${since.epoch}:${since.sequence}` : '');
  }
  return `${query}`;
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
