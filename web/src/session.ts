/** Pure: what frames mean for the streams of an open connection. */

import type { Effect, Machine, Step } from './connection.ts';
import type { DataFrame, Joined, ServerFrame } from './frames.ts';
import { beat, type Outbound, resume, subscribe, type Want } from './outbound.ts';
import { joined, overdue, pinged, type Receipt, receive, reset, restart, type Stream, UNKNOWN } from './streams.ts';

/** Every project that the user may read, now and later. */
export const ALL = 'project:*';
/** The most streams that one subscribe frame may name. */
export const NAMED = 64;

/** What to subscribe to, in frames: by position what is known already; the rest comes as snapshots. */
export function join({ wants, streams }: Machine): readonly Outbound[] {
  const all = wants.includes(ALL);
  const names = all ? [...streams.keys()].filter((name) => at(streams, name).position >= 0) : wants;
  const places = names.map((name) => placeOf(name, at(streams, name)));
  if (!all) return chunks(places).map(subscribe);
  // What is named beside or before `project:*` is joined by its place: so many fit into a frame, and so many come before it.
  const first = places.length < NAMED ? [] : places.slice(0, NAMED);
  const rest = [...places.slice(first.length, first.length + NAMED - 1), { stream: ALL }];
  return (first.length > 0 ? [first, rest] : [rest]).map(subscribe);
}

export function placeOf(stream: string, { epoch, position: sequence }: Stream): Want {
  return sequence < 0 ? { stream } : { stream, since: { epoch, sequence } };
}

export function chunks<T>(list: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(list.length / NAMED) }, (_, i) => list.slice(i * NAMED, (i + 1) * NAMED));
}

function at(streams: ReadonlyMap<string, Stream>, name: string): Stream {
  return streams.get(name) ?? UNKNOWN;
}

export function onFrame(machine: Machine, frame: ServerFrame, now: number): Step {
  switch (frame.kind) {
    case 'update':
    case 'merged':
    case 'snapshot':
      return onData(machine, frame, now);
    case 'subscribed':
      return onSubscribed(machine, frame.streams, now);
    case 'unsubscribed':
      return forget(
        machine,
        frame.streams.map(({ stream }) => stream),
      );
    case 'reset':
      return [withStream(machine, frame.stream, reset(at(machine.streams, frame.stream), now)), []];
    case 'stale':
      return [{ ...machine, staleSince: frame.since ?? 0 }, []];
    case 'live':
      return [{ ...machine, staleSince: null }, []];
    case 'goodbye':
      return [{ ...machine, hint: { wait: frame.retryAfterMs, spread: frame.jitterMs } }, []];
    case 'token-expiring':
      return [machine, [{ type: 'token', generation: machine.generation, why: 'expiring' }]];
    case 'ping':
    case 'pong':
      return onBeat(machine, frame, now);
    default:
      return [machine, [{ type: 'heard', frame }]];
  }
}

/** Streams whose repair took too long start anew. */
export function overdueStreams(machine: Machine, now: number): Step {
  return fold(machine, [...machine.streams.keys()], (stream) => overdue(stream, now));
}

export function restartStream(machine: Machine, name: string, now: number): Step {
  return machine.streams.has(name) ? fold(machine, [name], (stream) => restart(stream, now)) : [machine, []];
}

function onData(machine: Machine, frame: DataFrame, now: number): Step {
  return fold(machine, [frame.stream], (stream) => receive(stream, frame, now));
}

function onSubscribed(machine: Machine, answers: readonly Joined[], now: number): Step {
  let next: Machine = { ...machine, subscribed: true };
  const effects: Effect[] = [];
  for (const answer of answers.filter((one) => one.stream !== ALL)) {
    const [after, more] =
      answer.status === 'error'
        ? forget(next, [answer.stream])
        : fold(next, [answer.stream], (stream) => joined(stream, answer, now));
    next = after;
    effects.push(...more);
  }
  return [next, effects];
}

function onBeat(machine: Machine, frame: Extract<ServerFrame, { kind: 'ping' | 'pong' }>, now: number): Step {
  const places = new Map((frame.streams ?? []).map((place) => [place.stream, place]));
  const known = [...places.keys()].filter((name) => machine.streams.has(name));
  const [next, effects] = fold(machine, known, (stream, name) => {
    const place = places.get(name);
    return place === undefined ? { stream, apply: [], ask: null } : pinged(stream, place, now);
  });
  const answer: readonly Effect[] = frame.kind === 'ping' ? [{ type: 'send', frame: beat('pong') }] : [];
  return [next, [...answer, ...effects, { type: 'heard', frame }]];
}

export function forget(machine: Machine, names: readonly string[]): Step {
  const streams = new Map(machine.streams);
  for (const name of names) streams.delete(name);
  return [{ ...machine, streams }, names.map((stream) => ({ type: 'forget', stream }))];
}

function fold(machine: Machine, names: readonly string[], move: (stream: Stream, name: string) => Receipt): Step {
  const streams = new Map(machine.streams);
  const effects: Effect[] = [];
  const anew: Want[] = [];
  for (const name of names) {
    const receipt = move(streams.get(name) ?? UNKNOWN, name);
    streams.set(name, receipt.stream);
    if (receipt.apply.length > 0) effects.push({ type: 'apply', frames: receipt.apply });
    if (receipt.ask === 'snapshot') anew.push({ stream: name });
    if (receipt.ask === 'resume') {
      const since = { epoch: receipt.stream.epoch, sequence: receipt.stream.position };
      effects.push({ type: 'send', frame: resume(name, since) });
    }
  }
  for (const group of chunks(anew)) effects.push({ type: 'send', frame: subscribe(group) });
  return [{ ...machine, streams }, effects];
}

function withStream(machine: Machine, name: string, stream: Stream): Machine {
  return { ...machine, streams: new Map(machine.streams).set(name, stream) };
}
