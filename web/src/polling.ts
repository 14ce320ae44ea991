/**
 * Pure: without a WebSocket. The same places and frames over HTTP, one open call at a time, and every now and then an
 * attempt to climb back. Polls decide about tokens and rights; an attempt that fails changes nothing.
 */
import { backoff } from './closing.ts';
import type { Effect, Input, Machine, Moment, Polling, Step } from './connection.ts';
import type { Want } from './outbound.ts';
import { asleep, CONNECT_MS, each, end, noted, offline, pause, welcomed } from './phases.ts';
import { ALL, forget, onFrame, placeOf } from './session.ts';
import { parted, UNKNOWN } from './streams.ts';

export const ANSWER_MS = 10_000;

type Of<K extends Input['type']> = Extract<Input, { type: K }>;
type Handle<K extends Input['type']> = (machine: Machine, input: Of<K>, at: Moment) => Step;

export function startPolling(machine: Machine, reason: string, at: Moment): Step {
  const climbAt = at.now + machine.rules.climbMs;
  const polling = { poll: machine.generation, by: 0, waits: true, failures: 0, refused: false, climbAt, climbBy: null };
  return ask({ ...machine, phase: 'polling', reason, openedAt: 0, polling }, at);
}

/** When a tick is due. */
export function pollWake({ by, climbAt, climbBy }: Polling): number {
  return Math.min(by, climbBy ?? climbAt);
}

function ask(machine: Machine, at: Moment, rejected = false): Step {
  const poll = (machine.polling?.poll ?? 0) + 1;
  const by = at.now + machine.rules.pollWaitS * 1_000 + ANSWER_MS;
  const next = changed(machine, { poll, by, waits: false, refused: rejected });
  const streams = each(machine.streams, parted);
  return [{ ...next, streams }, [{ type: 'poll', poll, rejected, streams: placesOf(machine) }]];
}

/** A stream that needs a snapshot is asked for without a place. */
function placesOf({ wants, streams }: Machine): readonly Want[] {
  const known = [...streams].map(([name, stream]) =>
    stream.repair?.ask === 'snapshot' ? { stream: name } : placeOf(name, stream),
  );
  return [...known, ...wants.filter((name) => name === ALL || !streams.has(name)).map((stream) => ({ stream }))];
}

function changed(machine: Machine, fields: Partial<Polling>): Machine {
  return machine.polling === null ? machine : { ...machine, polling: { ...machine.polling, ...fields } };
}

const polled: Handle<'polled'> = (machine, { poll, frames }, at) => {
  if (poll !== machine.polling?.poll) return [machine, []];
  let next: Machine = { ...changed(machine, { failures: 0 }), lastFrameAt: at.now, reason: '' };
  const effects: Effect[] = [];
  for (const frame of frames) {
    const [after, more] = onFrame(next, frame, at.now);
    next = after;
    effects.push(...more.filter(({ type }) => type !== 'send'));
  }
  const [asked, call] = ask(next, at);
  return [asked, [...effects, { type: 'ready' }, ...call]];
};

const unpolled: Handle<'unpolled'> = (machine, { poll, status, retryAfterMs, lost }, at) => {
  const { polling } = machine;
  if (polling === null || poll !== polling.poll) return [machine, []];
  if (status === 401) {
    return polling.refused ? over(machine, 'unauthorized', 'the sign-in is no longer valid') : ask(machine, at, true);
  }
  if (status === 403) return over(machine, 'failed', 'this page may not connect');
  if (status === 410) {
    const names = new Set(lost.length > 0 ? lost : machine.streams.keys());
    const streams = new Map([...machine.streams].map(([name, old]) => [name, names.has(name) ? UNKNOWN : old]));
    return ask({ ...machine, streams }, at);
  }
  if (status === 404 && lost.some((name) => machine.streams.has(name))) {
    const [left, gone] = forget(machine, lost);
    const [next, call] = ask(left, at);
    return [next, [...gone, ...call]];
  }
  return failed(machine, polling, retryAfterMs, at);
};

function failed(machine: Machine, polling: Polling, floor: number, at: Moment): Step {
  const { failures, poll } = polling;
  const by = at.now + backoff(machine.rules, failures, at.luck, floor);
  const next = changed(machine, { poll: poll + 1, by, waits: true, failures: failures + 1 });
  return [{ ...next, reason: 'no answer from the server' }, []];
}

function over(machine: Machine, phase: 'failed' | 'unauthorized', reason: string): Step {
  const [next] = end(machine, phase, reason);
  return [next, [{ type: 'close', code: 1000 }]];
}

function climb(machine: Machine, at: Moment): Step {
  if (machine.polling?.climbBy != null) return [machine, []];
  const generation = machine.generation + 1;
  const next = changed(machine, { climbBy: at.now + CONNECT_MS });
  return [{ ...next, generation }, [{ type: 'token', generation, why: 'connect' }]];
}

function climbFailed(machine: Machine, at: Moment): Machine {
  return changed(machine, { climbBy: null, climbAt: at.now + machine.rules.climbMs });
}

const tick: Handle<'tick'> = (machine, _input, at) => {
  const { polling } = machine;
  if (polling === null) return [machine, []];
  if (asleep(machine, at.now)) return pause(machine, 'nobody looks at this page');
  if (polling.climbBy !== null && at.now >= polling.climbBy) {
    return [climbFailed(machine, at), [{ type: 'close', code: 4000 }]];
  }
  if (polling.climbBy === null && at.now >= polling.climbAt) return climb(machine, at);
  if (at.now < polling.by) return [machine, []];
  return polling.waits ? ask(machine, at) : failed(machine, polling, 0, at);
};

const token: Handle<'token'> = (machine, input, at) => {
  if (input.generation !== machine.generation) return [machine, []];
  if (input.token) return [machine, [{ type: 'open', token: input.token }]];
  return [climbFailed(machine, at), []];
};

/** The network is back, or a person is: the open call may be dead, so ask again, and climb at once. */
const again: Handle<'online' | 'wake'> = (machine, input, at) => {
  const [asked, call] = ask(noted(machine, input, at), at);
  const [next, more] = climb(asked, at);
  return [next, [...call, ...more]];
};

export const POLLING = {
  connect: (machine: Machine, _input: unknown, at: Moment) => climb(machine, at),
  token,
  frame: welcomed,
  closed: (machine: Machine, _input: unknown, at: Moment): Step => [climbFailed(machine, at), []],
  polled,
  unpolled,
  tick,
  offline,
  online: again,
  wake: again,
  asked: ask,
} as const;
