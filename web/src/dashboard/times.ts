/** Times as a person reads them, in their own zone and language. */

const number = new Intl.NumberFormat();
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const minute = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const month = new Intl.DateTimeFormat(undefined, { month: 'short', year: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' });

export function figure(value: number): string {
  return number.format(value);
}

export function clockTime(ms: number): string {
  return clock.format(ms);
}

/** Today: the time. This year: day and month. Else month and year. Empty when there is none. */
export function shortTime(iso: string | null | undefined, now: number): string {
  const ms = iso ? Date.parse(iso) : Number.NaN;
  if (Number.isNaN(ms)) return '';
  const then = new Date(ms);
  const today = new Date(now);
  if (then.toDateString() === today.toDateString()) return minute.format(then);
  return then.getFullYear() === today.getFullYear() ? day.format(then) : month.format(then);
}

export function fullTime(iso: string | null | undefined): string {
  const ms = iso ? Date.parse(iso) : Number.NaN;
  return Number.isNaN(ms) ? '' : full.format(ms);
}

/** "now", "40 s", "3 min": how long ago, for what happened while the page was open. */
export function ago(at: number, now: number): string {
  const seconds = Math.max(0, Math.round((now - at) / 1_000));
  if (seconds < 10) return 'now';
  if (seconds < 60) return `${Math.floor(seconds / 10) * 10} s`;
  return seconds < 3_600 ? `${Math.floor(seconds / 60)} min` : minute.format(at);
}
