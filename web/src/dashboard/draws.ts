/**
 * Draws what is due, once per frame of the screen and only as long as the frame has time: the rest waits for the next
 * one, so that a flood of changes never holds up scrolling. Parts that were not drawn keep their turn.
 */

/** Of the 16 ms of a frame; the browser needs the others to lay out and to paint. */
const BUDGET_MS = 2;
/**
 * While somebody scrolls, no more than one part that draws something: each makes the browser lay out and paint, which takes longer
 * than the part itself, and together that fills a frame. A part that finds nothing new takes less than this.
 */
const SCROLLING_MS = 0.2;

export interface Screen {
  readonly frame: (call: () => void) => unknown;
  readonly clock: () => number;
  readonly now: () => number;
  readonly isScrolling: () => boolean;
}

export class Draws {
  readonly #screen: Screen;
  readonly #parts = new Map<string, (now: number) => void>();
  readonly #due = new Set<string>();
  #asked = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  add(name: string, draw: (now: number) => void): void {
    this.#parts.set(name, draw);
  }

  /** Draw these parts soon; without names all of them. */
  soon(...names: readonly string[]): void {
    for (const name of names.length === 0 ? this.#parts.keys() : names) this.#due.add(name);
    if (this.#asked || this.#due.size === 0) return;
    this.#asked = true;
    this.#screen.frame(() => {
      this.#asked = false;
      this.#draw();
    });
  }

  #draw(): void {
    const end = this.#screen.clock() + (this.#screen.isScrolling() ? SCROLLING_MS : BUDGET_MS);
    for (const name of [...this.#due]) {
      this.#due.delete(name);
      this.#parts.get(name)?.(this.#screen.now());
      if (this.#screen.clock() >= end) break;
    }
    if (this.#due.size > 0) this.soon(...this.#due);
  }
}
