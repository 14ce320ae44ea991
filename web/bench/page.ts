/** What is measured in the browser: the slice with a list of every branch under it, fed through the client's own socket. */
import { configureStore } from '@reduxjs/toolkit';
import { branchSlice, connectSummaries } from '../src/redux/index.ts';
import type { BranchRow } from '../src/types.ts';
import { FakeServer } from '../testing/server.ts';
import { PROJECTS, WIDE, world } from './world.ts';

/** Milliseconds from a frame's arrival until the store and the list had it, and until it was painted. */
export interface Times {
  readonly updated: number;
  readonly painted: number;
}

const list = document.getElementById('rows') as HTMLElement;
const items = new Map<string, { readonly element: HTMLElement; row: BranchRow }>();

/** Draw what changed: a row that is the same object has nothing to draw. */
function draw(rows: Readonly<Record<string, BranchRow>>): void {
  for (const [key, row] of Object.entries(rows)) {
    const item = items.get(key);
    if (item?.row === row) continue;
    const element = item?.element ?? list.appendChild(document.createElement('li'));
    element.textContent = `${row.project_id} ${row.name}: ${row.completed_tasks} of ${row.total_tasks}`;
    items.set(key, { element, row });
  }
}

/** Frames come at any moment between two pictures of the screen. */
function sometime(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.random() * 17));
}

function painted(): Promise<number> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve(performance.now());
      port2.postMessage(0);
    });
  });
}

class Bench {
  readonly server = new FakeServer(world());
  readonly store = configureStore({
    reducer: { branches: branchSlice.reducer },
    middleware: (usual) => usual({ serializableCheck: false, immutableCheck: false }),
  });
  readonly summaries = connectSummaries(this.store, {
    url: location.origin,
    token: () => 'fake.token.x',
    fetch: this.server.fetch,
    WebSocket: this.server.WebSocket,
  });
  #next = 0;

  async start(): Promise<void> {
    this.store.subscribe(() => draw(this.store.getState().branches.summaries));
    await this.summaries.start();
    while (this.summaries.client.machine.phase !== 'live') await painted();
    this.server.holding = true;
  }

  /** One person's change: a task, its branch, its project. */
  async single(): Promise<Times> {
    this.#touch(this.#next++);
    return this.#timed(() => this.server.socket?.deliver());
  }

  /** One message that changes two hundred branches. */
  async wide(): Promise<Times> {
    const start = this.#next++;
    const moves = Array.from({ length: WIDE }, (_, i) => {
      return {
        entity: 'task',
        action: 'create',
        id: `w${start}-${i}`,
        project: 'wide',
        fields: { branch_id: `b${i}` },
      } as const;
    });
    this.server.world.merge(moves, ['s-1']);
    return this.#timed(() => {
      this.server.socket?.deliver();
      this.summaries.client.flush();
    });
  }

  /** The way that this replaces: word that something changed, then all summaries of its project by a call. */
  async refetch(project = `p${this.#next++ % PROJECTS}`): Promise<Times> {
    await sometime();
    const begin = performance.now();
    const headers = { authorization: 'Bearer fake.token.x' };
    const answer = await fetch(`/api/v1/projects/${project}/branches/summaries`, { headers });
    const { branches } = (await answer.json()) as { branches: readonly BranchRow[] };
    draw(Object.fromEntries(branches.map((row) => [`${row.project_id}\u0000${row.id}`, row])));
    const updated = performance.now() - begin;
    return { updated, painted: (await painted()) - begin };
  }

  /** So many frames a second, nine of ten by agents. Returns how many came through and the longest task of the page. */
  async flood(perSecond: number, seconds: number): Promise<{ readonly frames: number; readonly longest: number }> {
    let longest = 0;
    const watch = new PerformanceObserver((entries) => {
      for (const { duration } of entries.getEntries()) longest = Math.max(longest, duration);
    });
    watch.observe({ type: 'longtask' });
    const before = this.server.world.applied;
    const begin = performance.now();
    for (let sent = 0; sent < perSecond * seconds; ) {
      const dueNow = Math.min(perSecond * seconds, ((performance.now() - begin) / 1_000) * perSecond);
      for (; sent < dueNow; sent += 1) this.#touch(this.#next++, sent % 10 > 0);
      this.server.socket?.deliver();
      await new Promise((resolve) => setTimeout(resolve, 4));
    }
    this.summaries.client.flush();
    watch.disconnect();
    const at = this.store.getState().branches.positions;
    const applied = Math.max(...Object.values(at).map(({ sequence }) => sequence));
    return { frames: applied - before, longest };
  }

  #touch(number: number, agent = false): void {
    const project = `p${number % PROJECTS}`;
    const fields = { branch_id: `b${number % 5}`, status: number % 2 > 0 ? 'done' : 'todo' };
    const who = agent
      ? ({ source: 'mcp-ai', sessionId: 's-1' } as const)
      : ({ source: 'user', userId: 'alice' } as const);
    this.server.world.change({ entity: 'task', action: 'create', id: `t${number % 500}`, project, fields }, who);
    // The fake server keeps its frames for whoever comes back; nobody does here, and they are not the growth of the page.
    for (const place of this.server.world.places.values()) place.frames.splice(0, place.frames.length - 1);
  }

  async #timed(deliver: () => void): Promise<Times> {
    await sometime();
    const begin = performance.now();
    deliver();
    const updated = performance.now() - begin;
    return { updated, painted: (await painted()) - begin };
  }
}

Object.assign(window, { bench: new Bench() });
