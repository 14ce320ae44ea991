/** Pure: what a close code means, and how long to wait. Source: the close-code table of protocol 2.0. */

import type { Rules } from './connection.ts';

export type Meaning = 'stop' | 'retry' | 'restart' | 'token' | 'refused' | 'anew';

export const RESTART_SPREAD_MS = 5_000;

const MEANINGS: Readonly<Record<number, Meaning>> = { 1000: 'stop', 1012: 'restart', 4401: 'token', 4410: 'anew' };
const REFUSED: readonly number[] = [1002, 1003, 1007, 1008, 1009, 4400, 4403, 4406];

const SENTENCES: Readonly<Record<number, string>> = {
  1006: 'connection lost',
  1012: 'the server restarts',
  1013: 'the server is busy',
  4401: 'the sign-in is no longer valid',
  4403: 'this page may not connect',
  4406: 'this page is too old for the server; reload it',
  4429: 'too many connections or messages',
};

/** A code that this page doesn't know is retried, so that an old page survives a new code. */
export function meaningOf(code: number): Meaning {
  return REFUSED.includes(code) ? 'refused' : (MEANINGS[code] ?? 'retry');
}

/** One short sentence for a person. */
export function sentenceOf(code: number, reason: string): string {
  const name = readReason(reason).c ?? reason;
  return SENTENCES[code] ?? (name.replaceAll(/[-_]/g, ' ') || `connection closed (${code})`);
}

/** The least time to wait that a close reason `{"c": code, "r": milliseconds}` asks for; 0 when it asks for none. */
export function floorOf(reason: string): number {
  return Math.max(0, Number(readReason(reason).r) || 0);
}

/** Milliseconds to wait before attempt `attempt` (from 0); `luck` in [0, 1) spreads clients, 0 gives the plain steps. */
export function backoff(rules: Rules, attempt: number, luck: number, floor = 0): number {
  const { backoffMs, jitter } = rules;
  const base = backoffMs[Math.min(attempt, backoffMs.length - 1)] ?? 0;
  return Math.max(base * (1 - jitter * luck), floor);
}

function readReason(reason: string): { readonly c?: string; readonly r?: number } {
  try {
    const { c, r } = JSON.parse(reason);
    return { ...(typeof c === 'string' && { c }), r };
  } catch {
    return {};
  }
}
