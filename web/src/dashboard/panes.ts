/** What lies over the page and is asked for seldom: loaded when it is, each in a file of its own. */
import type { Http } from '../http.ts';
import { h } from './dom.ts';
import type { Choice } from './ui.ts';

const ASKED = 'receipt-asked';

/** A button that opens the burn-down of what is chosen then. */
export function burnDownButton(http: Http, chosen: () => { readonly choice: Choice | null; readonly name: string }) {
  const button = h('button', { class: 'opens', type: 'button', 'aria-haspopup': 'dialog' }, 'Burn-down');
  const load = once(async () => new (await import('./burndownpane.ts')).BurnDownPane(http));
  button.addEventListener('click', () => {
    const { choice, name } = chosen();
    if (choice !== null) void load().then((pane) => pane.show(choice, name));
  });
  return button;
}

/** A button that asks for a session's receipt; whoever listens above it opens it. */
export function receiptButton(session: () => string): HTMLButtonElement {
  const button = h('button', { class: 'opens', type: 'button', 'aria-haspopup': 'dialog' }, 'Receipt');
  button.addEventListener('click', () =>
    button.dispatchEvent(new CustomEvent(ASKED, { bubbles: true, detail: session() })),
  );
  return button;
}

export function openReceipts(element: HTMLElement, http: Http): void {
  const load = once(async () => new (await import('./receiptpane.ts')).ReceiptPane(http));
  element.addEventListener(ASKED, (event) => {
    const { detail } = event as CustomEvent<string>;
    void load().then((pane) => pane.show(detail));
  });
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => {
    made ??= make();
    made.catch(() => {
      made = null;
    });
    return made;
  };
}
