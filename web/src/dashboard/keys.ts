/** Pure: what a key means on the board. A chord is `g` and then a letter, within a second. */

export type Meaning =
  | 'search'
  | 'help'
  | 'theme'
  | 'clear'
  | 'chord'
  | 'go-projects'
  | 'go-tasks'
  | 'go-activity'
  | null;

export const CHORD_MS = 1_000;

const KEYS: Readonly<Record<string, Meaning>> = { '/': 'search', '?': 'help', d: 'theme', c: 'clear', g: 'chord' };
const CHORDS: Readonly<Record<string, Meaning>> = { p: 'go-projects', t: 'go-tasks', a: 'go-activity' };

export interface Press {
  readonly key: string;
  /** Whether the key goes into a field, or is pressed together with Ctrl, Alt or Meta. */
  readonly taken: boolean;
  readonly chorded: boolean;
}

export function meaningOf({ key, taken, chorded }: Press): Meaning {
  if (taken) return null;
  return (chorded ? CHORDS[key] : undefined) ?? KEYS[key] ?? null;
}
