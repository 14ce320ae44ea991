/** The areas of a burn-down and what they say. */
import { expect, test } from 'vitest';
import { areasOf, dayOf, HIGH, saidOf, timeOf, WIDE } from '../../src/dashboard/burndown.ts';

const POINT = { at: '2026-01-01', total: 4, completed: 0, in_progress: 1, open: 4 };
const POINTS = [POINT, { ...POINT, at: '2026-01-03', completed: 3, open: 1 }];
const END = timeOf('2026-01-05');

test('each count holds until the next one, and the last one until now', () => {
  const { line, done, top } = areasOf(POINTS, END);
  expect(top).toBe(4);
  expect(line).toBe(`M0 0L${WIDE / 2} 0L${WIDE / 2} 0L${WIDE} 0`);
  expect(done).toBe(`M0 ${HIGH}L320 ${HIGH}L320 60L640 60L640 240L320 240L320 240L0 240Z`);
});

test('areas stand on each other and end where open and done end', () => {
  const { progress, rest } = areasOf(POINTS, END);
  expect(progress.startsWith('M0 180L320 180L320 0L640 0')).toBe(true);
  expect(rest.startsWith('M0 0L320 0L320 0L640 0')).toBe(true);
});

test('one moment, and none at all, can be drawn', () => {
  expect(areasOf([POINT], timeOf(POINT.at)).line).not.toContain('NaN');
  expect(areasOf([], END)).toEqual({ done: '', progress: '', rest: '', line: '', top: 1 });
});

test('it says the same in words, and when the past is not whole', () => {
  const answer = { project_id: 'p', branch_id: null, by: 'day', points: POINTS, complete: false } as const;
  expect(saidOf(answer)).toBe(
    'From 2026-01-01 to 2026-01-03; open 4 at first, 4 at most (2026-01-01), 1 now; done 3 of 4. ' +
      'What came before is not in the log any more.',
  );
  expect(saidOf({ ...answer, points: [] })).toBe('Nothing is known of the past.');
  expect(dayOf('2026-01-01T07')).toBe('2026-01-01 07:00');
});
