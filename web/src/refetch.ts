/**
 * An edge whose frames carry no rows only says what changed. Then the projects that were named are read again: soon, but
 * together, and not before the answer has what the notices speak of.
 */
import type { DataFrame } from './frames.ts';
import { CallFailed } from './http.ts';
import type { Loaded, Loader } from './load.ts';
import { projectOf } from './reading.ts';
import type { LogPosition } from './types.ts';

export const GATHER_MS = 200;
export const AGAIN_MS = 1_000;

export class Refetch {
  readonly #loader: Loader;
  readonly #took: (loaded: Loaded) => void;
  readonly #failed: (error: unknown) => void;
  readonly #later: (call: () => void, ms: number) => unknown;
  readonly #projects = new Set<string>();
  readonly #places = new Map<number, number>();
  #busy = false;

  constructor(
    loader: Loader,
    took: (loaded: Loaded) => void,
    failed: (error: unknown) => void,
    later: (call: () => void, ms: number) => unknown,
  ) {
    this.#loader = loader;
    this.#took = took;
    this.#failed = failed;
    this.#later = later;
  }

  /** Look through frames that were shown for those that only say that something changed. */
  seen(frames: readonly DataFrame[]): void {
    const notices = frames.filter(({ changed }) => changed.length > 0);
    for (const { stream, metadata } of notices) {
      this.#projects.add(projectOf(stream));
      const { partition, offset } = metadata.position ?? { partition: -1, offset: 0 };
      if (partition >= 0) this.#places.set(partition, Math.max(offset, this.#places.get(partition) ?? 0));
    }
    if (this.#projects.size > 0) this.#soon();
  }

  #soon(ms = GATHER_MS): void {
    if (this.#busy) return;
    this.#busy = true;
    this.#later(() => void this.#run(), ms);
  }

  async #run(): Promise<void> {
    const projects = [...this.#projects];
    const minPosition = [...this.#places].map(([partition, offset]): LogPosition => ({ partition, offset }));
    this.#projects.clear();
    this.#places.clear();
    let wait = GATHER_MS;
    try {
      this.#took(await this.#loader.load({ projects, minPosition }));
    } catch (error) {
      // Asked too often, or the server is away: what was named is still to be read, when it may be.
      for (const id of projects) this.#projects.add(id);
      wait = Math.max(AGAIN_MS, error instanceof CallFailed ? error.retryAfterMs : 0);
      this.#failed(error);
    }
    this.#busy = false;
    if (this.#projects.size > 0) this.#soon(wait);
  }
}
