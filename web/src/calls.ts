/** The calls that the connection itself makes over HTTP: a long-poll, and changes while there is no WebSocket. */
import type { Input } from './connection.ts';
import { read } from './frames.ts';
import type { Want } from './outbound.ts';
import type { LogPosition } from './types.ts';

/** One HTTP call to the edge with a token; `path` begins with `/api`. */
export type Call = (path: string, token: string, init: RequestInit) => Promise<Response>;

export type Polled = Extract<Input, { type: 'polled' | 'unpolled' }>;

/** Rejects when the server cannot be reached. */
export async function pollOnce(
  call: Call,
  token: string,
  poll: number,
  query: string,
  signal: AbortSignal,
): Promise<Polled> {
  const answer = await call(`/api/v2/changes?${query}`, token, { signal });
  const { status, ok } = answer;
  const value = status === 204 ? [] : await answer.json();
  if (ok) return { type: 'polled', poll, frames: value.map(read) };
  const { errors: lost } = value as Problem;
  return { type: 'unpolled', poll, status, retryAfterMs: retryAfter(answer), lost };
}

/** The n-th `since` belongs to the n-th `stream`; it is empty for a stream whose snapshot is wanted. `stale`: what was told last. */
export function pollQuery(streams: readonly Want[], waitS: number, stale: boolean): string {
  const query = new URLSearchParams({ stale: `${stale}`, wait: `${waitS}` });
  for (const { stream, since } of streams) {
    query.append('stream', stream);
    query.append('since', since ? `${since.epoch}:${since.sequence}` : '');
  }
  return `${query}`;
}

/** What came of one change: its place in the log, a refusal, or nothing that is known (null: try again). */
export type Posted = { readonly position: LogPosition } | { readonly refused: string } | null;

/** Rejects when the server cannot be reached. */
export async function postChange(call: Call, token: string, change: object): Promise<Posted> {
  const headers = { 'content-type': 'application/json' };
  const answer = await call('/api/v2/changes', token, { method: 'POST', headers, body: JSON.stringify(change) });
  const { changes, temporary, errors, detail } = (await answer.json()) as Problem & Taken;
  const position = changes?.[0]?.position;
  if (position !== undefined) return { position };
  if (temporary || answer.status >= 500 || answer.status === 401) return null;
  return { refused: errors?.[0] ?? detail ?? `error ${answer.status}` };
}

interface Taken {
  readonly changes?: readonly { readonly position: LogPosition }[];
}

interface Problem {
  readonly detail?: string;
  readonly errors?: readonly string[];
  readonly temporary?: boolean;
}

export function retryAfter(answer: Response): number {
  return Number(answer.headers.get('retry-after')) * 1_000 || 0;
}
