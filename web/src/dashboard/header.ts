/** The top line: name, search, how fresh the page is, help, theme. */
import { badgeOf, type Fresh } from './badge.ts';
import { attribute, h, icon, text } from './dom.ts';
import type { Finder } from './finder.ts';
import { keepTheme } from './keep.ts';
import { MARK, MOON } from './words.ts';

export interface HeaderMoves {
  readonly onBadge: () => void;
  readonly onHelp: () => void;
}

export class Header {
  readonly element: HTMLElement;
  readonly #badge = h('button', { class: 'badge', type: 'button' });
  readonly #word = h('span', { class: 'word', role: 'status' });
  readonly #more = h('span', { class: 'more', 'aria-hidden': 'true' });

  constructor(finder: Finder, { onBadge, onHelp }: HeaderMoves) {
    const theme = h(
      'button',
      { class: 'round', type: 'button', 'aria-label': 'Switch between light and dark', title: 'Light or dark (d)' },
      icon(MOON),
    );
    theme.addEventListener('click', switchTheme);
    const help = h(
      'button',
      { class: 'round', type: 'button', 'aria-label': 'Keys and signs', title: 'Keys and signs (?)' },
      '?',
    );
    help.addEventListener('click', onHelp);
    this.#badge.append(h('span', { class: 'lamp', 'aria-hidden': 'true' }), this.#word, this.#more);
    this.#badge.addEventListener('click', onBadge);
    this.element = h(
      'header',
      { class: 'top' },
      h('h1', { class: 'brand' }, icon(MARK, 'mark'), h('span', {}, 'anabranch')),
      finder.element,
      this.#badge,
      help,
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

export function switchTheme(): void {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = dark ? 'light' : 'dark';
  keepTheme(root.dataset.theme);
}
