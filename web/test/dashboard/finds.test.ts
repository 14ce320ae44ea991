/** What a search finds among names, and where a found task is. */
import { expect, test } from 'vitest';
import { findNames, findOf } from '../../src/dashboard/finds.ts';
import type { BranchRow, ProjectRow, TaskRow } from '../../src/types.ts';

const project = (id: string, name: string) => ({ id, name, archived: false }) as ProjectRow;
const branch = (id: string, name: string, archived = false) => ({ id, name, project_id: 'p', archived }) as BranchRow;

test('names that begin with the words come first; archived ones and strangers don’t come', () => {
  const branches = [branch('1', 'the main road'), branch('2', 'Main'), branch('3', 'main', true)];
  const stray = { ...branch('4', 'main'), project_id: 'unknown' };
  const found = findNames([project('p', 'Domain')], [...branches, stray], 'MAIN');
  expect(found.map(({ name, place }) => [name, place])).toEqual([
    ['Main', 'branch of Domain'],
    ['Domain', 'project'],
    ['the main road', 'branch of Domain'],
  ]);
  expect(found[0]?.choice).toEqual({ projectId: 'p', branchId: '2' });
});

test('a task is told with its project and branch, by id where a name is not known', () => {
  const task = { id: 't', project_id: 'p', branch_id: 'b', title: 'Do it', status: 'done' } as TaskRow;
  const rows = { project: () => project('p', 'P'), branch: () => null };
  expect(findOf(task, rows)).toMatchObject({ name: 'Do it', place: 'P › b', status: 'done', taskId: 't' });
});
