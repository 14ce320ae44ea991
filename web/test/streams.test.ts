/** The client rule: drop, apply, hold and repair; parts count when all are there. */
import { expect, test } from 'vitest';
import type { DataFrame } from '../src/frames.ts';
import { HOLD, joined, overdue, pinged, receive, type Stream, UNKNOWN } from '../src/streams.ts';

const AT: Stream = { ...UNKNOWN, epoch: 'e', position: 10, status: 'live' };

function frame(sequence: number, prev: number, more: Partial<DataFrame> = {}): DataFrame {
  const fixed = {
    stream: 'project:p',
    epoch: 'e',
    timestamp: 0,
    changes: [],
    cascade: {},
    delta: null,
    changed: [],
    metadata: {},
  };
  return { kind: 'update', id: `m${sequence}`, sequence, prev, part: 1, parts: 1, ...fixed, ...more };
}

test('a frame at or below the position is dropped', () => {
  expect(receive(AT, frame(10, 9), 0)).toMatchObject({ apply: [], ask: null, stream: { position: 10 } });
});

test('a frame whose predecessor is known is applied, whatever lies between', () => {
  expect(receive(AT, frame(17, 10), 0)).toMatchObject({ apply: [{ sequence: 17 }], stream: { position: 17 } });
});

test('a gap holds the frame and asks once; the missing frame lets it through', () => {
  const held = receive(AT, frame(13, 12), 0);
  expect(held).toMatchObject({ apply: [], ask: 'resume' });
  const more = receive(held.stream, frame(14, 13), 0);
  expect(more.ask).toBeNull();
  const healed = receive(more.stream, frame(12, 10), 0);
  expect(healed.apply.map((one) => one.sequence)).toEqual([12, 13, 14]);
  expect(healed.stream).toMatchObject({ held: [], repair: null, status: 'live' });
});

test('too many held frames, or a repair that takes five seconds, end in a snapshot', () => {
  let stream = AT;
  let ask = null as string | null;
  for (let i = 0; i <= HOLD; i += 1) {
    const receipt = receive(stream, frame(100 + i, 99 + i), 0);
    stream = receipt.stream;
    ask = receipt.ask ?? ask;
  }
  expect(ask).toBe('snapshot');
  expect(stream.held).toEqual([]);
  expect(overdue(receive(AT, frame(13, 12), 0).stream, 5_000).ask).toBe('snapshot');
});

test('a frame in parts shows when its last part is there, and moves the position only then', () => {
  const first = receive(AT, frame(11, 10, { kind: 'merged', part: 1, parts: 2 }), 0);
  expect(first).toMatchObject({ apply: [], stream: { position: 10 } });
  const second = receive(first.stream, frame(12, 11, { kind: 'merged', part: 2, parts: 2 }), 0);
  expect(second.apply).toHaveLength(2);
  expect(second.stream).toMatchObject({ position: 12, parts: [] });
});

test('a snapshot in pages is applied when all pages are there', () => {
  const page = (part: number) => frame(20, 20, { kind: 'snapshot', part, parts: 2 });
  const first = receive(UNKNOWN, page(2), 0);
  expect(first.apply).toEqual([]);
  const second = receive(first.stream, page(1), 0);
  expect(second.apply.map((one) => one.part)).toEqual([1, 2]);
  expect(second.stream).toMatchObject({ position: 20, epoch: 'e', status: 'live' });
});

test('a frame of another epoch waits for a snapshot', () => {
  expect(receive(AT, frame(1, 0, { epoch: 'f' }), 0)).toMatchObject({ apply: [], ask: 'snapshot' });
});

test('a recovered stream is live when its replayed frames are in', () => {
  const answer = { stream: 'project:p', status: 'recovered', epoch: 'e', sequence: 12, replayed: 2 };
  const at = joined({ ...AT, status: 'joining' }, answer, 0).stream;
  expect(at.status).toBe('joining');
  const first = receive(at, frame(11, 10), 0).stream;
  expect(receive(first, frame(12, 11), 0).stream.status).toBe('live');
});

test('a heartbeat moves the position of a quiet stream, never of one in repair', () => {
  expect(pinged(AT, { epoch: 'e', sequence: 40 }, 0).stream.position).toBe(40);
  const repairing = receive(AT, frame(13, 12), 0).stream;
  expect(pinged(repairing, { epoch: 'e', sequence: 40 }, 0).stream.position).toBe(10);
});
