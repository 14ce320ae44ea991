/**
 * Whatever happens on the wire, a client that hears the server again shows exactly its rows; on the way it never went back,
 * and all that it ever showed of a project is what the project was at one moment.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BulkAnswer, TasksAnswer } from '../src/types.ts';
import { Lab } from '../testing/lab.ts';
import type { Move } from '../testing/moves.ts';
import { World } from '../testing/world.ts';
import { Past, sorted, summary } from './past.ts';

const RUNS = Number(process.env.ANABRANCH_WEB_RUNS ?? 400);
const PROJECTS = ['p1', 'p2'];
const BRANCHES = ['main', 'side'];
const TASKS = ['t1', 't2', 't3', 't4'];
const STATUSES = ['todo', 'in_progress', 'done'];

const project = fc.constantFrom(...PROJECTS);
const branch = fc.constantFrom(...BRANCHES);
const task = fc.constantFrom(...TASKS);
const fields = fc.record({ status: fc.constantFrom(...STATUSES), branch_id: branch });

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ entity: fc.constant('task'), action: fc.constant('create'), id: task, project, fields }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ entity: fc.constant('task'), action: fc.constant('patch'), id: task, project, fields }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ entity: fc.constant('task'), action: fc.constant('delete'), id: task, project }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      entity: fc.constant('branch'),
      action: fc.constant('create'),
      id: branch,
      project,
      name: branch,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ entity: fc.constant('branch'), action: fc.constant('delete'), id: branch, project }),
  },
  { weight: 1, arbitrary: project.map((id) => ({ entity: 'project', action: 'delete', id, project: id }) as const) },
  {
    weight: 1,
    arbitrary: project.map((id) => ({ entity: 'project', action: 'create', id, project: id, name: id }) as const),
  },
) as fc.Arbitrary<Move>;

type Act =
  | { readonly act: 'change'; readonly move: Move }
  | { readonly act: 'merge'; readonly moves: readonly Move[]; readonly parts: number }
  | { readonly act: 'deliver' | 'advance'; readonly by: number }
  | { readonly act: 'cut'; readonly code: number }
  | { readonly act: 'block' | 'sleep'; readonly by: number }
  | { readonly act: 'offline' | 'online' | 'hidden' | 'wake' | 'expire' }
  | { readonly act: 'lose' | 'double' | 'swap' | 'ping' | 'ask' | 'answer' | 'late' | 'rebirth' };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 10, arbitrary: fc.record({ act: fc.constant('change' as const), move }) },
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constant('merge' as const),
      moves: fc.array(move, { minLength: 1, maxLength: 8 }),
      parts: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 10, arbitrary: fc.record({ act: fc.constant('deliver' as const), by: fc.integer({ min: 1, max: 6 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ act: fc.constant('advance' as const), by: fc.constantFrom(300, 2_000, 40_000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('cut' as const), code: fc.constantFrom(1006, 1012, 1013, 4410, 4429) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constantFrom('block', 'sleep'), by: fc.constantFrom(1_000, 50_000, 90_000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constantFrom('offline', 'online', 'hidden', 'wake', 'expire') }),
  },
  { weight: 4, arbitrary: fc.record({ act: fc.constantFrom('lose', 'double', 'swap', 'ping') }) },
  { weight: 5, arbitrary: fc.record({ act: fc.constantFrom('ask', 'answer', 'late') }) },
  { weight: 1, arbitrary: fc.constant({ act: 'rebirth' } as const) },
) as fc.Arbitrary<Act>;

/** A lab with one project on show, whose task list is loaded as the page loads it. */
class Watch {
  readonly lab: Lab;
  stale = true;
  /** A frame of this connection was lost, so that a heartbeat on it would vouch for what never came. */
  lossy = false;
  asked: TasksAnswer | null = null;
  bulk: BulkAnswer | null = null;
  readonly #past: Past;
  #births = 1;

  constructor({ parts, ring, delayMs, graves }: Setting) {
    this.lab = new Lab(new World(), { buffer: { delayMs } }, graves);
    this.#past = new Past(this.lab.world, PROJECTS);
    this.lab.store.onChange(() => this.#looks());
    this.lab.script.parts = parts;
    this.lab.script.ring = ring;
    this.lab.store.rows.watch('p1');
    this.lab.store.onReplaced((id) => {
      if (id === 'p1') this.stale = true;
      if (id === 'p1') this.asked = null;
    });
    for (const id of PROJECTS)
      this.lab.world.change({ entity: 'project', action: 'create', id, project: id, name: id });
  }

  async do(next: Act): Promise<void> {
    const { lab } = this;
    switch (next.act) {
      case 'change':
        lab.world.change(next.move);
        break;
      case 'merge':
        lab.world.merge(
          next.moves.map((one) => ({ ...one, project: 'p1', id: one.entity === 'project' ? 'p1' : one.id })),
          ['s1'],
          next.parts,
        );
        break;
      case 'deliver':
        lab.deliver(next.by);
        break;
      case 'advance':
        await lab.advance(next.by);
        break;
      case 'cut':
        lab.cut(next.code);
        this.lossy = false;
        break;
      case 'block':
        lab.server.down = !lab.server.down;
        await lab.advance(next.by);
        break;
      case 'sleep':
        await lab.sleep(next.by);
        break;
      case 'offline':
      case 'online':
      case 'hidden':
      case 'wake':
        lab.client.input({ type: next.act });
        break;
      default:
        this.#disturb(next.act);
    }
    await lab.settle();
    this.listed();
  }

  #disturb(what: string): void {
    const { lab } = this;
    if (what === 'expire') lab.wire?.session?.control('sync', 'token-expiring', { tokenExp: 0 });
    const inbox = lab.wire?.inbox ?? [];
    const data = inbox.findIndex((text) => text.includes('"cascade"') && !text.includes('"snapshot"'));
    if (data >= 0) spoil(inbox, what, data);
    this.lossy ||= what === 'lose' && data >= 0;
    if (what === 'ping' && !this.lossy) lab.wire?.session?.beat('ping');
    if (what === 'ask') [this.asked, this.bulk] = [lab.world.tasks('p1', null, null, 1_000), lab.world.bulk()];
    if (what === 'answer') this.answer();
    if (what === 'late' && this.bulk !== null && !['live', 'syncing', 'polling'].includes(lab.phase))
      this.loadBulk(this.bulk);
    if (what === 'rebirth') this.#rebirth();
  }

  /** Topics made anew: the server keeps its connections and says so. An answer of the old life is not used. */
  #rebirth(): void {
    const { lab } = this;
    this.#births += 1;
    lab.world.rebirth(`e${this.#births}`);
    this.#past.note();
    lab.wire?.session?.reset();
    this.asked = null;
    this.bulk = null;
    this.stale = true;
  }

  loadBulk(answer: BulkAnswer): void {
    this.lab.store.loadBulk(answer);
    this.lab.client.placed(answer.metadata.positions);
  }

  /** The page of tasks that was asked for a while ago comes in now. */
  answer(): void {
    const { asked, lab } = this;
    if (asked === null) return;
    this.asked = null;
    if (!lab.store.loadTasks('p1', asked)) return;
    const seen = new Set(asked.tasks.map((row) => row.id));
    lab.store.rows.sweep('p1', null, seen, asked.positions.p1?.position?.offset ?? 0);
    this.stale = false;
    this.listed();
  }

  /** Seen at every notification. */
  #looks(): void {
    const { rows } = this.lab.store;
    for (const id of PROJECTS) {
      const branches = rows.branches().filter((row) => row.project_id === id);
      this.#past.sees(`summaries of ${id}`, summary(rows.project(id), branches));
    }
  }

  /** The list, whenever it is not about to be read again. */
  listed(): void {
    if (!this.stale) this.#past.sees('tasks of p1', JSON.stringify(sorted(this.lab.store.rows.tasks())));
  }
}

interface Setting {
  readonly parts: number;
  readonly ring: number;
  readonly delayMs: number;
  readonly graves: number;
  /** Whether all summaries are loaded over HTTP before it connects. */
  readonly first: boolean;
}

function spoil(inbox: string[], what: string, at: number): void {
  const [frame = '', next] = inbox.slice(at, at + 2);
  if (what === 'lose') {
    const vouched = inbox.filter((text, i) => i !== at && !text.includes('"heartbeat"'));
    inbox.splice(0, inbox.length, ...vouched);
  }
  if (what === 'double') inbox.splice(at, 0, frame);
  if (what === 'swap' && next?.includes('"cascade"')) inbox.splice(at, 2, next, frame);
}

function serverRows(world: World) {
  const places = [...world.places.values()].filter((place) => place.project !== null);
  return {
    projects: sorted(places.flatMap(({ project: row }) => (row === null ? [] : [row]))),
    branches: sorted(places.flatMap(({ branches }) => [...branches.values()])),
    tasks: sorted([...(world.places.get('p1')?.tasks.values() ?? [])]),
  };
}

async function run(acts: readonly Act[], setting: Setting): Promise<void> {
  const watch = new Watch(setting);
  const { lab } = watch;
  if (setting.first) watch.loadBulk(lab.world.bulk());
  lab.client.connect();
  for (const next of acts) await watch.do(next);
  if (watch.lossy) lab.cut();
  lab.server.down = false;
  lab.client.input({ type: 'online' });
  lab.client.input({ type: 'wake' });
  await lab.quiet();
  for (let i = 0; i < 2; i += 1) {
    lab.wire?.session?.beat('ping');
    await lab.quiet();
  }
  if (watch.stale) {
    watch.asked = lab.world.tasks('p1', null, null, 1_000);
    watch.answer();
  }
  const { rows } = lab.store;
  const shown = { projects: sorted(rows.projects()), branches: sorted(rows.branches()), tasks: sorted(rows.tasks()) };
  expect(shown).toEqual(serverRows(lab.world));
}

test(
  'any interleaving of frames, cuts, losses and late answers shows only true past states, and ends with the rows of the server',
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { minLength: 5, maxLength: 60 }),
        fc.record({
          parts: fc.integer({ min: 1, max: 3 }),
          ring: fc.constantFrom(0, 3, 300),
          delayMs: fc.constantFrom(0, 250),
          graves: fc.constantFrom(0, 1, 2_000),
          first: fc.boolean(),
        }),
        run,
      ),
      { numRuns: RUNS },
    );
  },
  60_000 + RUNS * 30,
);
