/** What the main thread did is told by frame, in time of a processor. */
import { expect, test } from 'vitest';
import { sumsOf, usedOf } from '../../e2e/trace.ts';

test('what begins in a frame counts there, and nothing outside of the first and the last', () => {
  const timed = [
    [29, 5],
    [10, 1],
    [19, 2],
    [9, 100],
    [20, 4],
    [30, 100],
  ] as const;
  expect(sumsOf(timed, [10, 20, 30])).toEqual([3, 9]);
  expect(sumsOf(timed, [])).toEqual([]);
});

test('only the thread of the mark counts, by the clock of its page', () => {
  const own = { pid: 1, tid: 2 };
  const events = [
    { ...own, name: 'begin', ts: 1_000_000, args: { data: { startTime: 500 } } },
    { ...own, name: 'ThreadControllerImpl::RunTask', ts: 1_001_000, tdur: 3_000 },
    { ...own, name: 'ThreadControllerImpl::RunTask', ts: 1_017_000, tdur: 1_500 },
    { ...own, name: 'TimerFire', ts: 1_017_000, tdur: 1_000 },
    { pid: 1, tid: 3, name: 'ThreadControllerImpl::RunTask', ts: 1_001_000, tdur: 9_000 },
  ];
  expect(usedOf(events, [500, 516, 533], 'begin')).toEqual({ tasks: [1.5, 3], scripts: [1], frames: [3, 1.5] });
  expect(() => usedOf(events, [], 'other')).toThrow('no mark');
});
