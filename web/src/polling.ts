/**
 * Pure: without a WebSocket. The same places and frames over HTTP, one open call at a time, and every now and then an
 * attempt to climb back. Polls decide about tokens and rights; an attempt that fails changes nothing.
 */
import { backoff } from './closing.ts';
import { type Draft, type Handler, NEVER, type Turn } from './connection.ts';
import { each, enter, leave, open, rest, timed, welcomed } from './phases.ts';
import { forget, onFrame, placesOf } from './session.ts';
import { parted, UNKNOWN } from './streams.ts';

const ANSWER_MS = 10_000;

export function startPolling(machine: Draft, turn: Turn, reason: string): void {
  enter(machine, 'polling', reason);
  machine.pollFailures = machine.refusedTokens = 0;
  climbLater(machine, turn);
  ask(machine, turn);
}

export function ask(machine: Draft, { now, effects }: Turn): void {
  const { rules } = machine;
  const streams = placesOf(machine);
  const why = machine.refusedTokens > 0 ? 'rejected' : 'connect';
  machine.polls += 1;
  machine.pollBy = now + rules.pollWaitS * 1_000 + ANSWER_MS;
  each(machine, parted);
  effects.push(['poll', machine.polls, why, streams]);
}

const polled: Handler<'polled'> = (machine, turn, { frames }) => {
  machine.pollFailures = machine.refusedTokens = 0;
  machine.lastFrameAt = turn.now;
  machine.reason = '';
  for (const frame of frames) onFrame(machine, turn, frame);
  ask(machine, turn);
};

const unpolled: Handler<'unpolled'> = (machine, turn, { status, retryAfterMs, lost = [] }) => {
  const { streams } = machine;
  const known = lost.filter((name) => streams.has(name));
  if (status === 401) refused(machine, turn);
  else if (status === 403) leave(machine, turn, 'failed', '4403');
  else if (status === 410) askAnew(machine, turn, lost.length > 0 ? known : [...streams.keys()]);
  else if (status === 404 && known.length > 0) askWithout(machine, turn, known);
  else failed(machine, turn, retryAfterMs);
};

function askAnew(machine: Draft, turn: Turn, names: readonly string[]): void {
  for (const name of names) machine.streams.set(name, UNKNOWN);
  ask(machine, turn);
}

function askWithout(machine: Draft, turn: Turn, names: readonly string[]): void {
  for (const name of names) forget(machine, turn, name);
  ask(machine, turn);
}

function refused(machine: Draft, turn: Turn): void {
  machine.refusedTokens += 1;
  if (machine.refusedTokens > 1) leave(machine, turn, 'unauthorized', '4401');
  else ask(machine, turn);
}

function failed(machine: Draft, turn: Turn, floor = 0): void {
  const { rules } = machine;
  machine.pollBy = backoff(rules, turn, machine.pollFailures, floor);
  machine.pollFailures += 1;
  machine.reason = 'unanswered';
}

function climb(machine: Draft, turn: Turn): void {
  if (machine.due < NEVER) return;
  machine.climbAt = NEVER;
  open(machine, turn, 'connect');
}

function climbLater(machine: Draft, { now }: Turn): void {
  machine.due = NEVER;
  machine.climbAt = now + machine.rules.climbMs;
}

function climbFailed(machine: Draft, turn: Turn): void {
  climbLater(machine, turn);
  turn.effects.push(['close', 4000]);
}

function tick(machine: Draft, turn: Turn): void {
  if (turn.now >= machine.climbAt) climb(machine, turn);
  else if (turn.now >= machine.pollBy) {
    machine.reason = 'unanswered';
    ask(machine, turn);
  }
}

const token: Handler<'token'> = (machine, turn, { token }) => {
  if (token) turn.effects.push(['open', token]);
  else climbLater(machine, turn);
};

/** The network is back, or a person is: the open call may be dead, so ask again, and climb at once. */
function again(machine: Draft, turn: Turn): void {
  ask(machine, turn);
  climb(machine, turn);
}

export const POLLING = {
  connect: climb,
  token,
  frame: welcomed,
  closed: climbLater,
  polled,
  unpolled,
  tick: timed(climbFailed, tick),
  offline: rest,
  online: again,
  wake: again,
} as const;
