/**
 * Pure: one stream's place, and the client rule of protocol 2.0.
 *
 * sequence ≤ position: drop. prev ≤ position: apply, position = sequence. Else hold (at most 64) and repair, one repair
 * in flight. A frame in parts counts when all its parts are there, so a cut between parts never shows half of it.
 */
import type { DataFrame, Joined } from './frames.ts';
import type { StreamPosition } from './types.ts';

export const HOLD = 64;
export const RESUME_MS = 5_000;
export const SNAPSHOT_MS = 10_000;

export type Ask = 'resume' | 'snapshot' | null;

/**
 * `position` -1 means that nothing is known yet. `parts` are taken in order but not shown, `pages`
 * are of a snapshot, `replay` frames of an answered resume are still to come.
 */
export interface Stream {
  readonly epoch: string;
  readonly position: number;
  readonly status: 'joining' | 'live';
  readonly held: readonly DataFrame[];
  readonly parts: readonly DataFrame[];
  readonly pages: readonly DataFrame[];
  readonly replay: number;
  readonly repair: { readonly ask: 'resume' | 'snapshot'; readonly by: number } | null;
}

export interface Receipt {
  readonly stream: Stream;
  readonly apply: readonly DataFrame[];
  readonly ask: Ask;
}

export const UNKNOWN: Stream = {
  epoch: '',
  position: -1,
  status: 'joining',
  held: [],
  parts: [],
  pages: [],
  replay: 0,
  repair: null,
};

/** Take in one data frame: what to show now, in order, and whether to ask the server for something. */
export function receive(before: Stream, frame: DataFrame, now: number): Receipt {
  if (frame.kind === 'snapshot') return receivePage(before, frame, now);
  const stream = before.replay > 0 ? { ...before, replay: before.replay - 1 } : before;
  if (stream.position < 0 || frame.epoch !== stream.epoch) return repair(hold(stream, frame), 'snapshot', now);
  if (frame.sequence <= head(stream)) return settle({ stream, apply: [], ask: null }, now);
  if (frame.prev <= head(stream)) return settle(take(stream, frame), now);
  const holding = hold(stream, frame);
  if (holding.held.length > HOLD) return repair({ ...holding, held: [] }, 'snapshot', now);
  return settle({ stream: holding, apply: [], ask: null }, now);
}

/** The server's idle ping: everything up to `at` was sent before it, so the position moves with it. */
export function pinged(stream: Stream, at: StreamPosition, now: number): Receipt {
  if (stream.repair !== null) return still(stream);
  if (at.epoch !== stream.epoch) return repair(stream, 'snapshot', now);
  return at.sequence > stream.position ? still({ ...stream, position: at.sequence }) : still(stream);
}

/** The server's answer to a subscribe or resume: where the stream starts and what will follow. */
export function joined(stream: Stream, answer: Joined, now: number): Receipt {
  if (answer.status === 'snapshot') {
    return still({ ...stream, replay: 0, repair: { ask: 'snapshot', by: now + SNAPSHOT_MS } });
  }
  if (stream.position >= 0 && stream.epoch === answer.epoch) {
    const replay = answer.status === 'recovered' ? answer.replayed : 0;
    return settle({ stream: { ...stream, replay, repair: null }, apply: [], ask: null }, now);
  }
  const { epoch, sequence: position } = answer;
  return still({ ...stream, epoch, position, status: 'live', replay: 0, repair: null });
}

/** The epoch changed: what is known stays on show until the snapshot is there. */
export function reset(stream: Stream, now: number): Stream {
  return { ...UNKNOWN, epoch: stream.epoch, repair: { ask: 'snapshot', by: now + SNAPSHOT_MS } };
}

/** Positions that came with an HTTP answer; an older one of the same epoch is refused. */
export function placed(stream: Stream, at: StreamPosition): Stream {
  if (stream.epoch === at.epoch && stream.position >= at.sequence) return stream;
  return { ...stream, epoch: at.epoch, position: at.sequence, held: [], parts: [], pages: [] };
}

/** The connection is gone: forget what was not shown yet; the position stays. */
export function parted(stream: Stream): Stream {
  return { ...stream, status: 'joining', held: [], parts: [], pages: [], replay: 0, repair: null };
}

/** Subscribed; an answer that doesn't come is asked for again. */
export function awaiting(stream: Stream, now: number): Stream {
  return { ...stream, repair: { ask: 'snapshot', by: now + SNAPSHOT_MS } };
}

/** A repair that took too long: start the stream anew. */
export function overdue(stream: Stream, now: number): Receipt {
  if (stream.repair === null || now < stream.repair.by) return still(stream);
  return repair({ ...stream, held: [], parts: [], pages: [], repair: null }, 'snapshot', now);
}

/** Ask for a whole snapshot, whatever is known: counts that don't add up, a lost place. */
export function restart(stream: Stream, now: number): Receipt {
  return repair({ ...stream, held: [], parts: [], pages: [] }, 'snapshot', now);
}

export function head(stream: Stream): number {
  return stream.parts.at(-1)?.sequence ?? stream.position;
}

function still(stream: Stream): Receipt {
  return { stream, apply: [], ask: null };
}

function hold(stream: Stream, frame: DataFrame): Stream {
  if (stream.held.some((other) => other.sequence === frame.sequence)) return stream;
  const held = [...stream.held, frame].sort((a, b) => a.sequence - b.sequence);
  return { ...stream, held: held.length > HOLD + 1 ? held.slice(-HOLD) : held };
}

function repair(stream: Stream, ask: 'resume' | 'snapshot', now: number): Receipt {
  const running = stream.repair;
  if (running !== null && (running.ask === 'snapshot' || ask === 'resume')) return still(stream);
  const by = now + (ask === 'resume' ? RESUME_MS : SNAPSHOT_MS);
  return { stream: { ...stream, status: 'joining', repair: { ask, by } }, apply: [], ask };
}

function take(stream: Stream, frame: DataFrame): Receipt {
  const parts = [...stream.parts, frame];
  if (parts.length < frame.parts) return still({ ...stream, parts });
  return { stream: { ...stream, position: frame.sequence, parts: [] }, apply: parts, ask: null };
}

/** Held frames follow as soon as they fit; what still doesn't fit is repaired, unless its replay is on the way. */
function settle(receipt: Receipt, now: number): Receipt {
  let { stream } = receipt;
  const apply = [...receipt.apply];
  for (const frame of stream.held) {
    if (frame.sequence <= head(stream)) continue;
    if (frame.epoch !== stream.epoch || frame.prev > head(stream)) break;
    const next = take(stream, frame);
    stream = next.stream;
    apply.push(...next.apply);
  }
  const end = head(stream);
  const held = stream.held.filter((frame) => frame.epoch === stream.epoch && frame.sequence > end);
  stream = { ...stream, held };
  if (held.length > 0) {
    if (stream.replay > 0) return { stream, apply, ask: null };
    const more = repair(stream, 'resume', now);
    return { stream: more.stream, apply, ask: more.ask };
  }
  if (stream.replay > 0 || stream.repair?.ask === 'snapshot') return { stream, apply, ask: null };
  return { stream: { ...stream, status: 'live', repair: null }, apply, ask: null };
}

function receivePage(stream: Stream, page: DataFrame, now: number): Receipt {
  const first = stream.pages[0];
  const same = first !== undefined && first.epoch === page.epoch && first.sequence === page.sequence;
  const pages = same ? [...stream.pages.filter((other) => other.part !== page.part), page] : [page];
  if (pages.length < page.parts) return still({ ...stream, pages });
  const { epoch, sequence: position } = page;
  const at: Stream = { ...stream, epoch, position, status: 'live', parts: [], pages: [], replay: 0, repair: null };
  return settle({ stream: at, apply: [...pages].sort((a, b) => a.part - b.part), ask: null }, now);
}
