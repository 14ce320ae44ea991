/** The connection: total over phases and inputs, exact waits with luck 0, and what each close code leads to. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Input, type Machine, type Phase, START } from '../src/connection.ts';
import { step, TABLE, wakeAt } from '../src/machine.ts';
import { Lab } from '../testing/lab.ts';

const WELCOME = {
  kind: 'welcome',
  heartbeatMs: 25_000,
  user: 'alice',
  features: [],
  limits: { messagesPerSecond: 20, burst: 40 },
} as const;
const INPUTS: readonly Input[] = [
  { type: 'connect' },
  { type: 'dispose' },
  { type: 'token', generation: 1, token: 't' },
  { type: 'token', generation: 1, token: null },
  { type: 'frame', frame: WELCOME },
  { type: 'frame', frame: { kind: 'subscribed', streams: [] } },
  { type: 'frame', frame: { kind: 'unknown' } },
  { type: 'frame', frame: { kind: 'ping', streams: [] } },
  { type: 'frame', frame: { kind: 'goodbye', retryAfterMs: 700, jitterMs: 0 } },
  ...[1000, 1006, 1008, 1012, 1013, 4401, 4403, 4410, 4429, 4999].map(
    (code): Input => ({ type: 'closed', code, reason: '' }),
  ),
  { type: 'tick' },
  { type: 'offline' },
  { type: 'online' },
  { type: 'wake' },
  { type: 'hidden' },
  { type: 'polled', poll: 1, frames: [] },
  ...[0, 401, 403, 404, 410, 503].map(
    (status): Input => ({ type: 'unpolled', poll: 1, status, retryAfterMs: 0, lost: ['project:p1'] }),
  ),
  { type: 'want', streams: ['project:p1'] },
  { type: 'want', streams: ['project:*'] },
  { type: 'placed', positions: { p1: { epoch: 'e', sequence: 4 } } },
  { type: 'drift', stream: 'project:p1' },
];

async function connected(): Promise<Lab> {
  const lab = new Lab();
  lab.world.change({ entity: 'project', action: 'create', id: 'p1', project: 'p1', name: 'One' });
  lab.client.connect();
  await lab.quiet();
  return lab;
}

test('every phase answers every input, and a wait always has an end', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...INPUTS), fc.nat(60_000)), { maxLength: 40 }), (inputs) => {
      let machine: Machine = START;
      let now = 0;
      for (const [input, passed] of inputs) {
        now += passed;
        const poll = machine.polls;
        const asked = {
          ...input,
          ...('generation' in input && { generation: machine.generation }),
          ...('poll' in input && { poll }),
        };
        [machine] = step(machine, asked, { now, luck: 0 });
        expect(Object.keys(TABLE)).toContain(machine.phase);
        const timed: readonly Phase[] = ['connecting', 'waiting', 'syncing', 'live', 'polling'];
        expect(wakeAt(machine) !== null).toBe(timed.includes(machine.phase));
      }
    }),
  );
});

describe('waits', () => {
  test('are 1, 2, 5, 10, 30 seconds when luck is 0; after five attempts polls take over', async () => {
    const lab = new Lab();
    lab.unreachable = true;
    lab.client.connect();
    for (const seconds of [1, 2, 5, 10, 30]) {
      await lab.settle();
      expect(lab.phase).toBe('waiting');
      expect((lab.client.machine.due ?? 0) - lab.time).toBe(seconds * 1_000);
      await lab.advance(seconds * 1_000);
    }
    await lab.settle();
    expect(lab.phase).toBe('polling');
  });

  test('start anew after five seconds of uptime', async () => {
    const lab = await connected();
    lab.cut();
    await lab.advance(1_000);
    await lab.quiet();
    await lab.advance(6_000);
    lab.cut();
    expect((lab.client.machine.due ?? 0) - lab.time).toBe(1_000);
  });

  test('are never shorter than a close reason asks for', async () => {
    const lab = await connected();
    lab.cut(1013, '{"c":"slow_consumer","r":5000}');
    expect((lab.client.machine.due ?? 0) - lab.time).toBe(5_000);
  });

  test('follow the goodbye of a planned restart', async () => {
    const lab = await connected();
    lab.wire?.session?.control('sync', 'goodbye', { retryAfterMs: 700, jitterMs: 0 });
    lab.deliver();
    lab.cut(1012);
    expect((lab.client.machine.due ?? 0) - lab.time).toBe(700);
  });
});

describe('the end of a connection', () => {
  test('a refused token is asked for once more, then a person must sign in', async () => {
    const lab = await connected();
    lab.cut(4401);
    await lab.settle();
    expect([lab.phase, lab.rejections]).toEqual(['connecting', 1]);
    lab.cut(4401);
    expect(lab.phase).toBe('unauthorized');
  });

  test.each([4403, 4406, 4400, 1008])('code %i is not retried', async (code) => {
    const lab = await connected();
    lab.cut(code);
    await lab.advance(120_000);
    expect(lab.phase).toBe('failed');
  });

  test('an unknown code is retried', async () => {
    const lab = await connected();
    lab.cut(4777);
    expect(lab.phase).toBe('waiting');
  });

  test('silence for a heartbeat and ten seconds is an end, by the clock and not by ticks', async () => {
    const lab = await connected();
    const last = lab.client.machine.lastFrameAt;
    await lab.advance(34_000);
    expect(lab.phase).toBe('live');
    await lab.advance(1_500);
    expect(lab.time - last).toBeGreaterThanOrEqual(35_000);
    expect(lab.phase).toBe('waiting');
  });

  test('a page that woke up asks, and drops a socket that does not answer', async () => {
    const lab = await connected();
    lab.client.input({ type: 'wake' });
    expect(lab.script.heard.at(-1)).toMatchObject({ type: 'heartbeat', payload: { action: 'ping' } });
    lab.wire?.inbox.splice(0);
    await lab.advance(3_000);
    expect(lab.phase).toBe('waiting');
  });
});

test('after a cut the client asks for what came after its position, and shows no snapshot', async () => {
  const lab = await connected();
  lab.world.change({ entity: 'task', action: 'create', id: 't1', project: 'p1', fields: {} });
  lab.deliver();
  const before = lab.client.machine.streams.get('project:p1')?.position;
  lab.cut();
  lab.world.change({ entity: 'task', action: 'create', id: 't2', project: 'p1', fields: {} });
  let replaced = 0;
  lab.store.onReplaced(() => {
    replaced += 1;
  });
  await lab.quiet();
  const subscribe = lab.script.heard.findLast((frame) => frame.type === 'sync');
  expect(subscribe).toMatchObject({
    payload: {
      data: { streams: [{ stream: 'project:p1', since: { epoch: 'e1', sequence: before } }, { stream: 'project:*' }] },
    },
  });
  expect(replaced).toBe(0);
  expect(lab.store.rows.project('p1')?.total_tasks).toBe(2);
});

test('a server that is cut off from its source shows as stale until it is live again', async () => {
  const lab = await connected();
  lab.wire?.session?.control('sync', 'stale', { since: 5, reason: 'broker' });
  lab.deliver();
  expect(lab.client.machine.staleSince).toBe(5);
  lab.wire?.session?.control('sync', 'live', {});
  lab.deliver();
  expect(lab.client.machine.staleSince).toBeNull();
});
