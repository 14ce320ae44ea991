/** The badge: one word per state that does not change with the clock, and how old what one sees is. */
import { expect, test } from 'vitest';
import { START } from '../../src/connection.ts';
import { badgeOf } from '../../src/dashboard/badge.ts';

const NOW = 1_000_000;

function badge(phase: string, more: object = {}, asOf: number | null = NOW - 65_000, waiting = 0) {
  const machine = { ...START, reason: 'the server went away', ...more, phase } as typeof START;
  const { kind, word, more: rest } = badgeOf({ machine, asOf, waiting, now: NOW });
  return [kind, word, rest.replace(/as of [^·]+/, 'as of T ').trim()];
}

test('every state has its word, and says since when nothing new came', () => {
  expect(badge('live')).toEqual(['live', 'Live', 'as of T']);
  expect(badge('live', { staleSince: NOW - 65_000 })).toEqual(['stale', 'Stale', 'as of T · 1 min old']);
  expect(badge('syncing')).toEqual(['busy', 'Catching up', 'as of T · 1 min old']);
  expect(badge('connecting', {}, null)).toEqual(['busy', 'Connecting', '']);
  expect(badge('waiting', { due: NOW + 4_200 })).toEqual(['off', 'Retrying', 'in 5 s · as of T · 1 min old']);
  expect(badge('polling')).toEqual(['polling', 'Polling', 'as of T']);
  expect(badge('polling', { staleSince: NOW - 65_000 })).toEqual(['stale', 'Stale', 'as of T · 1 min old']);
  expect(badge('paused')).toEqual(['off', 'Offline', 'as of T · 1 min old']);
  expect(badge('unauthorized')[1]).toBe('Sign in');
  expect(badge('failed', {}, null)).toEqual(['bad', 'Failed', 'the server went away']);
  expect(badge('idle', {}, null)).toEqual(['busy', 'Loading', '']);
  expect(badge('closed', {}, null)).toEqual(['off', 'Not connected', '']);
});

test('a server that is behind says itself up to when it showed everything, to a new page and to one that hears frames', () => {
  const since = NOW - 130_000;
  const words = ['stale', 'Stale', 'as of T · 2 min old'];
  for (const asOf of [null, NOW - 1_000]) expect(badge('live', { staleSince: since }, asOf)).toEqual(words);
  expect(badge('live', { staleSince: NOW + 9_000 })[2]).toBe('as of T · 0 s old');
  expect(badge('live', { staleSince: 0 })[2]).toBe('as of T · 1 min old');
});

test('the tip says since when too, for those who listen', () => {
  const machine = { ...START, phase: 'live', staleSince: NOW - 5_000 } as typeof START;
  const tip = (now: number) => badgeOf({ machine, asOf: null, waiting: 0, now }).title;
  expect(tip(NOW)).toMatch(/goes on by itself · as of ./);
  expect(tip(NOW + 60_000)).toBe(tip(NOW));
});

test('own changes that wait for a connection are counted', () => {
  expect(badge('waiting', { due: NOW + 4_200 }, null, 2)[2]).toBe('2 changes wait · in 5 s');
  expect(badge('paused', {}, null, 1)[2]).toBe('1 change waits');
  expect(badge('live', {}, NOW, 1)[2]).toBe('as of T');
});
