/**
 * Pure: one stream's place, and the client rule of protocol 2.0.
 *
 * sequence ≤ position: drop. prev ≤ position: apply, position = sequence. Else hold (at most 64) and repair, one repair
 * in flight. A frame in parts counts when all its parts are there, so a cut between parts never shows half of it.
 */
import type { DataFrame, Joined } from './frames.ts';
import type { StreamPosition } from './types.ts';

export const HOLD = 64;
/** How long an answer may take before the stream starts anew. */
const REPAIR_MS = { resume: 5_000, snapshot: 10_000 };

export type Ask = keyof typeof REPAIR_MS;

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
  readonly repair: { readonly ask: Ask; readonly by: number } | null;
}

/** What came of a move: the stream after it, what to show, what to ask the server for. */
export interface Receipt {
  readonly stream: { -readonly [K in keyof Stream]: Stream[K] };
  readonly apply: DataFrame[];
  ask: Ask | null;
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
  const receipt = begun(before);
  const { stream } = receipt;
  if (frame.kind === 'snapshot') return receivePage(receipt, frame, now);
  stream.replay = Math.max(0, stream.replay - 1);
  const others = stream.held.filter(({ sequence }) => sequence !== frame.sequence);
  stream.held = [...others, frame].sort((a, b) => a.sequence - b.sequence).slice(-HOLD - 1);
  if (stream.position < 0 || frame.epoch !== stream.epoch) return repair(receipt, 'snapshot', now);
  settle(receipt, now);
  return stream.held.length > HOLD ? anew(receipt, now) : receipt;
}

/** The server's idle ping: everything up to `at` was sent before it, so the position moves with it. */
export function pinged(before: Stream, at: StreamPosition, now: number): Receipt {
  const receipt = begun(before);
  const { stream } = receipt;
  if (stream.repair !== null) return receipt;
  if (at.epoch !== stream.epoch) return repair(receipt, 'snapshot', now);
  stream.position = Math.max(stream.position, at.sequence);
  return receipt;
}

/** The server's answer to a subscribe or resume: where the stream starts and what will follow. */
export function joined(before: Stream, { status, epoch, sequence, replayed }: Joined, now: number): Receipt {
  if (status === 'snapshot') return begun(awaiting({ ...before, replay: 0 }, now));
  const known = before.position >= 0 && before.epoch === epoch;
  const place = known ? {} : { epoch, position: sequence };
  const replay = known && status === 'recovered' ? replayed : 0;
  return settle(begun({ ...before, ...place, replay, repair: null }), now);
}

/** The epoch changed: what is known stays on show until the snapshot is there. */
export function reset({ epoch }: Stream, now: number): Receipt {
  return begun(awaiting({ ...UNKNOWN, epoch }, now));
}

/** Positions that came with an HTTP answer; an older one of the same epoch is refused. */
export function placed(stream: Stream, { epoch, sequence }: StreamPosition): Stream {
  return stream.epoch === epoch && stream.position >= sequence ? stream : parted({ epoch, position: sequence });
}

/** The connection is gone: forget what was not shown yet; the position stays. */
export function parted({ epoch, position }: Pick<Stream, 'epoch' | 'position'>): Stream {
  return { ...UNKNOWN, epoch, position };
}

/** Subscribed; an answer that doesn't come is asked for again. */
export function awaiting(stream: Stream, now: number): Stream {
  return { ...stream, repair: repairing('snapshot', now) };
}

/** A repair that took too long: start the stream anew. */
export function overdue(stream: Stream, now: number): Receipt {
  if (stream.repair === null || now < stream.repair.by) return begun(stream);
  return restart({ ...stream, repair: null }, now);
}

/** Ask for a whole snapshot, whatever is known: counts that don't add up, a lost place. */
export function restart(stream: Stream, now: number): Receipt {
  return anew(begun(stream), now);
}

function head({ parts, position }: Stream): number {
  return parts.at(-1)?.sequence ?? position;
}

function begun(stream: Stream): Receipt {
  return { stream: { ...stream }, apply: [], ask: null };
}

function anew(receipt: Receipt, now: number): Receipt {
  const { stream } = receipt;
  stream.held = stream.parts = stream.pages = [];
  return repair(receipt, 'snapshot', now);
}

function repair(receipt: Receipt, ask: Ask, now: number): Receipt {
  const { stream } = receipt;
  const running = stream.repair?.ask;
  if (running === 'snapshot' || running === ask) return receipt;
  stream.status = 'joining';
  stream.repair = repairing(ask, now);
  receipt.ask = ask;
  return receipt;
}

function repairing(ask: Ask, now: number): Stream['repair'] {
  return { ask, by: now + REPAIR_MS[ask] };
}

/** Held frames follow as soon as they fit; what still doesn't fit is repaired, unless its replay is on the way. */
function settle(receipt: Receipt, now: number): Receipt {
  const { stream, apply } = receipt;
  const later = ({ epoch, sequence }: DataFrame) => epoch === stream.epoch && sequence > head(stream);
  for (const frame of stream.held) {
    if (!later(frame) || frame.prev > head(stream)) continue;
    stream.parts = [...stream.parts, frame];
    if (stream.parts.length < frame.parts) continue;
    stream.position = frame.sequence;
    apply.push(...stream.parts);
    stream.parts = [];
  }
  stream.held = stream.held.filter(later);
  if (stream.replay > 0) return receipt;
  if (stream.held.length > 0) return repair(receipt, 'resume', now);
  if (stream.repair?.ask === 'snapshot') return receipt;
  stream.status = 'live';
  stream.repair = null;
  return receipt;
}

function receivePage(receipt: Receipt, page: DataFrame, now: number): Receipt {
  const { stream, apply } = receipt;
  const { epoch, sequence, part, parts } = page;
  const same = (other: DataFrame) => other.epoch === epoch && other.sequence === sequence && other.part !== part;
  const pages = [...stream.pages.filter(same), page];
  stream.pages = pages;
  if (pages.length < parts) return receipt;
  apply.push(...pages.sort((a, b) => a.part - b.part));
  const { held } = stream;
  Object.assign(stream, UNKNOWN, { epoch, position: sequence, held });
  return settle(receipt, now);
}
