/** A sheet over the page with a heading and a way out. */
import { reasonOf } from '../http.ts';
import { attribute, h, text } from './dom.ts';

/** What is said until an answer is there, and before the reason when there is none. */
export interface Words {
  readonly meanwhile: string;
  readonly failed: string;
}

export class Over {
  readonly element: HTMLDialogElement;
  readonly #title = h('h2', { tabindex: -1 });
  readonly #body = h('div', { class: 'body' });
  #asked = 0;

  constructor(name: string, label: string) {
    const close = h('button', { class: 'round', type: 'button', 'aria-label': 'Close', autofocus: true }, '×');
    this.element = h('dialog', { class: `over ${name}`, 'aria-label': label });
    close.addEventListener('click', () => this.element.close());
    this.element.addEventListener('click', (event) => event.target === this.element && this.element.close());
    this.element.append(h('div', { class: 'sheet' }, this.#title, close, this.#body));
  }

  /** Whoever had the focus in what was shown before has it on the heading then. */
  show(title: string, ...parts: readonly HTMLElement[]): void {
    const focused = this.#body.contains(document.activeElement);
    text(this.#title, title);
    this.#body.replaceChildren(...parts);
    if (!this.element.isConnected) document.querySelector('.board')?.append(this.element);
    if (!this.element.open) this.element.showModal();
    if (focused) this.#title.focus();
  }

  /** Show what is asked for, unless the sheet was put away meanwhile, or asked for something else. */
  async ask(title: string, words: Words, ask: () => Promise<readonly HTMLElement[]>): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const wanted = () => asked === this.#asked && this.element.open;
    const told = h('p', { role: 'status' }, words.meanwhile);
    this.show(title, told);
    try {
      const parts = await ask();
      if (wanted()) this.show(title, ...parts);
    } catch (error) {
      if (!wanted()) return;
      attribute(told, 'class', 'why');
      text(told, `${words.failed}: ${reasonOf(error)}`);
    }
  }
}
