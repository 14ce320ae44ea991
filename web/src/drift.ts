/** What a heartbeat says of a project's sums, held against the own row. */
export class Drift {
  /** Stamps of project rows that a heartbeat named and no frame has brought yet. */
  readonly #awaited = new Map<string, number>();

  /**
   * Whether something was missed: the same stamp but other sums, or a stamp that was newer than ours a whole heartbeat ago
   * already. (A newer stamp alone may mean that its frame is on the way.)
   */
  seen(
    stream: string,
    ours: { readonly stamp: number; readonly digest?: number | undefined },
    stamp: number | null,
    digest: number | null,
  ): boolean {
    const awaited = this.#awaited.get(stream);
    this.#awaited.delete(stream);
    if (stamp === null) return false;
    if (ours.stamp === stamp) return digest !== null && ours.digest !== undefined && ours.digest !== digest;
    if (awaited !== undefined && ours.stamp < awaited) return true;
    if (ours.stamp < stamp) this.#awaited.set(stream, stamp);
    return false;
  }
}
