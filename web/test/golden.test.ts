/** The client rule, case by case: the very file that the tests of the server side run. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { DataFrame } from '../src/frames.ts';
import { pinged, type Receipt, receive, type Stream, UNKNOWN } from '../src/streams.ts';

interface Head {
  readonly sequence: number;
  readonly prev?: number;
  readonly epoch?: string;
  readonly part?: number;
  readonly parts?: number;
}

interface Step {
  readonly frame?: Head;
  readonly snapshot?: Head;
  readonly ping?: Head;
  readonly apply: readonly number[];
  readonly position: number;
  readonly ask: string | null;
}

const FILE = new URL('../../tests/golden/client_rule.jsonl', import.meta.url);
const CASES = readFileSync(FILE, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as { law: string; steps: readonly Step[] });

function frameOf(head: Head, kind: DataFrame['kind']): DataFrame {
  const fixed = { stream: 'project:p', timestamp: 0, changes: [], cascade: {}, delta: null, changed: [], metadata: {} };
  const { sequence, prev = sequence, epoch = 'e', part = 1, parts = 1 } = head;
  return { ...fixed, id: `m${sequence}`, kind, sequence, prev, epoch, part, parts };
}

function taken(stream: Stream, { frame, snapshot, ping }: Step): Receipt {
  if (frame !== undefined) return receive(stream, frameOf(frame, frame.parts ? 'merged' : 'update'), 0);
  if (snapshot !== undefined) return receive(stream, frameOf(snapshot, 'snapshot'), 0);
  return pinged(stream, { epoch: ping?.epoch ?? 'e', sequence: ping?.sequence ?? 0 }, 0);
}

test.each(CASES)('$law', ({ steps }) => {
  let stream: Stream = { ...UNKNOWN, epoch: 'e', position: 10, status: 'live' };
  for (const step of steps) {
    const receipt = taken(stream, step);
    stream = receipt.stream;
    const shown = receipt.apply.filter(({ kind, part }) => kind !== 'snapshot' || part === 1);
    expect({ apply: shown.map(({ sequence }) => sequence), position: stream.position, ask: receipt.ask }).toEqual({
      apply: step.apply,
      position: step.position,
      ask: step.ask,
    });
  }
});
