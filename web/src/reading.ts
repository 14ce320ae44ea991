/** Pure: how rows are read, and which of them are believed: the one rule that the stores with and without Redux keep. */
import type { DataFrame } from './frames.ts';
import type { BranchRow } from './types.ts';

/** The most graves that are kept: more than any burst of deletes that is on its way while a list is read. */
export const GRAVES = 2_000;

/**
 * How a row was read: `at` is the end of what its sender had read then (exclusive), `whole` says that all of its kind was
 * asked for. A whole also replaces rows of the same stamp, which the server may have mended, and opens graves before it.
 */
export interface Read {
  readonly at: number;
  readonly whole: boolean;
}

export const LIVE: Read = { at: Number.POSITIVE_INFINITY, whole: false };

/** How the rows of a frame were read. */
export function readOf({ metadata: { position } }: DataFrame): Read {
  return position === undefined ? LIVE : { at: position.offset, whole: false };
}

/** Stamps of what is known of a row: itself, its project's floor, its own grave and those of what it lies in; -1 for none. */
export interface Known {
  readonly old: number | undefined;
  readonly floor: number;
  readonly grave: number;
  readonly above: readonly number[];
}

/** Whether a row is believed: newer than the one that is known, or not too old to be new, and under no grave. */
export function isBelieved(stamp: number, { at, whole }: Read, { old, floor, grave, above }: Known): boolean {
  if (old === undefined ? at <= floor : old >= stamp + (whole ? 1 : 0)) return false;
  const under = (found: number, of: number) => found >= of && !(whole && found < at);
  // A grave above with the stamp of the row is of the same event, which left that row as it is.
  return !under(grave, stamp) && !above.some((found) => under(found, stamp + 1));
}

/** Ids are opaque, and unique only inside their project. */
export function keyOf(projectId: string, id: string): string {
  return `${projectId}\u0000${id}`;
}

/** The project of a stream. */
export function projectOf(stream: string): string {
  return stream.replace(/^project:/, '');
}

/** Branches by their project. */
export function byProject(rows: readonly BranchRow[]): ReadonlyMap<string, readonly BranchRow[]> {
  const groups = new Map<string, BranchRow[]>();
  for (const row of rows) {
    const group = groups.get(row.project_id);
    if (group === undefined) groups.set(row.project_id, [row]);
    else group.push(row);
  }
  return groups;
}
