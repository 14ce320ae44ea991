/**
 * Pure: the connection as a state machine, (machine, input, moment) → [machine, effects].
 *
 * Times are milliseconds on one clock. Nothing here ticks: `wakeAt` says when a `tick` is due, and every deadline is
 * compared with the moment's time, because timers of hidden pages come late. What each input means in each phase is the
 * total table at the end; streams follow the rule in `streams.ts`, polls are in `polling.ts`.
 */
import type { Effect, Input, Machine, Moment, Phase, Step } from './connection.ts';
import { beat, renew, subscribe, unsubscribe } from './outbound.ts';
import {
  asleep,
  attempt,
  dispose,
  end,
  giveUp,
  isUp,
  lost,
  noted,
  offline,
  pause,
  STABLE_MS,
  wait,
  welcomed,
} from './phases.ts';
import { POLLING, pollWake } from './polling.ts';
import { ALL, chunks, forget, onFrame, overdueStreams, placeOf, restartStream } from './session.ts';
import { placed, UNKNOWN } from './streams.ts';

export type { Step } from './connection.ts';

export const PROBE_MS = 3_000;
export const GRACE_MS = 10_000;

type Of<K extends Input['type']> = Extract<Input, { type: K }>;
type Handler<K extends Input['type']> = (machine: Machine, input: Of<K>, at: Moment) => Step;
type Table = { readonly [P in Phase]: { readonly [K in Input['type']]: Handler<K> } };

export function step(machine: Machine, input: Input, at: Moment): Step {
  const handler = TABLE[machine.phase][input.type] as Handler<typeof input.type>;
  return handler(machine, input as never, at);
}

/** When the next `tick` is due; null when no time matters. */
export function wakeAt(machine: Machine): number | null {
  const { hiddenAt, polling } = machine;
  const times = timesOf(machine);
  if (polling !== null) times.push(pollWake(polling));
  if (times.length === 0) return null;
  if (hiddenAt !== null) times.push(hiddenAt + machine.rules.hiddenMs);
  return Math.min(...times);
}

function timesOf(machine: Machine): number[] {
  if (machine.due !== null) return [machine.due];
  if (!isUp(machine)) return [];
  const times = [deadline(machine)];
  if (machine.probeBy !== null) times.push(machine.probeBy);
  for (const stream of machine.streams.values()) if (stream.repair !== null) times.push(stream.repair.by);
  return times;
}

function deadline(machine: Machine): number {
  return machine.lastFrameAt + machine.heartbeatMs + GRACE_MS;
}

const stay = (machine: Machine): Step => [machine, []];

function connect(machine: Machine, _input: unknown, at: Moment): Step {
  return attempt({ ...machine, failures: 0, refusedTokens: 0 }, 'connect', at);
}

function tokenCame(machine: Machine, input: Of<'token'>, at: Moment): Step {
  if (input.generation !== machine.generation) return stay(machine);
  if (input.token === null) return end(machine, 'unauthorized', 'sign in');
  if (input.token === undefined) return wait(machine, 'no answer from the server', at, 0);
  return [machine, [{ type: 'open', token: input.token }]];
}

/** A fresh token for the open connection; without one the server closes it in time, which asks again. */
function renewed(machine: Machine, { generation, token }: Of<'token'>): Step {
  return generation === machine.generation && token
    ? [machine, [{ type: 'send', frame: renew(token) }]]
    : stay(machine);
}

function frameCame(machine: Machine, input: Of<'frame'>, at: Moment): Step {
  const heard = { ...machine, lastFrameAt: at.now, probeBy: null };
  const [next, effects] = onFrame(heard, input.frame, at.now);
  return [settled(next, at), effects];
}

/** Live when the server has answered and no stream waits for anything. */
function settled(machine: Machine, at: Moment): Machine {
  const waits = !machine.subscribed || [...machine.streams.values()].some((stream) => stream.status !== 'live');
  const stable = at.now - machine.openedAt >= STABLE_MS;
  const calm = !waits && stable ? { failures: 0, refusedTokens: 0 } : {};
  return { ...machine, ...calm, phase: waits ? 'syncing' : 'live' };
}

function due(machine: Machine, at: Moment): boolean {
  return machine.due !== null && at.now >= machine.due;
}

function connectTick(machine: Machine, _input: unknown, at: Moment): Step {
  if (asleep(machine, at.now)) return pause(machine, HIDDEN);
  return due(machine, at) ? giveUp(machine, 'no answer from the server', at) : stay(machine);
}

function waitTick(machine: Machine, _input: unknown, at: Moment): Step {
  if (asleep(machine, at.now)) return pause(machine, HIDDEN);
  return due(machine, at) ? attempt(machine, 'connect', at) : stay(machine);
}

function upTick(machine: Machine, _input: unknown, at: Moment): Step {
  if (asleep(machine, at.now)) return pause(machine, HIDDEN);
  const silent = at.now >= deadline(machine) || (machine.probeBy !== null && at.now >= machine.probeBy);
  if (silent) return giveUp(machine, 'the connection went silent', at);
  const [next, effects] = overdueStreams(machine, at.now);
  return [settled(next, at), effects];
}

const HIDDEN = 'nobody looks at this page';

/** A page that slept, or whose network changed, cannot trust its socket: ask, and expect an answer soon. */
function probe(machine: Machine, input: Input, at: Moment): Step {
  const next = noted(machine, input, at);
  if (machine.probeBy !== null) return [next, []];
  return [{ ...next, probeBy: at.now + PROBE_MS }, [{ type: 'send', frame: beat('ping') }]];
}

const note = (machine: Machine, input: Input, at: Moment): Step => [noted(machine, input, at), []];

function soon(machine: Machine, input: Input, at: Moment): Step {
  const next = noted(machine, input, at);
  if (asleep(next, at.now) || next.offline) return [next, []];
  return [{ ...next, phase: 'waiting', due: Math.min(machine.due ?? at.now, at.now + 1_000 * at.luck) }, []];
}

function place(machine: Machine, input: Of<'placed'>): Step {
  const streams = new Map(machine.streams);
  for (const [project, at] of Object.entries(input.positions)) {
    const name = `project:${project}`;
    if (!machine.wants.includes(ALL) && !machine.wants.includes(name)) continue;
    streams.set(name, placed(streams.get(name) ?? UNKNOWN, at));
  }
  return [{ ...machine, streams }, []];
}

/** Follow these streams from now on; what is no longer wanted is forgotten. */
function want(machine: Machine, { streams: wants }: Of<'want'>, at: Moment): Step {
  const all = wants.includes(ALL);
  const gone = [...machine.streams.keys()].filter((name) => !all && !wants.includes(name));
  const left = machine.wants.filter((name) => !wants.includes(name));
  const fresh = wants.filter((name) => !machine.wants.includes(name));
  const [next, effects] = forget({ ...machine, wants }, gone);
  if (machine.phase === 'polling') {
    const [asked, call] = POLLING.asked(next, at);
    return [asked, [...effects, ...call]];
  }
  if (!isUp(machine)) return [next, effects];
  const ended = new Set(all ? [] : [...gone, ...left]);
  const asks = chunks(fresh).map((names) => subscribe(names.map((name) => placeOf(name, UNKNOWN))));
  const frames = [...chunks([...ended]).map(unsubscribe), ...asks];
  return [next, [...effects, ...frames.map((frame): Effect => ({ type: 'send', frame }))]];
}

function drifted(machine: Machine, input: Of<'drift'>, at: Moment): Step {
  const [next, effects] = restartStream(machine, input.stream, at.now);
  return [isUp(machine) ? settled(next, at) : next, effects];
}

const down = {
  dispose,
  token: stay,
  frame: stay,
  closed: stay,
  polled: stay,
  unpolled: stay,
  tick: stay,
  offline: note,
  online: note,
  hidden: note,
  wake: note,
  want,
  placed: place,
  drift: stay,
} as const;
/** While connected the positions come with the frames; an answer over HTTP must not move them. */
const up = {
  ...down,
  connect: stay,
  token: renewed,
  frame: frameCame,
  closed: lost,
  tick: upTick,
  offline: probe,
  online: probe,
  wake: probe,
  placed: stay,
  drift: drifted,
} as const;

/** What each input does in each phase. The type makes it total: a new phase or input without an answer doesn't compile. */
export const TABLE: Table = {
  idle: { ...down, connect },
  connecting: { ...down, connect: stay, token: tokenCame, frame: welcomed, closed: lost, tick: connectTick },
  syncing: up,
  live: up,
  waiting: {
    ...down,
    connect,
    tick: waitTick,
    offline,
    online: soon,
    wake: soon,
  },
  polling: {
    ...down,
    connect: POLLING.connect,
    token: POLLING.token,
    frame: POLLING.frame,
    closed: POLLING.closed,
    polled: POLLING.polled,
    unpolled: POLLING.unpolled,
    tick: POLLING.tick,
    offline: POLLING.offline,
    online: POLLING.online,
    wake: POLLING.wake,
    placed: stay,
    drift: drifted,
  },
  paused: { ...down, connect, online: soon, wake: soon },
  unauthorized: { ...down, connect },
  failed: { ...down, connect },
  closed: { ...down, connect, dispose: stay },
};
