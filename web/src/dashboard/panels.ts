/**
 * Where the board takes in more than its own parts: each panel is a section of the side column, drawn in its turn. To add one,
 * write it in a file of its own and name its maker here.
 */
import type { Http } from '../http.ts';
import type { Ui } from './ui.ts';
import type { WatchedStore } from './watch.ts';

/** `update` is called when something may have changed, with the time; it should be quick when nothing has. */
export interface Panel {
  readonly name: string;
  readonly element: HTMLElement;
  update(now: number): void;
}

/** What a panel may read. `redraw`: something came that only this panel knows of. */
export interface Given {
  readonly store: WatchedStore;
  readonly ui: Ui;
  readonly http: Http;
  readonly redraw: () => void;
}

export const PANELS: readonly ((given: Given) => Panel)[] = [];
