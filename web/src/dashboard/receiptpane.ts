/** What an agent's session did in the end, over the page, and taking it back. */
import type { Http } from '../http.ts';
import type { ReceiptAnswer, ReceiptRow } from '../types.ts';
import { h, text } from './dom.ts';
import { Over } from './over.ts';
import { counted, figure, fullTime } from './times.ts';

const SHOWN = 200;

export class ReceiptPane {
  readonly over = new Over('receipt', 'Receipt');
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  show(session: string): Promise<void> {
    const words = { meanwhile: 'Reading the log…', failed: 'It could not be read' };
    return this.over.ask(`Session ${session}`, words, async () => {
      return this.#drawn(session, await this.#http.receipt(session));
    });
  }

  #undo(session: string): Promise<void> {
    const words = { meanwhile: 'Taking it back…', failed: 'It could not be taken back' };
    return this.over.ask(`Session ${session}`, words, async () => {
      const { receipt, undone, left } = await this.#http.undo(session);
      const told = `${figure(undone)} taken back, ${figure(left.length)} left alone.`;
      return [h('p', { role: 'status' }, told), ...this.#drawn(session, receipt)];
    });
  }

  #drawn(session: string, answer: ReceiptAnswer): readonly HTMLElement[] {
    const when = `${counted(answer.events, 'event')} since ${fullTime(answer.began)}`;
    const rows = answer.rows.slice(0, SHOWN).map((row) => h('li', {}, h('b', {}, row.title), ` ${wordsOf(row)}`));
    const list = h('ul', { class: 'effects', tabindex: 0, 'aria-label': 'What became of each' }, ...rows);
    return [
      h('p', { class: 'net' }, answer.summary),
      h('p', { class: 'foot' }, when),
      ...(answer.complete ? [] : [h('p', {}, 'The log does not reach back to before all of it.')]),
      ...(rows.length > 0 ? [list] : []),
      ...(answer.undo.length > 0 ? [this.#undoing(session, answer.undo.length)] : []),
    ];
  }

  /** Pressed once it asks, pressed again it does it. */
  #undoing(session: string, count: number): HTMLElement {
    const button = h('button', { class: 'primary', type: 'button' }, `Take back ${counted(count, 'change')}`);
    const told = h('span', { role: 'status' });
    let asked = false;
    button.addEventListener('click', ({ detail }) => {
      if (asked && detail < 2) void this.#undo(session);
      asked = true;
      text(button, `Yes, take back ${counted(count, 'change')}`);
      text(told, 'What others changed since stays as it is.');
    });
    return h('p', { class: 'undoing' }, button, told);
  }
}

/** Pure: what became of a row, and why it would be left alone. */
export function wordsOf({ entity, effects, left, changed_by: others }: ReceiptRow): string {
  const kind = entity === 'task' ? '' : `(${entity}) `;
  const names = others.map((one) => one.user_id ?? one.session_id ?? one.source).join(', ');
  const alone = left === null ? '' : ` — stays: ${left}${names === '' ? '' : ` (${names})`}`;
  return `${kind}${effects.join(', ')}${alone}`;
}
