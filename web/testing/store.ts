/** A Redux store on the slice, its client, and a lab around them; for tests. */
import { configureStore } from '@reduxjs/toolkit';
import { branchSlice, connectSummaries } from '../src/redux/index.ts';
import { Lab } from './lab.ts';

export function app(setUp: (lab: Lab) => void = () => {}, projects?: readonly string[]) {
  const lab = new Lab();
  for (const id of ['p1', 'p2']) lab.world.change({ entity: 'project', action: 'create', id, project: id, name: id });
  lab.world.change({
    entity: 'task',
    action: 'create',
    id: 't1',
    project: 'p1',
    fields: { title: 'old', status: 'todo' },
  });
  setUp(lab);
  const store = configureStore({
    reducer: { branches: branchSlice.reducer },
    middleware: (usual) => usual({ serializableCheck: { warnAfter: 1_000 }, immutableCheck: { warnAfter: 1_000 } }),
  });
  const summaries = connectSummaries(store, {
    env: lab.env,
    buffer: { delayMs: 0 },
    ...(projects !== undefined && { projects }),
  });
  lab.client = summaries.client;
  let told = 0;
  store.subscribe(() => {
    told += 1;
  });
  return { lab, store, summaries, told: () => told };
}

export async function started(projects?: readonly string[]) {
  const made = app(() => {}, projects);
  await made.summaries.start();
  await made.lab.quiet();
  return made;
}
