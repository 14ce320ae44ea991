/** Pure: what a close code means, and how long to wait. Source: the close-code table of protocol 2.0. */

import type { Rules } from './connection.ts';

export type Meaning = 'stop' | 'retry' | 'restart' | 'token' | 'refused' | 'anew';

export const RESTART_SPREAD_MS = 5_000;

const MEANINGS: Readonly<Record<number, Meaning>> = {
  1000: 'stop',
  1002: 'refused',
  1003: 'refused',
  1007: 'refused',
  1008: 'refused',
  1009: 'refused',
  1012: 'restart',
  4400: 'refused',
  4401: 'token',
  4403: 'refused',
  4406: 'refused',
  4410: 'anew',
};

const SENTENCES: Readonly<Record<number, string>> = {
  1006: 'connection lost',
  1011: 'the server had an error',
  1012: 'the server restarts',
  1013: 'the server is busy',
  4400: 'the server did not understand this page; reload it',
  4401: 'the sign-in is no longer valid',
  4403: 'this page may not connect from here',
  4406: 'this page is too old for the server; reload it',
  4408: 'the server heard nothing from this page',
  4429: 'too many connections or messages',
};

/** A code that this page doesn't know is retried, so that an old page survives a new code. */
export function meaningOf(code: number): Meaning {
  return MEANINGS[code] ?? 'retry';
}

/** One short sentence for a person. */
export function sentenceOf(code: number, reason: string): string {
  return SENTENCES[code] ?? (named(reason) || `connection closed (${code})`);
}

/** The least time to wait that a close reason `{"c": code, "r": milliseconds}` asks for; 0 when it asks for none. */
export function floorOf(reason: string): number {
  try {
    const wait: unknown = JSON.parse(reason)?.r;
    return typeof wait === 'number' && wait > 0 ? wait : 0;
  } catch {
    return 0;
  }
}

/** Milliseconds to wait before attempt `attempt` (from 0); `luck` in [0, 1) spreads clients, 0 gives the plain steps. */
export function backoff(rules: Rules, attempt: number, luck: number, floor = 0): number {
  const { backoffMs, jitter } = rules;
  const base = backoffMs[Math.min(attempt, backoffMs.length - 1)] ?? 0;
  return Math.max(base * (1 - jitter * luck), floor);
}

function named(reason: string): string {
  try {
    const name: unknown = JSON.parse(reason)?.c;
    return typeof name === 'string' ? name.replaceAll('_', ' ').replaceAll('-', ' ') : '';
  } catch {
    return reason;
  }
}
