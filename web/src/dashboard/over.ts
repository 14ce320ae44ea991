/** A sheet over the page with a heading and a way out. */
import { h, text } from './dom.ts';

export class Over {
  readonly element: HTMLDialogElement;
  readonly #title = h('h2');
  readonly #body = h('div', { class: 'body' });

  constructor(name: string, label: string) {
    const close = h('button', { class: 'round', type: 'button', 'aria-label': 'Close' }, '×');
    this.element = h('dialog', { class: `over ${name}`, 'aria-label': label });
    close.addEventListener('click', () => this.element.close());
    this.element.addEventListener('click', (event) => event.target === this.element && this.element.close());
    this.element.append(h('div', { class: 'sheet' }, this.#title, close, this.#body));
  }

  show(title: string, ...parts: readonly HTMLElement[]): void {
    text(this.#title, title);
    this.#body.replaceChildren(...parts);
    if (!this.element.isConnected) document.querySelector('.board')?.append(this.element);
    if (!this.element.open) this.element.showModal();
  }
}
