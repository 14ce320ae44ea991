/**
 * Pure: the connection as a state machine, (machine, input, moment) → [machine, effects].
 *
 * Times are milliseconds on one clock. Nothing here ticks: `wakeAt` says when a `tick` is due, and every deadline is
 * compared with the moment's time, because timers of hidden pages come late. What each input means in each phase is the
 * total table at the end; streams follow the rule in `streams.ts`.
 */
import { backoff, floorOf, meaningOf, RESTART_SPREAD_MS, sentenceOf } from './closing.ts';
import type { Effect, Input, Machine, Moment, Phase } from './connection.ts';
import { beat, subscribe } from './outbound.ts';
import { join, onFrame, overdueStreams, restartStream } from './session.ts';
import { awaiting, parted, placed, type Stream, UNKNOWN } from './streams.ts';

export const CONNECT_MS = 10_000;
export const PROBE_MS = 3_000;
export const STABLE_MS = 5_000;
export const GRACE_MS = 10_000;

export type Step = readonly [Machine, readonly Effect[]];
type Handler<K extends Input['type']> = (machine: Machine, input: Extract<Input, { type: K }>, at: Moment) => Step;
type Table = { readonly [P in Phase]: { readonly [K in Input['type']]: Handler<K> } };

export function step(machine: Machine, input: Input, at: Moment): Step {
  const handler = TABLE[machine.phase][input.type] as Handler<typeof input.type>;
  return handler(machine, input as never, at);
}

/** When the next `tick` is due; null when no time matters. */
export function wakeAt(machine: Machine): number | null {
  const { phase, due } = machine;
  if (phase === 'connecting' || phase === 'waiting') return due;
  if (phase !== 'syncing' && phase !== 'live') return null;
  const times = [deadline(machine)];
  if (machine.probeBy !== null) times.push(machine.probeBy);
  for (const stream of machine.streams.values()) if (stream.repair !== null) times.push(stream.repair.by);
  return Math.min(...times);
}

function deadline(machine: Machine): number {
  return machine.lastFrameAt + machine.heartbeatMs + GRACE_MS;
}

const stay = (machine: Machine): Step => [machine, []];

function attempt(machine: Machine, rejected: boolean, at: Moment): Step {
  const generation = machine.generation + 1;
  const next: Machine = {
    ...cut(machine),
    phase: 'connecting',
    generation,
    due: at.now + CONNECT_MS,
    probeBy: null,
    hint: null,
    staleSince: null,
  };
  return [next, [{ type: 'token', generation, rejected }]];
}

function cut(machine: Machine): Machine {
  const streams = new Map([...machine.streams].map(([name, stream]) => [name, parted(stream)]));
  return { ...machine, streams, subscribed: false };
}

function connect(machine: Machine, _input: unknown, at: Moment): Step {
  return attempt({ ...machine, failures: 0, refusedTokens: 0 }, false, at);
}

function dispose(machine: Machine): Step {
  return [{ ...cut(machine), phase: 'closed', reason: '', due: null }, [{ type: 'close', code: 1000 }]];
}

function tokenCame(machine: Machine, input: Extract<Input, { type: 'token' }>): Step {
  if (input.generation !== machine.generation) return stay(machine);
  if (input.token === null) return [{ ...machine, phase: 'unauthorized', reason: 'sign in', due: null }, []];
  return [machine, [{ type: 'open', token: input.token }]];
}

function opened(machine: Machine, _input: unknown, at: Moment): Step {
  return [{ ...machine, openedAt: at.now, lastFrameAt: at.now }, []];
}

function firstFrame(machine: Machine, input: Extract<Input, { type: 'frame' }>, at: Moment): Step {
  const { frame } = input;
  if (frame.kind !== 'welcome') return stay(machine);
  const next: Machine = {
    ...machine,
    phase: 'syncing',
    reason: '',
    due: null,
    lastFrameAt: at.now,
    openedAt: at.now,
    heartbeatMs: frame.heartbeatMs,
    streams: new Map([...machine.streams].map(([name, stream]) => [name, awaiting(stream, at.now)])),
  };
  const hello = subscribe(join(machine.streams));
  return [next, [{ type: 'heard', frame }, { type: 'send', frame: hello }, { type: 'ready' }]];
}

function frameCame(machine: Machine, input: Extract<Input, { type: 'frame' }>, at: Moment): Step {
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

function lost(machine: Machine, input: Extract<Input, { type: 'closed' }>, at: Moment): Step {
  const reason = sentenceOf(input.code, input.reason);
  const gone = cut(machine);
  switch (meaningOf(input.code)) {
    case 'stop':
      return [{ ...gone, phase: 'closed', reason, due: null }, []];
    case 'refused':
      return [{ ...gone, phase: 'failed', reason, due: null }, []];
    case 'token':
      if (machine.refusedTokens > 0) return [{ ...gone, phase: 'unauthorized', reason, due: null }, []];
      return attempt({ ...gone, refusedTokens: 1 }, true, at);
    case 'anew':
      return wait({ ...gone, streams: forgotten(gone.streams) }, reason, at, 0);
    case 'restart':
      return restarted(gone, reason, at);
    case 'retry':
      return wait(gone, reason, at, floorOf(input.reason));
  }
}

function forgotten(streams: ReadonlyMap<string, Stream>): ReadonlyMap<string, Stream> {
  return new Map([...streams.keys()].map((name) => [name, UNKNOWN]));
}

function wait(machine: Machine, reason: string, at: Moment, floor: number): Step {
  const stable = machine.openedAt > 0 && at.now - machine.openedAt >= STABLE_MS && wasUp(machine);
  const failures = stable ? 0 : machine.failures;
  const due = at.now + backoff(failures, at.luck, floor);
  return [{ ...machine, phase: 'waiting', failures: failures + 1, reason, due, openedAt: 0 }, []];
}

function wasUp(machine: Machine): boolean {
  return machine.phase === 'live' || machine.phase === 'syncing';
}

/** A planned restart is no failure: come back after the hint, spread, so that not all come at once. */
function restarted(machine: Machine, reason: string, at: Moment): Step {
  const { wait: base, spread } = machine.hint ?? { wait: 0, spread: RESTART_SPREAD_MS };
  return [{ ...machine, phase: 'waiting', reason, due: at.now + base + spread * at.luck, openedAt: 0 }, []];
}

function giveUp(machine: Machine, reason: string, at: Moment): Step {
  const [next, effects] = wait(cut(machine), reason, at, 0);
  return [next, [{ type: 'close', code: 4000 }, ...effects]];
}

function connectTick(machine: Machine, _input: unknown, at: Moment): Step {
  if (machine.due === null || at.now < machine.due) return stay(machine);
  return giveUp(machine, 'no answer from the server', at);
}

function waitTick(machine: Machine, _input: unknown, at: Moment): Step {
  if (machine.due === null || at.now < machine.due) return stay(machine);
  return attempt(machine, false, at);
}

function upTick(machine: Machine, _input: unknown, at: Moment): Step {
  const silent = at.now >= deadline(machine) || (machine.probeBy !== null && at.now >= machine.probeBy);
  if (silent) return giveUp(machine, 'the connection went silent', at);
  const [next, effects] = overdueStreams(machine, at.now);
  return [settled(next, at), effects];
}

/** A page that slept cannot trust its socket: ask, and expect an answer soon. */
function probe(machine: Machine, _input: unknown, at: Moment): Step {
  if (machine.probeBy !== null) return stay(machine);
  return [{ ...machine, probeBy: at.now + PROBE_MS }, [{ type: 'send', frame: beat('ping') }]];
}

function pause(machine: Machine): Step {
  return [{ ...cut(machine), phase: 'paused', reason: 'this device is offline', due: null }, []];
}

function soon(machine: Machine, _input: unknown, at: Moment): Step {
  const due = Math.min(machine.due ?? at.now, at.now + 1_000 * at.luck);
  return [{ ...machine, phase: 'waiting', due }, []];
}

function place(machine: Machine, input: Extract<Input, { type: 'placed' }>): Step {
  const streams = new Map(machine.streams);
  for (const [project, at] of Object.entries(input.positions)) {
    const name = `project:${project}`;
    streams.set(name, placed(streams.get(name) ?? UNKNOWN, at));
  }
  return [{ ...machine, streams }, []];
}

/** While connected the positions come with the frames; an answer over HTTP must not move them. */
function drifted(machine: Machine, input: Extract<Input, { type: 'drift' }>, at: Moment): Step {
  return restartStream(machine, input.stream, at.now);
}

const down = {
  dispose,
  token: stay,
  opened: stay,
  frame: stay,
  closed: stay,
  tick: stay,
  offline: stay,
  online: stay,
  wake: stay,
  placed: place,
  drift: stay,
} as const;
const up = {
  connect: stay,
  dispose,
  token: stay,
  opened: stay,
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
  connecting: {
    ...down,
    connect: stay,
    token: tokenCame,
    opened,
    frame: firstFrame,
    closed: lost,
    tick: connectTick,
  },
  syncing: up,
  live: up,
  waiting: { ...down, connect, tick: waitTick, offline: pause, online: soon, wake: soon },
  paused: { ...down, connect, online: soon, wake: soon },
  unauthorized: { ...down, connect },
  failed: { ...down, connect },
  closed: { ...down, connect, dispose: stay },
};
