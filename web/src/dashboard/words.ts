/** The words and signs of the page: statuses and priorities in their order, with a sign that needs no colour. */

export const STATUSES = [
  'todo',
  'in_progress',
  'blocked',
  'review',
  'testing',
  'done',
  'cancelled',
  'archived',
] as const;
export const PRIORITIES = ['low', 'medium', 'high', 'urgent', 'critical'] as const;

/** From finished to not begun: the order in a progress bar. */
export const BAR_ORDER = ['done', 'testing', 'review', 'in_progress', 'blocked', 'todo'];
/** From what needs eyes to what needs none: the order of a task list. */
export const LIST_ORDER = ['in_progress', 'blocked', 'review', 'testing', 'todo'];
const LAST = ['cancelled', 'archived'];

const CIRCLE = 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8Zm0 1.6a4.6 4.6 0 1 1 0 9.2 4.6 4.6 0 0 1 0-9.2Z';
const DISC = 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8Z';
const SIGNS: Readonly<Record<string, string>> = {
  todo: CIRCLE,
  in_progress: `${CIRCLE}M8 4.8a3.2 3.2 0 0 1 0 6.4Z`,
  blocked: `${CIRCLE}M5 7.2h6v1.6H5Z`,
  review: `${CIRCLE}M8 4.8A3.2 3.2 0 1 1 4.8 8H8Z`,
  testing: `${CIRCLE}M5.6 5.6h1.6v4.8H5.6ZM8.8 5.6h1.6v4.8H8.8Z`,
  done: `${DISC}M7.2 10.9 4.4 8.1l1.1-1.1 1.7 1.7 3.4-3.4 1.1 1.1Z`,
  cancelled: `${CIRCLE}M5.6 6.7l1.1-1.1L8 6.9l1.3-1.3 1.1 1.1L9.1 8l1.3 1.3-1.1 1.1L8 9.1l-1.3 1.3-1.1-1.1L6.9 8Z`,
  archived: 'M2.5 3h11v3.2h-.8V13H3.3V6.2h-.8Zm2.4 3.2v5.2h6.2V6.2Zm1.3 1.4h3.6V9H6.2Z',
};
const UNKNOWN = 'M8 1.8 14.2 8 8 14.2 1.8 8Zm0 2.3L4.1 8 8 11.9 11.9 8Z';

export const PERSON = 'M8 2a3 3 0 1 1 0 6 3 3 0 0 1 0-6Zm0 7c3.2 0 5.4 1.7 5.4 4v1H2.6v-1c0-2.3 2.2-4 5.4-4Z';
export const AGENT =
  'M7.2 1h1.6v2H12a1.5 1.5 0 0 1 1.5 1.5v7A1.5 1.5 0 0 1 12 13H4a1.5 1.5 0 0 1-1.5-1.5v-7A1.5 1.5 0 0 1 4 3h3.2ZM5 6.3v2.2h1.8V6.3Zm4.2 0v2.2H11V6.3Z';
export const SYSTEM =
  'M6.9 1h2.2l.3 1.9 1.4.8 1.8-.7 1.1 1.9-1.5 1.2v1.8l1.5 1.2-1.1 1.9-1.8-.7-1.4.8L9.1 15H6.9l-.3-1.9-1.4-.8-1.8.7-1.1-1.9 1.5-1.2V8.1L2.3 6.9 3.4 5l1.8.7 1.4-.8ZM8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6Z';
export const CHEVRON = 'M6 3.5 10.5 8 6 12.5l-1.1-1.1L8.3 8 4.9 4.6Z';
export const SEARCH =
  'M7 2.2a4.8 4.8 0 1 0 2.9 8.6l3 3 1.1-1.1-3-3A4.8 4.8 0 0 0 7 2.2Zm0 1.6a3.2 3.2 0 1 1 0 6.4 3.2 3.2 0 0 1 0-6.4Z';
export const MOON = 'M6.2 2a6.2 6.2 0 1 0 7.8 7.8A5.2 5.2 0 0 1 6.2 2Z';
export const MARK =
  'M7.2 1h1.6v2.3c0 1.6 3.9 2.3 3.9 4.9S8.8 11.500 8.800 13V15H7.200v-2c0-1.600-3.900-2.300-3.900-4.800s3.900-3.300 3.900-4.900ZM8 5.200C7.200 6.300 4.900 6.900 4.900 8.200S7.200 10.100 8 11.200c.8-1.100 3.100-1.700 3.100-3S8.800 6.300 8 5.200Z';

export function sign(status: string): string {
  return SIGNS[status] ?? UNKNOWN;
}

/** A status or priority as a person reads it. Names that this page doesn't know are shown as they are. */
export function label(name: string): string {
  return name.replaceAll('_', ' ');
}

/** What style a status has; unknown ones share one. */
export function tone(status: string): string {
  return status in SIGNS ? status.replace('_', '-') : 'other';
}

/** The parts of a breakdown that are not zero: known names in `order`, then unknown ones by name, then `last`. */
export function ordered(
  breakdown: Readonly<Record<string, number>>,
  order: readonly string[] = BAR_ORDER,
  last: readonly string[] = LAST,
): readonly (readonly [string, number])[] {
  const rank = (name: string) => {
    const place = order.indexOf(name);
    if (place >= 0) return place;
    return last.includes(name) ? 1_000 + last.indexOf(name) : 500;
  };
  return Object.entries(breakdown)
    .filter(([, count]) => count > 0)
    .sort(([a], [b]) => rank(a) - rank(b) || a.localeCompare(b));
}

/** 0 for low … 4 for critical; unknown names rank as medium. */
export function priorityLevel(priority: string): number {
  const level = (PRIORITIES as readonly string[]).indexOf(priority);
  return level < 0 ? 1 : level;
}
