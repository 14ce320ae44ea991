// @vitest-environment happy-dom
/** The hooks: each component shows its own rows and is drawn again only when they change. */
import { configureStore } from '@reduxjs/toolkit';
import { act, createElement, type ReactElement } from 'react';
import { createRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { expect, test } from 'vitest';
import {
  SummaryProvider,
  useBranch,
  useBranches,
  useConnection,
  useProject,
  useProjects,
  useSummaries,
  useTasks,
} from '../src/react/index.ts';
import { branchSlice, connectSummaries } from '../src/redux/index.ts';
import { Lab } from '../testing/lab.ts';

Object.assign(globalThis, { IS_REACT_ACT_ENVIRONMENT: true });

let draws: Record<string, number> = {};

function drawn(name: string): void {
  draws[name] = (draws[name] ?? 0) + 1;
}

function Branch({ id }: { readonly id: string }): ReactElement {
  drawn(id);
  return createElement('p', { id }, `${useBranch('p1', id)?.total_tasks ?? '-'}`);
}

function Page(): ReactElement {
  drawn('page');
  return createElement('h1', null, useConnection().phase);
}

function Lists(): ReactElement {
  const names = useProjects().map(({ name }) => name);
  const counts = [useBranches('p1').length, useTasks('p1', null).length, useProject('p1')?.total_tasks];
  return createElement('pre', null, JSON.stringify([names, counts]));
}

function Queue(): ReactElement {
  return createElement('i', null, useSummaries().client.queue.size);
}

function app() {
  const lab = new Lab();
  for (const id of ['p1', 'p2']) lab.world.change({ entity: 'project', action: 'create', id, project: id, name: id });
  lab.world.change({ entity: 'task', action: 'create', id: 't1', project: 'p1', fields: { branch_id: 'main' } });
  lab.world.change({ entity: 'task', action: 'create', id: 't2', project: 'p1', fields: { branch_id: 'side' } });
  const store = configureStore({ reducer: { branches: branchSlice.reducer } });
  const summaries = connectSummaries(store, { env: lab.env, buffer: { delayMs: 0 }, page: false });
  lab.client = summaries.client;
  draws = {};
  const children = [
    createElement(Page, { key: 'a' }),
    createElement(Branch, { key: 'b', id: 'main' }),
    createElement(Branch, { key: 'c', id: 'side' }),
    createElement(Lists, { key: 'd' }),
    createElement(Queue, { key: 'e' }),
  ];
  const element: ReactElement = createElement(SummaryProvider, { store, summaries }, children);
  return { lab, summaries, element };
}

test('a component is drawn again when its own row changes, and not when another does', async () => {
  const { lab, summaries, element } = app();
  const place = document.createElement('div');
  const root = createRoot(place);
  await act(async () => {
    root.render(element);
    await summaries.start();
    await lab.quiet();
  });
  expect(place.innerHTML).toContain('<h1>live</h1><p id="main">1</p><p id="side">1</p>');
  expect(place.textContent).toContain('[["p1","p2"],[2,0,2]]');
  const before = { ...draws };
  await act(async () => {
    lab.world.change({ entity: 'task', action: 'create', id: 't3', project: 'p1', fields: { branch_id: 'side' } });
    lab.deliver();
  });
  expect(place.innerHTML).toContain('<p id="main">1</p><p id="side">2</p>');
  expect(draws).toEqual({ ...before, side: (before.side ?? 0) + 1 });
  act(() => root.unmount());
});

test('renders on a server, from what the store has', () => {
  expect(renderToString(app().element)).toContain('<h1>idle</h1>');
});

test('a hook without its provider says what to do', () => {
  expect(() => renderToString(createElement(() => createElement('i', null, useProject('p')?.name)))).toThrow(
    /SummaryProvider/,
  );
});
