/** The past of a fake world, to hold against it what a client shows. */
import { expect } from 'vitest';
import type { Row } from '../src/types.ts';
import type { World } from '../testing/world.ts';

/** What each project was after every message, in order, as text; and how far a client that shows it has come. */
export class Past {
  readonly #world: World;
  readonly #projects: readonly string[];
  readonly #states = new Map<string, string[]>();
  readonly #reached = new Map<string, number>();

  constructor(world: World, projects: readonly string[]) {
    this.#world = world;
    this.#projects = projects;
    this.note();
    world.onFrames(() => this.note());
  }

  note(): void {
    for (const id of this.#projects) {
      const place = this.#world.places.get(id);
      this.#add(`summaries of ${id}`, summary(place?.project ?? null, [...(place?.branches.values() ?? [])]));
      this.#add(`tasks of ${id}`, JSON.stringify(sorted([...(place?.tasks.values() ?? [])])));
    }
  }

  #add(of: string, state: string): void {
    const states = this.#states.get(of) ?? [];
    if (states.at(-1) !== state) states.push(state);
    this.#states.set(of, states);
  }

  /** It was so once, and not before what was shown last. */
  sees(of: string, state: string): void {
    const states = this.#states.get(of) ?? [];
    const at = states.indexOf(state, this.#reached.get(of) ?? 0);
    if (at < 0) expect([`${of} were never so, or only before what was shown last`, state]).toEqual(states);
    this.#reached.set(of, at);
  }
}

export function summary(row: Row | null, branches: readonly Row[]): string {
  return JSON.stringify([row, sorted(branches)]);
}

export function sorted(rows: readonly Row[]): readonly Row[] {
  return [...rows].sort((a, b) => `${a.project_id}/${a.id}`.localeCompare(`${b.project_id}/${b.id}`));
}
