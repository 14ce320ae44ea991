/** Pure: steps that several phases share: trying, waiting, resting, being welcomed, leaving. */
import { backoff, meaningOf, readReason } from './closing.ts';
import {
  type Draft,
  type Handler,
  type Input,
  type Machine,
  NEVER,
  type Of,
  type Phase,
  START,
  type TokenWhy,
  type Turn,
} from './connection.ts';
import { startPolling } from './polling.ts';
import { isUp, NAMED, placesOf, tellOf } from './session.ts';
import { awaiting, parted, type Stream, UNKNOWN } from './streams.ts';

const CONNECT_MS = 10_000;
const STABLE_MS = 5_000;
const GRACE_MS = 10_000;

/** Begin a phase without a connection: what was not shown yet is forgotten, the positions stay. */
export function enter(machine: Draft, phase: Phase, reason: string, due = NEVER): void {
  machine.phase = phase;
  machine.reason = reason;
  machine.due = due;
  machine.subscribed = false;
  machine.staleSince = null;
  each(machine, parted);
}

export function each({ streams }: Draft, move: (stream: Stream) => Stream): void {
  for (const [name, stream] of streams) streams.set(name, move(stream));
}

/** The same, and let the connection go that there may be. */
export function leave(machine: Draft, { effects }: Turn, phase: Phase, reason: string): void {
  enter(machine, phase, reason);
  effects.push(['close', 1000]);
}

/** Open a WebSocket: first of all a token. */
export function open(machine: Draft, { now, effects }: Turn, why: TokenWhy): void {
  machine.due = now + CONNECT_MS;
  machine.generation += 1;
  effects.push(['token', machine.generation, why]);
}

export function attempt(machine: Draft, turn: Turn, why: TokenWhy): void {
  enter(machine, 'connecting', machine.reason);
  open(machine, turn, why);
}

export function welcomed(machine: Draft, turn: Turn, { frame }: Of<'frame'>): void {
  if (frame.kind !== 'welcome') return;
  const { now, effects } = turn;
  enter(machine, 'syncing', '');
  machine.hint = START.hint;
  machine.openedAt = now;
  machine.heartbeatMs = frame.heartbeatMs;
  heard(machine, turn);
  machine.features = frame.features;
  effects.push(['heard', frame]);
  // The server joins by their places what one frame names beside `project:*`, and one before it.
  tellOf(machine, turn, 'subscribe', placesOf(machine, 2 * NAMED));
  each(machine, (stream) => awaiting(stream, now));
}

export function lost(machine: Draft, turn: Turn, { code, reason: text }: Of<'closed'>): void {
  const { c, r } = readReason(text);
  const reason = `${code} ${c}`;
  const meaning = meaningOf(code);
  switch (meaning) {
    case 'token':
      if (machine.refusedTokens > 0) enter(machine, 'unauthorized', reason);
      else attempt(machine, turn, 'rejected');
      machine.refusedTokens = 1;
      break;
    case 'restart':
      // A planned restart is no failure: come back after the hint, spread, so that not all come at once.
      enter(machine, 'waiting', reason, turn.now + machine.hint.retryAfterMs + machine.hint.jitterMs * turn.luck);
      break;
    case 'anew':
      each(machine, () => UNKNOWN);
      wait(machine, turn, reason);
      break;
    case 'retry':
      wait(machine, turn, reason, Number(r) || 0);
      break;
    default:
      enter(machine, meaning, reason);
  }
}

/** A sign of life: the next one must come within a heartbeat and some grace. */
export function heard(machine: Draft, { now }: Turn): void {
  machine.lastFrameAt = now;
  machine.due = now + machine.heartbeatMs + GRACE_MS;
}

/** Until the next attempt; after the last one, polls. Nothing is tried, and nothing counted, while the device is offline. */
export function wait(machine: Draft, turn: Turn, reason: string, floor = 0): void {
  const { rules } = machine;
  const failures = isStable(machine, turn.now) ? 0 : machine.failures;
  if (machine.offline) rest(machine, turn);
  else if (failures >= rules.attempts) startPolling(machine, turn, reason);
  else {
    enter(machine, 'waiting', reason, backoff(rules, turn, failures, floor));
    machine.failures = failures + 1;
  }
}

export function isStable(machine: Machine, now: number): boolean {
  return isUp(machine) && now - machine.openedAt >= STABLE_MS;
}

export function giveUp(machine: Draft, turn: Turn, reason: string): void {
  turn.effects.push(['close', 4000]);
  wait(machine, turn, reason);
}

/** What an event says of the device and the page. */
export function note(machine: Draft, { now }: Turn, { type }: Input): void {
  if (type === 'hidden') machine.hiddenAt = now;
  if (type === 'wake') machine.hiddenAt = NEVER;
  if (type === 'offline') machine.offline = true;
  if (type === 'online') machine.offline = false;
}

export function rest(machine: Draft, turn: Turn): void {
  leave(machine, turn, 'paused', 'offline');
}

/** When a page that nobody sees needs no connection any more. */
export function restAt({ hiddenAt, rules }: Machine): number {
  return hiddenAt + rules.hiddenMs;
}

type Move = (machine: Draft, turn: Turn) => void;

/** Time passed: a page that nobody looks at rests; else something is late, or there may be other things to do. */
export function timed(late: Move, other: Move = () => {}): Handler<'tick'> {
  return (machine, turn) => {
    if (turn.now >= restAt(machine)) leave(machine, turn, 'paused', 'hidden');
    else if (turn.now >= machine.due) late(machine, turn);
    else other(machine, turn);
  };
}
