/**
 * Pure: a row that takes another one's place keeps all values that are still the same. The new ones die young then: in a burst of
 * thousands of rows the browser would have to look through its whole memory for the old ones, between two pictures of the screen.
 */

type Values = Readonly<Record<string, unknown>>;

export function kept<T extends object>(row: T, before: T): T {
  const made = { ...row };
  for (const name in made) if (isSame(made[name], before[name])) made[name] = before[name];
  return made;
}

/** Texts, and lists and records of plain values; numbers take no memory of their own. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one === 'string') return one === other;
  if (!isRecord(one) || !isRecord(other) || Array.isArray(one) !== Array.isArray(other)) return false;
  return holds(one, other) && holds(other, one);
}

function holds(one: Values, other: Values): boolean {
  for (const name in other) if (one[name] !== other[name]) return false;
  return true;
}

function isRecord(value: unknown): value is Values {
  return typeof value === 'object' && value !== null;
}
