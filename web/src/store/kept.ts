/**
 * Pure: a row that takes another one's place keeps all values that are still the same. The new ones die young then: in a burst of
 * thousands of rows the browser would have to look through its whole memory for the old ones, between two pictures of the screen.
 */
import { alike, isSame } from './alike.ts';

export function kept<T extends object>(row: T, before: T): T {
  const made = { ...row };
  for (const name in made) if (isUnchanged(made[name], before[name])) made[name] = before[name];
  return made;
}

/** Of texts, lists, and records of plain values whose names come in the same order; what else there is takes no memory of its own. */
function isUnchanged(one: unknown, other: unknown): boolean {
  if (!isRecord(one) || !isRecord(other) || Array.isArray(one) || Array.isArray(other)) return isSame(one, other);
  return isSame(Object.keys(one), Object.keys(other)) && alike(one, other);
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
