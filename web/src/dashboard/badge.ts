/** Pure: how fresh the page is, in words: live, catching up, retrying, polling, sign in, stopped; and as of when. */
import type { Machine } from '../connection.ts';
import { sentenceOf } from '../state.ts';
import { age, clockTime, counted } from './times.ts';

export interface Fresh {
  readonly machine: Machine;
  /** When the page was last known to show everything. */
  readonly asOf: number | null;
  /** Own changes that wait for a connection. */
  readonly waiting: number;
  readonly now: number;
}

export interface BadgeText {
  readonly kind: 'live' | 'busy' | 'polling' | 'stale' | 'off' | 'bad';
  readonly word: string;
  readonly more: string;
  readonly title: string;
}

/** `word` changes with the state only and `title` has no ages, so a screen reader hears no countdown. */
export function badgeOf(fresh: Fresh): BadgeText {
  const text = stateOf(fresh);
  const { waiting } = fresh;
  if (waiting === 0 || text.kind === 'live') return text;
  return { ...text, more: join(counted(waiting, 'change waits', 'changes wait'), text.more) };
}

function stateOf(fresh: Fresh): BadgeText {
  const { machine } = fresh;
  const why = sentenceOf(machine.reason);
  const at = wholeAt(fresh);
  const since = at === null ? '' : `as of ${clockTime(at)}`;
  const old = at === null ? '' : `${since} · ${age(fresh.now - at)} old`;
  if (machine.staleSince !== null) {
    const cause = 'The server is behind, or cut off from its source; it goes on by itself';
    return of('stale', 'Stale', old, join(cause, since));
  }
  switch (machine.phase) {
    case 'live':
      return of('live', 'Live', since, 'Every change shows here at once');
    case 'syncing':
      return of('busy', 'Catching up', old, 'Changes that were missed are coming in');
    case 'connecting':
      return of('busy', 'Connecting', old, '');
    case 'waiting':
      return of('off', 'Retrying', join(`in ${waitOf(fresh)} s`, old), join(`${why}. Click to try now.`, since));
    case 'polling':
      return of(
        'polling',
        'Polling',
        since,
        'No WebSocket can be kept here: changes are asked for. Click to try one now.',
      );
    case 'paused':
      return of('off', 'Offline', old, join(why, since));
    case 'unauthorized':
      return of('bad', 'Sign in', old, why);
    case 'failed':
      return of('bad', 'Failed', join(why, old), `${why}. Click to try again.`);
    case 'idle':
      return of('busy', 'Loading', old, 'The summaries are on their way');
    default:
      return of('off', 'Not connected', old, 'Click to connect.');
  }
}

/** Where the server says up to when it showed everything, that counts: frames may have come since, and a new page had none. */
function wholeAt({ machine, asOf, now }: Fresh): number | null {
  return machine.staleSince ? Math.min(machine.staleSince, now) : asOf;
}

function of(kind: BadgeText['kind'], word: string, more: string, title: string): BadgeText {
  return { kind, word, more, title };
}

function join(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}

function waitOf({ machine, now }: Fresh): number {
  return Math.max(0, Math.ceil((machine.due - now) / 1_000));
}
