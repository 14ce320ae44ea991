/**
 * Pure: the connection as a state machine, (machine, input, moment) → [machine, effects].
 *
 * Times are milliseconds on one clock. Nothing here ticks: `wakeAt` says when a `tick` is due, and every deadline is
 * compared with the moment's time, because timers of hidden pages come late. What each input means in each phase is the
 * total table at the end; streams follow the rule in `streams.ts`, polls are in `polling.ts`.
 */
import {
  type Draft,
  type Handler,
  type Input,
  type Machine,
  type Moment,
  NEVER,
  type Phase,
  type Step,
  type Turn,
} from './connection.ts';
import {
  attempt,
  enter,
  giveUp,
  heard,
  isStable,
  leave,
  lost,
  note,
  rest,
  restAt,
  timed,
  wait,
  welcomed,
} from './phases.ts';
import { ask, POLLING } from './polling.ts';
import { ALL, forget, isUp, move, onFrame, tell, tellOf } from './session.ts';
import { overdue, placed, restart, UNKNOWN } from './streams.ts';

export type { Step } from './connection.ts';

const PROBE_MS = 3_000;

type Table = { readonly [P in Phase]: { readonly [K in Input['type']]: Handler<K> } };

export function step(before: Machine, input: Input, { now, luck }: Moment): Step {
  const { generation } = before;
  // The answer to what was asked before the last time: nobody waits for it any more.
  if ('generation' in input && input.generation !== generation) return [before, []];
  if ('poll' in input && input.poll !== before.polls) return [before, []];
  const machine: Draft = { ...before, streams: new Map(before.streams) };
  const turn: Turn = { now, luck, shown: [], anew: [], effects: [] };
  note(machine, turn, input);
  TABLE[before.phase][input.type](machine, turn, input as never);
  tellOf(machine, turn, 'subscribe', turn.anew);
  settle(machine, turn);
  if (turn.shown.length > 0) turn.effects.unshift(['apply', turn.shown]);
  return [machine, turn.effects];
}

/** When the next `tick` is due; null when no time matters. */
export function wakeAt(machine: Machine): number | null {
  const { due, phase, pollBy, climbAt, streams } = machine;
  const times = [due];
  if (phase === 'polling') times.push(pollBy, climbAt);
  if (isUp(machine)) for (const { repair } of streams.values()) if (repair !== null) times.push(repair.by);
  const next = Math.min(...times);
  return next < NEVER ? Math.min(next, restAt(machine)) : null;
}

/** Live when the server has answered and no stream waits for anything. */
function settle(machine: Draft, { now }: Turn): void {
  if (!isUp(machine)) return;
  const live = machine.subscribed && [...machine.streams.values()].every(({ status }) => status === 'live');
  machine.phase = live ? 'live' : 'syncing';
  if (live && isStable(machine, now)) machine.failures = machine.refusedTokens = 0;
}

const stay = (): void => {};

function connect(machine: Draft, turn: Turn): void {
  machine.failures = machine.refusedTokens = 0;
  attempt(machine, turn, 'connect');
}

function dispose(machine: Draft, turn: Turn): void {
  leave(machine, turn, 'closed', '');
}

const tokenCame: Handler<'token'> = (machine, turn, { token }) => {
  if (token === null) enter(machine, 'unauthorized', 'sign-in');
  else if (token === undefined) wait(machine, turn, 'unanswered');
  else turn.effects.push(['open', token]);
};

/** A fresh token for the open connection; without one the server closes it in time, which asks again. */
const renewed: Handler<'token'> = (machine, turn, { token }) => {
  if (token) tell(machine, turn, 'sync', 'token', { token });
};

const frameCame: Handler<'frame'> = (machine, turn, { frame }) => {
  heard(machine, turn);
  onFrame(machine, turn, frame);
};

function repairs(machine: Draft, turn: Turn): void {
  for (const name of machine.streams.keys()) move(machine, turn, name, overdue);
}

/** A page that slept, or whose network changed, cannot trust its socket: ask, and expect an answer soon. */
function probe(machine: Draft, turn: Turn): void {
  const by = turn.now + PROBE_MS;
  if (machine.due <= by) return;
  machine.due = by;
  tell(machine, turn, 'heartbeat', 'ping');
}

function soon(machine: Draft, { now, luck }: Turn): void {
  if (now >= restAt(machine) || machine.offline) return;
  machine.phase = 'waiting';
  machine.due = Math.min(machine.due, now + 1_000 * luck);
}

const place: Handler<'placed'> = ({ wants, streams }, _turn, { positions }) => {
  for (const [project, at] of Object.entries(positions)) {
    const name = `project:${project}`;
    if (wants.includes(ALL) || wants.includes(name)) streams.set(name, placed(streams.get(name) ?? UNKNOWN, at));
  }
};

/** Follow these streams from now on; what is no longer wanted is forgotten. */
const want: Handler<'want'> = (machine, turn, { streams: wants }) => {
  const { streams, wants: before } = machine;
  const of = (names: readonly string[]) => names.map((stream) => ({ stream }));
  const gone = wants.includes(ALL) ? [] : [...before, ...streams.keys()].filter((name) => !wants.includes(name));
  const ended = [...new Set(gone)];
  machine.wants = wants;
  for (const name of ended) if (streams.has(name)) forget(machine, turn, name);
  tellOf(machine, turn, 'unsubscribe', of(ended));
  tellOf(machine, turn, 'subscribe', of(wants.filter((name) => !before.includes(name))));
  if (machine.phase === 'polling') ask(machine, turn);
};

const drifted: Handler<'drift'> = (machine, turn, { stream }) => {
  if (machine.streams.has(stream)) move(machine, turn, stream, restart);
};

const down = {
  connect,
  dispose,
  token: stay,
  frame: stay,
  closed: stay,
  polled: stay,
  unpolled: stay,
  tick: stay,
  offline: stay,
  online: stay,
  hidden: stay,
  wake: stay,
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
  tick: timed((machine, turn) => giveUp(machine, turn, 'silent'), repairs),
  offline: probe,
  online: probe,
  wake: probe,
  placed: stay,
  drift: drifted,
} as const;

/** What each input does in each phase. The type makes it total: a new phase or input without an answer doesn't compile. */
export const TABLE: Table = {
  idle: down,
  connecting: {
    ...down,
    connect: stay,
    token: tokenCame,
    frame: welcomed,
    closed: lost,
    tick: timed((machine, turn) => giveUp(machine, turn, 'unanswered')),
  },
  syncing: up,
  live: up,
  waiting: {
    ...down,
    tick: timed((machine, turn) => attempt(machine, turn, 'connect')),
    offline: rest,
    online: soon,
    wake: soon,
  },
  polling: { ...down, ...POLLING, placed: stay, drift: drifted },
  paused: { ...down, online: soon, wake: soon },
  unauthorized: down,
  failed: down,
  closed: { ...down, dispose: stay },
};
