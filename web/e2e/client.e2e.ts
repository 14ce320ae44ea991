/**
 * The client in Node against a running edge: `node e2e/client.mjs --url URL --token TOKEN [--short TOKEN]`. `--short` ends in
 * a little more than a minute; without it the edge is one whose new ways are switched off. One line per check; exits 1 when one
 * fails.
 */
import { strict as assert } from 'node:assert';
import { parseArgs } from 'node:util';
import { configureStore } from '@reduxjs/toolkit';
import { WebSocket } from 'ws';
import { type Client, connectionOf, createClient } from '../src/index.ts';
import { branchSlice, connectSummaries, selectProject } from '../src/redux/index.ts';
import { Store } from '../src/store/store.ts';
import type { BulkAnswer } from '../src/types.ts';
import { Wire } from './wire.ts';

const PATIENCE_MS = 20_000;
const RULES = { backoffMs: [20, 20, 20, 20, 20], climbMs: 500, pollWaitS: 5 };

interface Lab {
  readonly wire: Wire;
  /** By the wire. */
  readonly near: string;
  readonly url: string;
  readonly token: string;
  readonly short: string;
  readonly project: string;
  readonly store: Store;
  readonly client: Client;
  /** How often a snapshot replaced a project. */
  replaced: number;
}

type Check = readonly [string, (lab: Lab) => Promise<void>];

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!holds()) {
    assert.ok(Date.now() < end, `waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function post(lab: Lab, path: string, body: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${lab.token}`, 'content-type': 'application/json' };
  const answer = await fetch(lab.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer.json();
}

/** Somebody else makes a task. */
function other(lab: Lab, id: string, status = 'todo'): Promise<unknown> {
  const data = { title: id, status };
  const task = { entity: 'task', action: 'create', project_id: lab.project, entity_id: id, branch_id: 'main', data };
  return post(lab, '/api/v2/changes', task);
}

const total = (lab: Lab) => lab.store.rows.project(lab.project)?.total_tasks ?? 0;
const phase = (lab: Lab) => lab.client.machine.phase;
const isLive = (lab: Lab) => until('live', () => phase(lab) === 'live');

const CHECKS: readonly Check[] = [
  [
    'live: loaded by one call, and a change of somebody else arrives',
    async (lab) => {
      await other(lab, 't1');
      const answer = (await post(lab, '/api/v2/branches/summaries/bulk', {})) as BulkAnswer;
      lab.store.loadBulk(answer);
      lab.client.placed(answer.metadata.positions);
      lab.client.connect();
      await isLive(lab);
      await until('the first task', () => total(lab) >= 1);
      lab.replaced = 0;
      await other(lab, 't2');
      await until('the second task', () => total(lab) === 2);
    },
  ],
  [
    'cut: what happened meanwhile comes by position, without a snapshot',
    async (lab) => {
      lab.wire.cut('http');
      await until('the cut is noticed', () => phase(lab) !== 'live');
      for (let i = 0; i < 30; i += 1) await other(lab, `cut-${i}`);
      lab.wire.mend();
      await isLive(lab);
      await until('all of it', () => total(lab) === 32);
      assert.equal(lab.replaced, 0, 'a snapshot came');
    },
  ],
  [
    'polling: without a WebSocket the same places go on over HTTP, changes too, and back up',
    async (lab) => {
      lab.wire.cut('http');
      await until('polling', () => phase(lab) === 'polling');
      await other(lab, 'polled');
      await until('the polled task', () => total(lab) === 33);
      const fields = { title: 'over HTTP' };
      const sent = lab.client.change({ entity: 'task', action: 'patch', id: 't1', projectId: lab.project, fields });
      assert.equal((await sent.outcome).status, 'applied');
      lab.wire.mend();
      await isLive(lab);
      await other(lab, 'climbed');
      await until('the task after climbing', () => total(lab) === 34);
      assert.equal(lab.replaced, 0, 'a snapshot came');
    },
  ],
  [
    'writing: acknowledged with a place that a read can wait for; a condition that fails is rejected with a reason',
    async (lab) => {
      const made = { entity: 'task', action: 'create', id: 'mine', projectId: lab.project, branchId: 'main' } as const;
      const sent = lab.client.change({ ...made, fields: { title: 'mine', status: 'done' } });
      assert.notEqual(await sent.accepted, null);
      const read = { project_ids: [lab.project], min_position: lab.client.written };
      const { projects } = (await post(lab, '/api/v2/branches/summaries/bulk', read)) as BulkAnswer;
      assert.equal(projects[lab.project]?.total_tasks, 35);
      assert.equal((await sent.outcome).status, 'applied');
      const late = lab.client.change({ ...made, action: 'patch', fields: { title: 'late' }, ifStamp: 0 });
      const { status, reason } = await late.outcome;
      assert.deepEqual([status, reason], ['rejected', 'conflict']);
      const many = Array.from({ length: 60 }, (_, i) =>
        lab.client.change({ ...made, action: 'patch', fields: { title: `mine ${i}` } }),
      );
      const ends = new Set((await Promise.all(many.map(({ outcome }) => outcome))).map((one) => one.status));
      assert.deepEqual([...ends], ['applied'], 'sixty at once were too fast for the edge');
      assert.equal(phase(lab), 'live');
    },
  ],
  [
    'token: renewed on the open connection before it ends, and a refused one is a sign-out',
    async (lab) => {
      const asked: string[] = [];
      const heard: string[] = [];
      class Ear extends WebSocket {
        constructor(url: string, protocols: string[], options?: object) {
          super(url, protocols, options);
          this.on('message', (data) => heard.push(JSON.parse(String(data)).payload.action));
        }
      }
      const client = createClient({
        url: lab.near,
        WebSocket: Ear,
        sink: new Store(),
        token: (why) => {
          asked.push(why);
          return why === 'connect' ? lab.short : lab.token;
        },
      });
      client.connect();
      await until('the renewed token', () => heard.includes('token'));
      assert.deepEqual(asked, ['connect', 'expiring']);
      assert.equal(client.machine.phase, 'live');
      client.close();
      const stranger = createClient({ url: lab.near, WebSocket, sink: new Store(), token: () => 'no.such.token' });
      stranger.connect();
      await until('sign in', () => stranger.machine.phase === 'unauthorized');
    },
  ],
  [
    'slice: a Redux store follows the same edge, and shows what the bulk call says',
    async (lab) => {
      const store = configureStore({ reducer: { branches: branchSlice.reducer } });
      const summaries = connectSummaries(store, { url: lab.near, WebSocket, token: () => lab.token });
      await summaries.start();
      await summaries.loadTasks(lab.project);
      await until('live', () => store.getState().branches.connection.phase === 'live');
      assert.equal(Object.keys(store.getState().branches.tasks).length, 35);
      await other(lab, 'last', 'done');
      await until('the last task', () => selectProject(store.getState(), lab.project)?.total_tasks === 36);
      await until('the same elsewhere', () => total(lab) === 36);
      const { projects } = (await post(lab, '/api/v2/branches/summaries/bulk', {})) as BulkAnswer;
      assert.deepEqual(selectProject(store.getState(), lab.project), projects[lab.project]);
      assert.deepEqual(lab.store.rows.project(lab.project), projects[lab.project]);
      summaries.close();
    },
  ],
];

/** For an edge whose new ways are switched off. */
const SWITCHED_OFF: readonly Check[] = [
  [
    'flags off: loaded project by project, and what a notice names is fetched',
    async (lab) => {
      await other(lab, 't1');
      const store = configureStore({ reducer: { branches: branchSlice.reducer } });
      const given = { url: lab.near, WebSocket, token: () => lab.token, projects: [lab.project] };
      const summaries = connectSummaries(store, given);
      await summaries.start();
      await until('live', () => store.getState().branches.connection.phase === 'live');
      assert.equal(store.getState().branches.source, 'legacy');
      assert.ok(!summaries.client.machine.features.includes('cascades'));
      for (let i = 0; i < 20; i += 1) await other(lab, `noticed-${i}`);
      await until('what the notices named', () => selectProject(store.getState(), lab.project)?.total_tasks === 21);
      summaries.close();
    },
  ],
];

export async function main(argv: readonly string[]): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args: [...argv], options: { url: text, token: text, short: text } });
  const { url, token, short } = values;
  if (url === undefined || token === undefined) {
    console.error('usage: node e2e/client.mjs --url URL --token TOKEN [--short TOKEN]');
    return 2;
  }
  const wire = new Wire(Number(new URL(url).port));
  const near = `http://127.0.0.1:${await wire.listen()}`;
  const store = new Store();
  const client = createClient({ url: near, WebSocket, token: () => token, sink: store, rules: RULES });
  const lab: Lab = {
    wire,
    near,
    url,
    token,
    short: short ?? '',
    project: `contract-${process.pid}`,
    store,
    client,
    replaced: 0,
  };
  store.onReplaced(() => {
    lab.replaced += 1;
  });
  let failed = 0;
  for (const [law, check] of short === undefined ? SWITCHED_OFF : CHECKS) {
    try {
      await check(lab);
      console.log(`ok   ${law}`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL ${law}\n     ${error}\n     ${phase(lab)}: ${connectionOf(client.machine).reason}`);
    }
  }
  client.close();
  wire.close();
  return failed === 0 ? 0 : 1;
}
