/** Changes per minute: told windows and seen frames are laid over each other, and nothing counts twice. */
import { expect, test } from 'vitest';
import { wordsOf } from '../../src/dashboard/chart.ts';
import { Minutes, SPAN, totalOf } from '../../src/dashboard/minutes.ts';
import { type DataFrame, decode } from '../../src/frames.ts';
import type { ActivityRow } from '../../src/types.ts';
import { World } from '../../testing/world.ts';

const NOW = Date.parse('2026-03-01T12:00:30Z');
const MINUTE = 60_000;

function row(minute: string, sources: Readonly<Record<string, number>>): ActivityRow {
  return { id: `sun-${minute}`, minute: `2026-03-01T${minute}:00.000Z`, project_id: 'p', stamp: 1, events: 0, sources };
}

function burst(count: number): readonly DataFrame[] {
  const moves = Array.from({ length: count }, (_, index) => {
    return { entity: 'task', action: 'create', id: `t${index}`, project: 'p', fields: { status: 'todo' } } as const;
  });
  return new World().merge(moves, ['s-1']).map((wire) => decode(JSON.stringify(wire)) as DataFrame);
}

test('a minute that was told and seen counts once, the higher of both', () => {
  const minutes = new Minutes(NOW);
  minutes.load([row('12:00', { 'mcp-ai': 3, user: 1 }), row('11:30', { user: 2 })]);
  minutes.took(burst(5), NOW);
  const hour = minutes.of('p', NOW);
  expect(hour).toHaveLength(SPAN);
  expect(hour.at(-1)).toEqual({ person: 1, agent: 5, system: 0 });
  expect(hour.at(-31)).toEqual({ person: 2, agent: 0, system: 0 });
  expect(totalOf(minutes.all(['p', 'unknown'], NOW))).toEqual({ person: 3, agent: 5, system: 0 });
});

test('what is older than an hour is not counted, and a snapshot is no change', () => {
  const minutes = new Minutes(NOW);
  minutes.took(burst(2), NOW - 61 * MINUTE);
  const world = new World();
  world.change({ entity: 'project', action: 'create', id: 'p', project: 'p', name: 'p' });
  minutes.took(
    world.snapshot('p', 1).map((wire) => decode(JSON.stringify(wire)) as DataFrame),
    NOW,
  );
  expect(totalOf(minutes.of('p', NOW))).toEqual({ person: 0, agent: 0, system: 0 });
});

test('without windows the page says from when on it counts, until it has the whole hour', () => {
  const minutes = new Minutes(NOW);
  expect(minutes.since(NOW)).toBe(NOW);
  expect(minutes.since(NOW + 60 * MINUTE)).toBeNull();
  minutes.load([]);
  expect(minutes.since(NOW)).toBeNull();
});

test('the words name who did something only', () => {
  expect(wordsOf({ person: 0, agent: 1_204, system: 0 })).toBe(`${(1_204).toLocaleString()} by agents`);
  expect(wordsOf({ person: 0, agent: 0, system: 0 })).toBe('no changes');
});

test('an hour in which nothing changed is the same list, and a change or a minute makes another', () => {
  const minutes = new Minutes(NOW);
  const hour = minutes.of('p', NOW);
  expect(minutes.of('p', NOW + 1_000)).toBe(hour);
  expect(minutes.of('p', NOW + MINUTE)).not.toBe(hour);
  minutes.took(burst(2), NOW);
  expect(totalOf(minutes.of('p', NOW)).agent).toBe(2);
  minutes.load([row('12:00', { user: 3 })]);
  expect(totalOf(minutes.of('p', NOW)).person).toBe(3);
});
