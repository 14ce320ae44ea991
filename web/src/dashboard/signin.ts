/** The screen of those who have no token: where the login link is, and a field for a token. */
import { h, icon, text } from './dom.ts';
import { MARK } from './words.ts';

export class SignIn {
  readonly element: HTMLDialogElement;
  readonly #why = h('p', { class: 'why', role: 'alert' });
  readonly #field: HTMLTextAreaElement;

  constructor(enter: (token: string) => void) {
    this.#field = h('textarea', { id: 'token', rows: 3, spellcheck: 'false', autocomplete: 'off', required: true });
    const form = h(
      'form',
      {},
      h(
        'label',
        { for: 'token' },
        'Or paste a token ',
        h('span', { class: 'hint' }, 'from ', h('code', {}, 'anabranch token --user NAME --all')),
      ),
      this.#field,
      h('button', { type: 'submit', class: 'primary' }, 'Open the board'),
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      const token = this.#field.value.trim().replace(/^Bearer\s+/i, '');
      this.#field.value = '';
      if (token === '') return;
      this.element.close();
      this.element.remove();
      enter(token);
    });
    this.element = h(
      'dialog',
      { class: 'signin', 'aria-label': 'Sign in' },
      h(
        'div',
        { class: 'sheet' },
        icon(MARK, 'mark'),
        h('h1', {}, 'Open the link that ', h('code', {}, 'anabranch up'), ' printed'),
        this.#why,
        form,
      ),
    );
  }

  show(why: string): void {
    text(this.#why, why);
    this.#why.hidden = why === '';
  }

  /** Over a board it can be put away: the badge brings it back. */
  open(over: boolean): void {
    this.element.toggleAttribute('data-over', over);
    if (this.element.open) return;
    if (over) this.element.showModal();
    else this.element.show();
  }
}
