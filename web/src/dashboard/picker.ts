/**
 * A value that is chosen from a list: a button that shows it, and the menu only while it is open. Rows by the dozen are
 * in the page while one scrolls; menus with all their options in each of them would make every frame dearer.
 */
import { h, text } from './dom.ts';
import { label } from './words.ts';

export class Picker {
  readonly element = h('span', { class: 'picker' });
  readonly #name: string;
  readonly #known: readonly string[];
  readonly #picked: (value: string) => void;
  readonly #button = h('button', { type: 'button', tabindex: '-1', 'aria-haspopup': 'listbox' });
  readonly #word = h('span');
  #menu: HTMLSelectElement | null = null;
  #value = '';

  constructor(name: string, known: readonly string[], picked: (value: string) => void) {
    this.#name = name;
    this.#known = known;
    this.#picked = picked;
    this.#button.append(h('span', { class: 'spoken' }, `${name}: `), this.#word);
    this.element.append(this.#button);
    this.#button.addEventListener('click', () => this.open());
  }

  update(value: string): void {
    if (value === this.#value) return;
    this.#value = value;
    text(this.#word, label(value));
  }

  /** Show the menu, opened where the browser lets a page do that. A change of others meanwhile does not move it. */
  open(): void {
    if (this.#menu !== null) return;
    const names = this.#known.includes(this.#value) ? this.#known : [...this.#known, this.#value];
    const menu = h(
      'select',
      { 'aria-label': this.#name },
      ...names.map((name) => h('option', { value: name }, label(name))),
    );
    menu.value = this.#value;
    menu.addEventListener('change', () => {
      const { value } = menu;
      this.close();
      this.#picked(value);
    });
    menu.addEventListener('blur', () => this.close());
    this.#menu = menu;
    this.#button.hidden = true;
    this.element.append(menu);
    menu.focus();
    try {
      menu.showPicker();
    } catch {
      // Not allowed here: the arrow keys choose all the same.
    }
  }

  /** Put the menu away; whoever had the focus in it has it on the row then. */
  close(): void {
    const menu = this.#menu;
    if (menu === null) return;
    this.#menu = null;
    const focused = document.activeElement === menu;
    menu.remove();
    this.#button.hidden = false;
    if (focused) this.element.closest<HTMLElement>('[role="row"]')?.focus();
  }
}
