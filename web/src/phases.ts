/** Pure: steps that several phases share: trying, waiting, pausing, being welcomed. */
import { backoff, floorOf, meaningOf, RESTART_SPREAD_MS, sentenceOf } from './closing.ts';
import type { Effect, Input, Machine, Moment, Step, TokenWhy } from './connection.ts';
import { startPolling } from './polling.ts';
import { join } from './session.ts';
import { awaiting, parted, type Stream, UNKNOWN } from './streams.ts';

export const CONNECT_MS = 10_000;
export const STABLE_MS = 5_000;

type Of<K extends Input['type']> = Extract<Input, { type: K }>;

export function attempt(machine: Machine, why: TokenWhy, at: Moment): Step {
  const generation = machine.generation + 1;
  const due = at.now + CONNECT_MS;
  const next: Machine = { ...cut(machine), phase: 'connecting', generation, due };
  return [next, [{ type: 'token', generation, why }]];
}

/** Without a connection: what was not shown yet is forgotten, the positions stay. */
export function cut(machine: Machine): Machine {
  const streams = each(machine.streams, parted);
  return { ...machine, streams, subscribed: false, probeBy: null, staleSince: null, polling: null, due: null };
}

export function each(streams: Machine['streams'], move: (stream: Stream) => Stream): Machine['streams'] {
  return new Map([...streams].map(([name, stream]) => [name, move(stream)]));
}

export function welcomed(machine: Machine, input: Of<'frame'>, at: Moment): Step {
  const { frame } = input;
  if (frame.kind !== 'welcome') return [machine, []];
  const next: Machine = {
    ...machine,
    phase: 'syncing',
    reason: '',
    due: null,
    hint: null,
    polling: null,
    lastFrameAt: at.now,
    openedAt: at.now,
    heartbeatMs: frame.heartbeatMs,
    features: frame.features,
    streams: each(machine.streams, (stream) => awaiting(parted(stream), at.now)),
  };
  const hello = join(next).map((text): Effect => ({ type: 'send', frame: text }));
  return [next, [{ type: 'heard', frame }, ...hello, { type: 'ready' }]];
}

export function lost(machine: Machine, input: Of<'closed'>, at: Moment): Step {
  const reason = sentenceOf(input.code, input.reason);
  switch (meaningOf(input.code)) {
    case 'stop':
      return end(machine, 'closed', reason);
    case 'refused':
      return end(machine, 'failed', reason);
    case 'token':
      if (machine.refusedTokens > 0) return end(machine, 'unauthorized', reason);
      return attempt({ ...machine, refusedTokens: 1 }, 'rejected', at);
    case 'anew':
      return wait({ ...machine, streams: each(machine.streams, () => UNKNOWN) }, reason, at, 0);
    case 'restart':
      return restarted(machine, reason, at);
    case 'retry':
      return wait(machine, reason, at, floorOf(input.reason));
  }
}

export function end(machine: Machine, phase: 'closed' | 'failed' | 'unauthorized', reason: string): Step {
  return [{ ...cut(machine), phase, reason }, []];
}

/** Until the next attempt; after the last one, polls. Nothing is tried, and nothing counted, while the device is offline. */
export function wait(machine: Machine, reason: string, at: Moment, floor: number): Step {
  if (machine.offline) return offline(machine);
  const stable = machine.openedAt > 0 && at.now - machine.openedAt >= STABLE_MS && isUp(machine);
  const failures = stable ? 0 : machine.failures;
  const { rules } = machine;
  if (failures >= rules.attempts) return startPolling(cut(machine), reason, at);
  const due = at.now + backoff(rules, failures, at.luck, floor);
  return [{ ...cut(machine), phase: 'waiting', failures: failures + 1, reason, due, openedAt: 0 }, []];
}

/** A planned restart is no failure: come back after the hint, spread, so that not all come at once. */
function restarted(machine: Machine, reason: string, at: Moment): Step {
  const { wait: base, spread } = machine.hint ?? { wait: 0, spread: RESTART_SPREAD_MS };
  const due = at.now + base + spread * at.luck;
  return [{ ...cut(machine), phase: 'waiting', reason, due, openedAt: 0 }, []];
}

export function giveUp(machine: Machine, reason: string, at: Moment): Step {
  const [next, effects] = wait(machine, reason, at, 0);
  return [next, [{ type: 'close', code: 4000 }, ...effects]];
}

export function pause(machine: Machine, reason: string): Step {
  return [{ ...cut(machine), phase: 'paused', reason }, [{ type: 'close', code: 1000 }]];
}

/** What an event says of the device and the page. */
export function noted(machine: Machine, { type }: Input, at: Moment): Machine {
  if (type === 'hidden') return { ...machine, hiddenAt: at.now };
  return type === 'wake' ? { ...machine, hiddenAt: null } : { ...machine, offline: type === 'offline' };
}

export function offline(machine: Machine): Step {
  return pause({ ...machine, offline: true }, 'this device is offline');
}

export function isUp({ phase }: Machine): boolean {
  return phase === 'live' || phase === 'syncing';
}

/** A page that nobody sees for long needs no connection. */
export function asleep({ hiddenAt, rules }: Machine, now: number): boolean {
  return hiddenAt !== null && now >= hiddenAt + rules.hiddenMs;
}

export function dispose(machine: Machine): Step {
  const [next] = end(machine, 'closed', '');
  return [next, [{ type: 'close', code: 1000 }]];
}
