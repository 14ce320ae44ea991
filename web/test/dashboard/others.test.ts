/** What others did here is said once and quietly: people only, not oneself, and only of the branch in sight. */
import { expect, test } from 'vitest';
import { type Note, noted, SHOWN_MS } from '../../src/dashboard/others.ts';
import type { DataFrame } from '../../src/frames.ts';

const HERE = { me: 'me', choice: { projectId: 'p', branchId: 'b' } };

function frame(who: string, id: string, more: Partial<DataFrame> = {}, branch = 'b'): DataFrame {
  const row = {
    id,
    project_id: 'p',
    branch_id: branch,
    title: `Task ${id}`,
    status: 'done',
    priority: 'low',
    stamp: 1,
  };
  return {
    kind: 'update',
    changes: [{ entity: 'task', action: 'patch', row }],
    delta: { status: 'in_progress' },
    metadata: { source: 'user', userId: who },
    ...more,
  } as unknown as DataFrame;
}

function after(frames: readonly DataFrame[], before: Note | null = null, now = 0): string | null {
  return noted(before, frames, HERE, now)?.text ?? null;
}

test('one change is told by its name, more of the same person are counted', () => {
  expect(after([frame('boris', '1')])).toBe('boris set “Task 1” to in progress');
  expect(after([frame('boris', '1', { delta: { priority: 'high' } })])).toBe('boris made “Task 1” high');
  expect(after([frame('boris', '1', { delta: { title: 'x' } })])).toBe('boris renamed a task to “Task 1”');
  expect(after([frame('boris', '1', { delta: { labels: [] } })])).toBe('boris changed “Task 1”');
  expect(after([frame('boris', '1'), frame('boris', '2'), frame('boris', '1')])).toBe('boris changed 2 tasks here');
  expect(after([frame('boris', '1'), frame('alice', '2')])).toBe('alice set “Task 2” to in progress');
});

test('own changes, agents’ ones and those elsewhere say nothing', () => {
  expect(after([frame('me', '1')])).toBeNull();
  expect(after([frame('boris', '1', { metadata: { source: 'mcp-ai', userId: 'boris' } })])).toBeNull();
  expect(after([frame('boris', '1', {}, 'other')])).toBeNull();
});

test('a note ends by itself', () => {
  const note = noted(null, [frame('boris', '1')], HERE, 0);
  expect(noted(note, [], HERE, SHOWN_MS - 1)).toBe(note);
  expect(noted(note, [], HERE, SHOWN_MS)).toBeNull();
});
