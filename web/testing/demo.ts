/** A world to look at: three projects that people and agents work on. All chance comes from a seed. */
import type { TaskRow } from '../src/types.ts';
import type { Move } from './moves.ts';
import { World } from './world.ts';

const VERBS = ['Add', 'Fix', 'Move', 'Describe', 'Test', 'Speed up', 'Remove', 'Split', 'Review', 'Document'];
const THINGS = [
  'the retry of uploads',
  'search in archived branches',
  'the sign-in page on phones',
  'export to CSV with quotes',
  'a slow query on the audit table',
  'the webhook signature check',
  'keyboard focus in the dialog',
  'time zones in weekly reports',
  'memory growth of the importer',
  'colours of the status labels',
  'the flaky test of the queue',
  'German and Polish translations',
];
const STATUSES = [
  'todo',
  'todo',
  'todo',
  'in_progress',
  'blocked',
  'review',
  'testing',
  'done',
  'done',
  'done',
  'done',
  'cancelled',
];
const PRIORITIES = ['low', 'medium', 'medium', 'high', 'urgent', 'critical'];
const SESSIONS = ['s-12', 's-40', 'planner-7'];
const PEOPLE = ['alice', 'boris'];
const PROJECTS: readonly (readonly [string, string, readonly string[], number])[] = [
  ['p1', 'Harbour booking', ['main', 'payments', 'mobile-app', 'reporting'], 60],
  ['p2', 'Issue tracker', ['main', 'importers', 'editor', 'sync-engine', 'epic: offline first'], 2_000],
  ['p3', 'Website', ['main', 'redesign-2026'], 25],
];

/** Mulberry32: small, seeded, good enough for a demonstration. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export class Demo {
  readonly world = new World();
  readonly #chance: () => number;
  #made = 0;

  constructor(seed = 7) {
    this.#chance = seeded(seed);
    for (const [id, name, branches, size] of PROJECTS) {
      this.world.change({ entity: 'project', action: 'create', id, project: id, name });
      for (const branch of branches) {
        this.world.change({ entity: 'branch', action: 'create', id: branch, project: id, name: branch });
        const count = Math.ceil(size * (0.3 + this.#chance()));
        this.world.merge(
          Array.from({ length: count }, () => this.#create(id, branch)),
          ['s-1'],
        );
      }
    }
  }

  /** Something happens: mostly an agent's burst, now and then a person's change. */
  beat(): void {
    const [project = '', , branches = []] = this.#pick(PROJECTS) ?? [];
    if (this.#chance() < 0.3) {
      const move = this.#patch(project);
      if (move !== null) this.world.change(move, { source: 'user', userId: this.#pick(PEOPLE) });
      return;
    }
    const size = 1 + Math.floor(this.#chance() ** 2 * 24);
    const moves: Move[] = [];
    for (let i = 0; i < size; i += 1) {
      const move = this.#chance() < 0.2 ? this.#create(project, this.#pick(branches)) : this.#patch(project);
      if (move !== null) moves.push(move);
    }
    this.world.merge(moves, [this.#pick(SESSIONS)]);
  }

  #create(project: string, branch: string): Move {
    this.#made += 1;
    const fields: Partial<TaskRow> = {
      title: `${this.#pick(VERBS)} ${this.#pick(THINGS)}`,
      branch_id: branch,
      status: this.#pick(STATUSES),
      priority: this.#pick(PRIORITIES),
      assignees: this.#chance() < 0.3 ? [this.#pick(PEOPLE)] : [],
      total_subtasks: this.#chance() < 0.25 ? 4 : 0,
      completed_subtasks: 2,
    };
    return {
      entity: 'task',
      action: 'create',
      id: `${project}-${String(this.#made).padStart(5, '0')}`,
      project,
      fields,
    };
  }

  #patch(project: string): Move | null {
    const tasks = [...(this.world.places.get(project)?.tasks.values() ?? [])];
    if (tasks.length === 0) return null;
    return {
      entity: 'task',
      action: 'patch',
      id: this.#pick(tasks).id,
      project,
      fields: { status: this.#pick(STATUSES) },
    };
  }

  #pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.#chance() * list.length)] as T;
  }
}
