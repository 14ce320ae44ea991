/** Pure: what a close code means, and how long to wait. Source: the close-code table of protocol 2.0. */
import type { Moment, Rules } from './connection.ts';

/** The phase in which a connection ends for good, or how to come back. */
export type Meaning = 'closed' | 'failed' | 'retry' | 'restart' | 'token' | 'anew';

const MEANINGS: Readonly<Record<number, Meaning>> = { 1000: 'closed', 1012: 'restart', 4401: 'token', 4410: 'anew' };
const REFUSED: readonly number[] = [1002, 1003, 1007, 1008, 1009, 4400, 4403, 4406];

/** A code that this page doesn't know is retried, so that an old page survives a new code. */
export function meaningOf(code: number): Meaning {
  return REFUSED.includes(code) ? 'failed' : (MEANINGS[code] ?? 'retry');
}

/** A close reason is `{"c": word, "r": least milliseconds to wait}`, or a text that nobody planned. */
export function readReason(reason: string): { readonly c: unknown; readonly r?: unknown } {
  try {
    return { c: reason, ...JSON.parse(reason) };
  } catch {
    return { c: reason };
  }
}

/** When to begin after `failures`; `luck` in [0, 1) spreads clients, 0 gives the plain steps. Never sooner than in `floor` ms. */
export function backoff({ backoffMs, jitter }: Rules, { now, luck }: Moment, failures: number, floor: number): number {
  const base = backoffMs[failures] ?? backoffMs.at(-1) ?? 0;
  return now + Math.max(base * (1 - jitter * luck), floor);
}
