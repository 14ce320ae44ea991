/** The wire: what is read of the documented frames, what is sent, and that nonsense is never fatal. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decode, rowsOf } from '../src/frames.ts';
import { encode, update, uuid7 } from '../src/outbound.ts';

const REFERENCE = new URL('../../docs/reference/protocol.md', import.meta.url);

test('every frame that the reference shows is understood', () => {
  const text = readFileSync(REFERENCE, 'utf8');
  const section = text.slice(text.indexOf('## From the edge'), text.indexOf('## From the client'));
  const block = /```json\n([\s\S]*?)```/.exec(section)?.[1] ?? '';
  const frames = block
    .split(/\n(?=\{"sequence")/)
    .map((frame) => decode(frame.replaceAll(/\n\s*/g, '')).kind)
    .filter((kind) => kind !== undefined);
  expect(frames).toEqual(
    expect.arrayContaining(['welcome', 'subscribed', 'snapshot', 'update', 'merged', 'ack', 'error', 'ping']),
  );
  expect(frames).not.toContain('unknown');
});

test('anything else is unknown, never an exception', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      expect(typeof decode(text).kind).toBe('string');
    }),
  );
});

test('ancestors come before the changed row, so that a tombstone finds its children', () => {
  const row = (id: string) => ({ id, project_id: 'p', stamp: 1 });
  const payload = {
    entity: 'task',
    action: 'patch',
    data: { primary: row('t'), cascade: { branches: [row('b')], projects: [row('p')] } },
  };
  const frame = decode(
    JSON.stringify({ type: 'update', id: 'm', sequence: 1, prev: 0, epoch: 'e', stream: 'project:p', payload }),
  );
  expect(frame.kind === 'update' && rowsOf(frame).map(([kind]) => kind)).toEqual(['project', 'branch', 'task']);
});

test('a change names only its fields and carries its key', () => {
  const frame = update({ entity: 'task', action: 'patch', id: 't', projectId: 'p', fields: { status: 'done' } });
  expect(JSON.parse(encode(frame, 'the-id'))).toMatchObject({
    id: 'the-id',
    type: 'update',
    stream: 'project:p',
    payload: { entity: 'task', action: 'patch', data: { primary: { id: 't', project_id: 'p', status: 'done' } } },
    metadata: { correlationId: 'the-id' },
  });
});

test('ids are UUIDv7 that sort by time', () => {
  const zero = (bytes: Uint8Array) => bytes.fill(0xff);
  const id = uuid7(0x0199c0de0001, zero);
  expect(id).toMatch(/^0199c0de-0001-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuid7(2, zero) < uuid7(3, zero)).toBe(true);
});
