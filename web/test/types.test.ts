/** What this client reads is what the generated contract says is sent. Checked by the compiler. */
import { expectTypeOf, test } from 'vitest';
import type * as contract from '../src/generated/contract.ts';
import type { BranchRow, Merged, ProjectRow, TaskRow, Tombstone } from '../src/types.ts';

test('rows of the contract are rows of this client', () => {
  expectTypeOf<contract.ProjectSummary>().toExtend<ProjectRow>();
  expectTypeOf<contract.BranchSummary>().toExtend<BranchRow>();
  expectTypeOf<contract.TaskSummary>().toExtend<TaskRow>();
  expectTypeOf<contract.Tombstone>().toExtend<Tombstone>();
  expectTypeOf<contract.Merged>().toExtend<Merged>();
});
