/**
 * Which frames tell something new. A worker that takes over tells again what its predecessor may not have told: frames of
 * their own that end where the log was told of before. Their rows do no harm (the last stamp wins), but nothing in them
 * happened again, so nobody counts or lists it.
 */
import type { DataFrame } from '../frames.ts';

export class Told {
  readonly #ends = new Map<string, { readonly epoch: string; readonly offset: number }>();

  /** The frames without repeats, in order; parts of one message come together. */
  fresh(frames: readonly DataFrame[]): readonly DataFrame[] {
    let again = false;
    return frames.filter((frame) => {
      if (frame.part === 1 || frame.kind === 'snapshot') again = frame.kind !== 'snapshot' && this.#again(frame);
      return !again;
    });
  }

  #again({ stream, epoch, metadata: { position } }: DataFrame): boolean {
    if (position === undefined) return false;
    const end = this.#ends.get(stream);
    if (end?.epoch === epoch && position.offset <= end.offset) return true;
    this.#ends.set(stream, { epoch, offset: position.offset });
    return false;
  }
}
