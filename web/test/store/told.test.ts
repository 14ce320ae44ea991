/** What a new worker tells again is counted and listed once. */
import { expect, test } from 'vitest';
import { Minutes, totalOf } from '../../src/dashboard/minutes.ts';
import { WatchedStore } from '../../src/dashboard/watch.ts';
import { type DataFrame, decode } from '../../src/frames.ts';
import { Told } from '../../src/store/told.ts';
import type { Move } from '../../testing/moves.ts';
import { World } from '../../testing/world.ts';

const NOW = Date.parse('2026-03-01T12:00:30Z');
const moves = (...ids: string[]): Move[] =>
  ids.map((id) => ({ entity: 'task', action: 'create', id, project: 'p', fields: { status: 'todo' } }));

function frames(wires: readonly object[], over: object = {}): readonly DataFrame[] {
  return wires.map((wire) => ({ ...(decode(JSON.stringify(wire)) as DataFrame), ...over }));
}

test('a message that ends where the log was told of before counts once everywhere', () => {
  const store = new WatchedStore();
  const minutes = new Minutes(NOW);
  store.onFrames((fresh, now) => minutes.took(fresh, now));
  const world = new World();
  const first = world.merge(moves('a', 'b'), ['s-1']);
  const second = world.merge(moves('c'), ['s-1']);
  store.apply(frames(first), NOW);
  store.apply(frames(second), NOW);
  store.apply(frames(first, { sequence: 101 }), NOW); // told again by a worker that took over
  store.apply(frames(second, { sequence: 102 }), NOW);
  store.apply(frames(world.merge(moves('d'), ['s-1'])), NOW);
  expect(store.feed.entries.map((entry) => entry.events)).toEqual([4]);
  expect([...store.presence.values()].map((one) => one.events)).toEqual([4]);
  expect(totalOf(minutes.of('p', NOW)).agent).toBe(4);
});

test('all parts of a message share its verdict, and a new epoch counts anew', () => {
  const told = new Told();
  const parts = frames(new World().merge(moves('a', 'b', 'c', 'd'), ['s-1'], 2));
  expect(parts).toHaveLength(2);
  expect(told.fresh(parts)).toHaveLength(2);
  expect(told.fresh(parts)).toHaveLength(0);
  expect(told.fresh(parts.map((frame) => ({ ...frame, epoch: 'e2' })))).toHaveLength(2);
});

test('a snapshot is always let through', () => {
  const world = new World();
  world.change({ entity: 'project', action: 'create', id: 'p', project: 'p', name: 'p' });
  const pages = frames(world.snapshot('p', 1));
  const told = new Told();
  expect(told.fresh([...pages, ...pages])).toHaveLength(2 * pages.length);
});
