/** The feed and who is at work: a burst is one line, a person's change its own, a repeated frame counts once. */
import { expect, test } from 'vitest';
import { sentenceOf } from '../../src/dashboard/activity.ts';
import { type DataFrame, decode } from '../../src/frames.ts';
import { EMPTY, fed, whoOf } from '../../src/store/feed.ts';
import { AWAY_MS, gone, present } from '../../src/store/presence.ts';
import { Store } from '../../src/store/store.ts';
import type { Move } from '../../testing/moves.ts';
import { World } from '../../testing/world.ts';

const title = (_entity: string, row: { id: string }) => row.id;
const create = (id: string): Move => ({
  entity: 'task',
  action: 'create',
  id,
  project: 'p',
  fields: { status: 'todo' },
});

function frames(wires: readonly object[]): readonly DataFrame[] {
  return wires.map((wire) => decode(JSON.stringify(wire)) as DataFrame);
}

test('windows of one agent that follow each other are one line that counts things once', () => {
  const world = new World();
  const first = frames(world.merge([create('a'), create('b')], ['s-12']));
  const second = frames(world.merge([create('b'), create('c'), create('d')], ['s-12']));
  const feed = fed(fed(EMPTY, first, title, 1_000), second, title, 2_000);
  expect(feed.entries).toHaveLength(1);
  expect(feed.entries[0]).toMatchObject({ burst: true, events: 5, things: 4 });
  expect(feed.entries[0]?.parts.find((part) => part.text === 'b')?.times).toBe(2);
  expect(sentenceOf(feed.entries[0] as never)).toBe('5 changes to 4 tasks');
});

test('a burst in parts is one line with all its events', () => {
  const parts = frames(new World().merge(['a', 'b', 'c', 'd'].map(create), ['s-1'], 2));
  expect(parts).toHaveLength(2);
  expect(fed(EMPTY, parts, title, 0).entries[0]).toMatchObject({ events: 4, things: 4 });
});

test('who did it has a name, also where only a session or only a user is known', () => {
  const names = [
    { source: 'mcp-ai', session_id: 's-1', user_id: 'ann' },
    { source: 'mcp-ai', user_id: 'helper[bot]' },
    { source: 'user', user_id: 'ann', session_id: 'tab' },
    { source: 'user', session_id: 'Ada Lovelace' },
    { source: 'system', session_id: 'agenthub' },
    { source: 'system' },
  ].map((origin) => whoOf(origin).name);
  expect(names).toEqual(['s-1', 'helper[bot]', 'ann', 'Ada Lovelace', 'agenthub', 'system']);
});

test('a person is named and never joined with an agent', () => {
  const world = new World();
  const agent = frames(world.merge([create('a')], ['s-1']));
  const person = [
    world.change({ entity: 'task', action: 'patch', id: 'a', project: 'p', fields: { status: 'done' } }) ?? {},
  ];
  const feed = fed(fed(EMPTY, agent, title, 0), frames(person), title, 1);
  expect(feed.entries.map((entry) => entry.who[0]?.kind)).toEqual(['person', 'agent']);
  expect(sentenceOf(feed.entries[0] as never)).toBe('changed “a”: done');
});

test('a frame that comes again is not told again', () => {
  const store = new Store();
  const once = frames(new World().merge([create('a'), create('b')], ['s-1']));
  store.apply(once, 0);
  store.apply(once, 1);
  expect(store.feed.entries[0]?.events).toBe(2);
});

test('who did nothing for five minutes is not at work', () => {
  const here = present(new Map(), frames(new World().merge([create('a')], ['s-1', 's-2'])), 0);
  expect([...here.values()].map((one) => one.name)).toEqual(['s-1', 's-2']);
  expect(gone(here, AWAY_MS).size).toBe(0);
});
