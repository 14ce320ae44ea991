/** The board's store: besides the rows, the views may see the frames that tell something new, once they are applied. */
import type { DataFrame } from '../frames.ts';
import { Store } from '../store/store.ts';

export type FrameWatcher = (frames: readonly DataFrame[], now: number) => void;

export class WatchedStore extends Store {
  readonly #watchers = new Set<FrameWatcher>();

  onFrames(watcher: FrameWatcher): void {
    this.#watchers.add(watcher);
  }

  override apply(frames: readonly DataFrame[], now: number): readonly DataFrame[] {
    const fresh = super.apply(frames, now);
    for (const watcher of this.#watchers) watcher(fresh, now);
    return fresh;
  }
}
