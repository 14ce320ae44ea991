/**
 * Pure: a row that takes another one's place keeps all values that are still the same. The new ones die young then: in a burst of
 * thousands of rows the browser would have to look through its whole memory for the old ones, between two pictures of the screen.
 */
import { alike } from './alike.ts';

export function kept<T extends object>(row: T, before: T): T {
  const made = { ...row };
  for (const name in made) if (isSame(made[name], before[name])) made[name] = before[name];
  return made;
}

/** Texts, and lists and records of plain values; numbers take no memory of their own. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one === 'string') return one === other;
  if (!isRecord(one) || !isRecord(other) || Array.isArray(one) !== Array.isArray(other)) return false;
  return alike(one, other) && alike(other, one);
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
