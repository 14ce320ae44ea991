/**
 * Pure: what agents change may wait a little, so that a burst is drawn once. Everything else flushes it first and goes
 * through at once, so frames never overtake each other. A steady stream is shown too: nothing waits longer than `maxMs`.
 */
import { NEVER } from './connection.ts';
import type { DataFrame } from './frames.ts';

export interface BufferRules {
  readonly delayMs: number;
  readonly size: number;
  readonly maxMs: number;
}

export const BUFFER: BufferRules = { delayMs: 250, size: 50, maxMs: 1_000 };

/** `by`: when it must be flushed; infinite while it is empty. */
export interface Buffer {
  readonly frames: readonly DataFrame[];
  readonly since: number;
  readonly by: number;
}

export const EMPTY_BUFFER: Buffer = { frames: [], since: 0, by: NEVER };

/** Take in frames; what is to be shown now comes out, in order. */
export function buffered(buffer: Buffer, frames: readonly DataFrame[], now: number, rules: BufferRules): BufferTurn {
  const all = [...buffer.frames, ...frames];
  if (rules.delayMs <= 0 || all.length >= rules.size || !frames.every(byAgent)) return [EMPTY_BUFFER, all];
  const since = buffer.frames.length === 0 ? now : buffer.since;
  return [{ frames: all, since, by: Math.min(now + rules.delayMs, since + rules.maxMs) }, []];
}

export type BufferTurn = readonly [Buffer, readonly DataFrame[]];

export function byAgent({ kind, metadata }: DataFrame): boolean {
  return kind !== 'snapshot' && metadata.source === 'mcp-ai';
}
