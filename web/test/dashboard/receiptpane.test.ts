/** What a receipt says of a row. */
import { expect, test } from 'vitest';
import { wordsOf } from '../../src/dashboard/receiptpane.ts';

const ROW = {
  project_id: 'p',
  entity: 'task',
  id: 't',
  title: 'T',
  effects: ['completed'],
  undo: 'patch',
  left: null,
  changed_by: [],
};

test('what became of it, and why it stays', () => {
  expect(wordsOf(ROW)).toBe('completed');
  const left = { ...ROW, entity: 'branch', undo: null, left: 'somebody else changed it since' };
  expect(wordsOf({ ...left, changed_by: [{ source: 'user', user_id: 'ann' }] })).toBe(
    '(branch) completed — stays: somebody else changed it since (ann)',
  );
  expect(wordsOf({ ...left, changed_by: [] })).toBe('(branch) completed — stays: somebody else changed it since');
});
