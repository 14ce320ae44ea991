/** Times as a person reads them, in their own zone and language. */

const number = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: 'compact' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const minute = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const month = new Intl.DateTimeFormat(undefined, { month: 'short', year: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });
const DAY_MS = 86_400_000;

export function figure(value: number): string {
  return number.format(value);
}

/** Where there is little room: "9,800", "105K". */
export function shortFigure(value: number): string {
  return value < 10_000 ? figure(value) : compact.format(value);
}

/** "1 task", "1,204 tasks". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${figure(count)} ${count === 1 ? one : many}`;
}

export function clockTime(ms: number): string {
  return clock.format(ms);
}

export function minuteTime(ms: number): string {
  return minute.format(ms);
}

/** Within the hour: how long ago. Today: the time. This year: day and month. Else month and year. Empty without a time. */
export function shortTime(iso: string | null | undefined, now: number): string {
  const ms = iso ? Date.parse(iso) : Number.NaN;
  return Number.isNaN(ms) ? '' : timePast(ms, now);
}

export function timePast(ms: number, now: number): string {
  if (now - ms < 3_600_000) return ago(ms, now);
  const [then, today] = [new Date(ms), new Date(now)];
  if (now - ms < DAY_MS && then.getDate() === today.getDate()) return minute.format(then);
  return then.getFullYear() === today.getFullYear() ? day.format(then) : month.format(then);
}

export function fullTime(iso: string | null | undefined): string {
  const ms = iso ? Date.parse(iso) : Number.NaN;
  return Number.isNaN(ms) ? '' : full.format(ms);
}

/** When it is, to ten seconds: words about times change no more often, and what shows them needs no drawing in between. */
export function tens(now: number): number {
  return now - (now % 10_000);
}

/** "now", "40 s", "3 min": how long ago, without jitter. */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1_000));
  if (seconds < 10) return 'now';
  if (seconds < 60) return `${Math.floor(seconds / 10) * 10} s`;
  return `${Math.floor(seconds / 60)} min`;
}

/** "5 s", "3 min", "2 h": how old something is, to the second while it is young. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  return seconds < 3_600 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3_600)} h`;
}
