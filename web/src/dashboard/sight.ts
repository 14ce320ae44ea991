/**
 * Pure: which lines of a long list are in sight, and where they stand.
 *
 * While agents change hundreds of tasks, lines above the reader come and go. What is being read stays where it is: the lines in
 * sight keep their places, and the list is shifted under them by whole lines. No line in sight is drawn again, and nothing writes
 * the scroll position while somebody scrolls; that is put right (`levelled`) when the list rests, or when one of its ends comes near.
 */

/** In pixels `top`, scrolled to, `tall`, of the part in sight, and `row`, of a line. `shift`: lines by which all stand lower. */
export interface Sight {
  readonly top: number;
  readonly tall: number;
  readonly row: number;
  readonly count: number;
  readonly shift: number;
}

/** The lines to draw, with some to spare: [first, end). As many wherever the list is scrolled to, but at its ends. */
export function visible({ top, tall, row, count, shift }: Sight, spare = 8): readonly [number, number] {
  const first = Math.floor(within(top, tall, row * count) / row) - shift - spare;
  const end = first + Math.ceil(tall / row) + 1 + 2 * spare;
  return [Math.min(count, Math.max(0, first)), Math.min(count, Math.max(0, end))];
}

/** What shift leaves the lines in sight where they are when the list becomes another one; at its top the new lines show. */
export function held<T>(sight: Sight, before: readonly T[], now: readonly T[]): number {
  if (sight.top <= 0) return sight.shift;
  const [first, end] = visible(sight, 0);
  for (let index = first; index < end; index += 1) {
    const place = now.indexOf(before[index] as T);
    if (place >= 0) return sight.shift + index - place;
  }
  return sight.shift;
}

/** Whether the list must be levelled: of what can be scrolled to, some has no lines, or some lines cannot be scrolled to. */
export function isOff({ top, tall, row, count, shift }: Sight): boolean {
  if (shift === 0) return false;
  const rest = row * count - tall;
  return [top, top - shift * row].some((at) => at < tall || at > rest - tall);
}

/** Where to scroll to so that the same lines are in sight without a shift. */
export function levelled({ top, row, shift }: Sight): number {
  return top - shift * row;
}

/** A list that became shorter is scrolled back by the browser, a little later. */
function within(top: number, tall: number, whole: number): number {
  return Math.min(top, Math.max(0, whole - tall));
}
