/** Pure: whether two items say the same, by their fields, and of lists in them by what is in those. */

export function alike<T extends object>(one: T | null, other: T): boolean {
  if (one === null) return false;
  for (const name in one) if (!isSame(one[name], other[name])) return false;
  return true;
}

/** The same value, or lists of the same values. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (!Array.isArray(one) || !Array.isArray(other)) return false;
  return one.length === other.length && one.every((each, index) => each === other[index]);
}
