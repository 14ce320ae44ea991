/** Own changes: shown at once, sent again with the same id, ended by the row, the echo, a refusal or silence. */
import { describe, expect, test } from 'vitest';
import { Lab } from '../../testing/lab.ts';

async function withTask(): Promise<Lab> {
  const lab = new Lab();
  lab.store.rows.watch('p1');
  lab.world.change({ entity: 'project', action: 'create', id: 'p1', project: 'p1', name: 'One' });
  lab.world.change({
    entity: 'task',
    action: 'create',
    id: 't1',
    project: 'p1',
    fields: { title: 'old', status: 'todo' },
  });
  lab.client.connect();
  await lab.quiet();
  lab.store.loadTasks('p1', lab.world.tasks('p1', null, null, 10));
  return lab;
}

function shown(lab: Lab) {
  const row = lab.store.rows.task('p1', 't1');
  return row === null ? null : lab.store.shown(row);
}

test('an edit shows before the server knows it, and stays when it is applied', async () => {
  const lab = await withTask();
  lab.client.edit('p1', 't1', { title: 'new' });
  expect(shown(lab)?.title).toBe('new');
  expect(lab.store.rows.task('p1', 't1')?.title).toBe('old');
  await lab.quiet();
  expect(lab.store.pending).toEqual([]);
  expect(lab.store.rows.task('p1', 't1')?.title).toBe('new');
});

test('a refused edit is taken back, with the reason', async () => {
  const lab = await withTask();
  lab.script.refuse = 'you may only read this project';
  lab.client.edit('p1', 't1', { status: 'done' });
  await lab.quiet();
  expect(shown(lab)?.status).toBe('todo');
  expect(lab.store.notices[0]).toMatchObject({ taskId: 't1', text: 'you may only read this project' });
});

test('an edit that nobody answers is sent three times with one id, then taken back', async () => {
  const lab = await withTask();
  lab.script.mute = true;
  const id = lab.client.edit('p1', 't1', { status: 'done' });
  for (let i = 0; i < 45; i += 1) {
    if (i % 20 === 0) lab.wire?.session?.beat('ping');
    lab.deliver();
    await lab.advance(1_000);
  }
  const sent = lab.script.heard.filter((frame) => frame.type === 'update');
  expect(sent.map((frame) => frame.id)).toEqual([id, id, id]);
  expect(lab.store.pending).toEqual([]);
  expect(lab.store.notices[0]?.text).toBe('the server did not answer');
});

describe('an edit without a connection', () => {
  test('waits and is sent when there is one again', async () => {
    const lab = await withTask();
    lab.cut();
    lab.client.edit('p1', 't1', { title: 'written offline' });
    expect(shown(lab)?.title).toBe('written offline');
    await lab.quiet();
    expect(lab.world.places.get('p1')?.tasks.get('t1')?.title).toBe('written offline');
    expect(lab.store.pending).toEqual([]);
  });

  test('is taken back when the server cannot be reached for a minute', async () => {
    const lab = await withTask();
    lab.unreachable = true;
    lab.cut();
    lab.client.edit('p1', 't1', { title: 'lost' });
    await lab.advance(62_000);
    expect(shown(lab)?.title).toBe('old');
    expect(lab.store.notices[0]?.text).toBe('the server could not be reached');
  });
});

test('an edit whose acknowledgement was lost in a cut is sent again with the same id', async () => {
  const lab = await withTask();
  const id = lab.client.edit('p1', 't1', { title: 'once' });
  lab.cut();
  await lab.quiet();
  const sent = lab.script.heard.filter((frame) => frame.type === 'update').map((frame) => frame.id);
  expect(new Set(sent)).toEqual(new Set([id]));
  expect(lab.store.pending).toEqual([]);
  expect(shown(lab)?.title).toBe('once');
});
