/** What is said over the page: own changes that were taken back, with the reason; and, quietly, what others changed here. */
import type { Store } from '../store/store.ts';
import { h, Keyed, text } from './dom.ts';
import { type Note, noted, SHOWN_MS } from './others.ts';
import type { Ui } from './ui.ts';
import type { WatchedStore } from './watch.ts';

export class Notices {
  readonly element = h('div', { class: 'notices' });
  readonly #store: Store;
  readonly #alerts = h('div', { role: 'alert' });
  readonly #quiet = h('p', { class: 'notice quiet', hidden: true });
  readonly #words = h('span', { role: 'status' });
  readonly #list: Keyed<{ readonly text: string }>;
  #note: Note | null = null;

  constructor(ui: Ui, store: WatchedStore, me: () => string | null) {
    this.#store = store;
    this.#list = new Keyed(this.#alerts, (id) => this.#alert(id));
    const show = h('button', { type: 'button', class: 'show' }, 'Show');
    show.addEventListener('click', () => {
      const taskId = this.#note?.tasks.at(-1) ?? null;
      this.#note = null;
      ui.change({ taskId, query: '', status: null, priority: null });
    });
    this.#quiet.append(this.#words, show);
    this.element.append(this.#alerts, this.#quiet);
    store.onFrames((frames, now) => {
      this.#note = noted(this.#note, frames, { me: me(), choice: ui.choice }, now);
    });
  }

  update(now: number): void {
    this.#list.patch(this.#store.notices.map((notice) => [notice.id, { text: this.#sentence(notice) }]));
    if (this.#note !== null && now - this.#note.at >= SHOWN_MS) this.#note = null;
    this.#quiet.hidden = this.#note === null;
    text(this.#words, this.#note?.text ?? '');
  }

  #alert(id: string) {
    const words = h('span');
    const close = h('button', { type: 'button', 'aria-label': 'Dismiss' }, '×');
    close.addEventListener('click', () => this.#store.dismiss(id));
    return {
      element: h('p', { class: 'notice' }, words, close),
      update: (item: { text: string }) => text(words, item.text),
    };
  }

  #sentence(notice: { projectId: string; taskId: string; text: string }): string {
    const title = this.#store.rows.task(notice.projectId, notice.taskId)?.title ?? notice.taskId;
    return `Your change to “${title}” was taken back: ${notice.text}.`;
  }
}
