/** What was before the page: told from the rows that changed last. */
import { expect, test } from 'vitest';
import { atWork, earlier } from '../../src/dashboard/earlier.ts';
import type { TaskRow } from '../../src/types.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');

function task(id: string, time: string, actor: TaskRow['last_actor'], more: Partial<TaskRow> = {}): TaskRow {
  const at = `2026-03-01T${time}Z`;
  const row = { id, project_id: 'p', branch_id: 'b', title: `T ${id}`, status: 'todo', stamp: Number(id) };
  return { ...row, last_activity: at, last_actor: actor, ...more } as TaskRow;
}

const agent = { source: 'mcp-ai', session_id: 's-1' };
const alice = { source: 'user', user_id: 'alice' };

test('an agent’s run is one line, a person’s change its own, newest first', () => {
  const rows = [
    task('1', '11:00:00', agent),
    task('2', '11:01:00', agent),
    task('3', '11:30:00', alice),
    task('4', '11:31:00', alice),
    task('5', '11:40:00', agent, { project_id: 'q' }),
  ];
  const found = earlier(rows).map((one) => [one.projectId, one.who[0]?.name, one.parts.map((part) => part.taskId)]);
  expect(found).toEqual([
    ['q', 's-1', ['5']],
    ['p', 'alice', ['4']],
    ['p', 'alice', ['3']],
    ['p', 's-1', ['2', '1']],
  ]);
});

test('who changed something within five minutes is at work, where it was last', () => {
  const rows = [
    task('1', '11:56:00', agent, { branch_id: 'x' }),
    task('2', '11:59:00', agent),
    task('3', '11:50:00', alice),
    task('4', '11:58:00', null, { last_activity: null }),
  ];
  expect(atWork(rows, NOW)).toMatchObject([{ kind: 'agent', name: 's-1', branchId: 'b', events: 2 }]);
});
