/** Pure: what frames mean for the streams of an open connection, or of a long-poll. */
import { type Draft, type Machine, NEVER, type Turn } from './connection.ts';
import type { Joined, ServerFrame } from './frames.ts';
import type { Bag, Outbound, Want } from './outbound.ts';
import { joined, pinged, type Receipt, receive, reset, type Stream, UNKNOWN } from './streams.ts';

type Beat = Extract<ServerFrame, { kind: 'ping' | 'pong' }>;

/** Every project that the user may read, now and later. */
export const ALL = 'project:*';
/** The most streams that one frame may name. */
export const NAMED = 64;

/**
 * What to ask for: by its place what is known, the rest comes as snapshots. Beside `project:*` at most `most` are named, it
 * included; those that are not come as snapshots too.
 */
export function placesOf({ wants, streams }: Machine, most = NEVER): readonly Want[] {
  if (!wants.includes(ALL)) return wants.map((name) => placeOf(name, streams.get(name)));
  const known = Array.from(streams, ([name, stream]) => placeOf(name, stream)).filter(({ since }) => since);
  return [...known.slice(0, most - 1), { stream: ALL }];
}

function placeOf(stream: string, { epoch, position: sequence, repair }: Stream = UNKNOWN): Want {
  return sequence < 0 || repair?.ask === 'snapshot' ? { stream } : { stream, since: { epoch, sequence } };
}

export function isUp({ phase }: Pick<Machine, 'phase'>): boolean {
  return phase === 'live' || phase === 'syncing';
}

/** Send a frame, when there is a connection to take it. */
export function tell(machine: Draft, { effects }: Turn, type: Outbound['type'], action: string, data?: Bag): void {
  if (isUp(machine)) effects.push(['send', { type, payload: { action, data } }]);
}

/** The same action on many streams, in frames that name no more than they may. */
export function tellOf(machine: Draft, turn: Turn, action: string, streams: readonly Want[]): void {
  for (let from = 0; from < streams.length; from += NAMED)
    tell(machine, turn, 'sync', action, { streams: streams.slice(from, from + NAMED) });
}

/** Move a stream, and see to what it shows and asks for. */
export function move(machine: Draft, turn: Turn, name: string, of: (stream: Stream, now: number) => Receipt): void {
  const { stream, apply, ask } = of(machine.streams.get(name) ?? UNKNOWN, turn.now);
  machine.streams.set(name, stream);
  turn.shown.push(...apply);
  if (ask === 'snapshot') turn.anew.push({ stream: name });
  else if (ask !== null) tellOf(machine, turn, ask, [placeOf(name, stream)]);
}

export function forget(machine: Draft, { effects }: Turn, stream: string): void {
  machine.streams.delete(stream);
  effects.push(['forget', stream]);
}

export function onFrame(machine: Draft, turn: Turn, frame: ServerFrame): void {
  const { now, effects } = turn;
  switch (frame.kind) {
    case 'update':
    case 'merged':
    case 'snapshot':
      move(machine, turn, frame.stream, (stream) => receive(stream, frame, now));
      break;
    case 'subscribed':
      machine.subscribed = true;
      for (const answer of frame.streams) onJoined(machine, turn, answer);
      break;
    case 'unsubscribed':
      for (const { stream } of frame.streams) forget(machine, turn, stream);
      break;
    case 'reset':
      move(machine, turn, frame.stream, (stream) => reset(stream, now));
      break;
    case 'stale':
      machine.staleSince = frame.since ?? 0;
      break;
    case 'live':
      machine.staleSince = null;
      break;
    case 'goodbye':
      machine.hint = frame;
      break;
    case 'token-expiring':
      effects.push(['token', machine.generation, 'expiring']);
      break;
    case 'ping':
      tell(machine, turn, 'heartbeat', 'pong');
      onBeat(machine, turn, frame);
      break;
    case 'pong':
      onBeat(machine, turn, frame);
      break;
    default:
      effects.push(['heard', frame]);
  }
}

function onJoined(machine: Draft, turn: Turn, answer: Joined): void {
  const { stream: name, status } = answer;
  if (name === ALL) return;
  if (status === 'error') forget(machine, turn, name);
  else move(machine, turn, name, (stream) => joined(stream, answer, turn.now));
}

function onBeat(machine: Draft, turn: Turn, frame: Beat): void {
  for (const place of frame.streams)
    if (machine.streams.has(place.stream))
      move(machine, turn, place.stream, (stream) => pinged(stream, place, turn.now));
  turn.effects.push(['heard', frame]);
}
