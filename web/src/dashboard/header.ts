/** The top line: name, search, how fresh the page is, theme. */
import type { Machine } from '../connection.ts';
import { attribute, h, icon, text } from './dom.ts';
import { keepTheme } from './keep.ts';
import { clockTime } from './times.ts';
import type { Ui } from './ui.ts';
import { MARK, MOON, SEARCH } from './words.ts';

export interface Fresh {
  readonly machine: Machine;
  readonly asOf: number | null;
  readonly now: number;
}

export class Header {
  readonly element: HTMLElement;
  readonly search: HTMLInputElement;
  readonly #badge = h('button', { class: 'badge', type: 'button' });
  readonly #word = h('span', { class: 'word', role: 'status' });
  readonly #more = h('span', { class: 'more', 'aria-hidden': 'true' });

  constructor(ui: Ui, onBadge: () => void) {
    this.search = h('input', {
      type: 'search',
      placeholder: 'Search projects, branches, tasks',
      'aria-label': 'Search projects, branches and tasks',
      'aria-keyshortcuts': '/',
      spellcheck: 'false',
      autocomplete: 'off',
    });
    this.search.addEventListener('input', () => ui.change({ query: this.search.value.trim() }));
    const theme = h(
      'button',
      { class: 'round', type: 'button', 'aria-label': 'Switch between light and dark', title: 'Light or dark' },
      icon(MOON),
    );
    theme.addEventListener('click', switchTheme);
    this.#badge.append(h('span', { class: 'lamp', 'aria-hidden': 'true' }), this.#word, this.#more);
    this.#badge.addEventListener('click', onBadge);
    this.element = h(
      'header',
      { class: 'top' },
      h('h1', { class: 'brand' }, icon(MARK, 'mark'), h('span', {}, 'anabranch')),
      h('label', { class: 'search' }, icon(SEARCH), this.search, h('kbd', { 'aria-hidden': 'true' }, '/')),
      this.#badge,
      theme,
    );
  }

  update(fresh: Fresh): void {
    const { kind, word, more, title } = badgeOf(fresh);
    attribute(this.#badge, 'data-state', kind);
    attribute(this.#badge, 'title', title);
    text(this.#word, word);
    text(this.#more, more);
  }
}

interface BadgeText {
  readonly kind: string;
  readonly word: string;
  readonly more: string;
  readonly title: string;
}

/** Pure: the badge's words. `word` changes with the state only, so a screen reader hears no countdown. */
export function badgeOf({ machine, asOf, now }: Fresh): BadgeText {
  const since = asOf === null ? '' : `as of ${clockTime(asOf)}`;
  const wait = Math.max(0, Math.ceil(((machine.due ?? now) - now) / 1_000));
  switch (machine.phase) {
    case 'live':
      if (machine.staleSince !== null)
        return { kind: 'stale', word: 'Stale', more: since, title: 'The server is cut off from its source' };
      return { kind: 'live', word: 'Live', more: since, title: 'Every change shows here at once' };
    case 'syncing':
      return { kind: 'busy', word: 'Catching up', more: since, title: 'Changes that were missed are coming in' };
    case 'connecting':
      return { kind: 'busy', word: 'Connecting', more: since, title: '' };
    case 'waiting':
      return {
        kind: 'off',
        word: 'Retrying',
        more: `in ${wait} s · ${since}`,
        title: `${machine.reason}. Click to try now.`,
      };
    case 'paused':
      return { kind: 'off', word: 'Offline', more: since, title: machine.reason };
    case 'unauthorized':
      return { kind: 'bad', word: 'Sign in', more: since, title: machine.reason };
    case 'failed':
      return { kind: 'bad', word: 'Stopped', more: machine.reason, title: machine.reason };
    default:
      return { kind: 'off', word: 'Not connected', more: since, title: 'Click to connect.' };
  }
}

function switchTheme(): void {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
  keepTheme(root.dataset.theme);
}
