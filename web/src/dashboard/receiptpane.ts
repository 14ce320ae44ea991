/** What an agent's session did in the end, over the page, and taking it back. */
import type { Http } from '../http.ts';
import type { ReceiptAnswer, ReceiptRow } from '../types.ts';
import { h, text } from './dom.ts';
import { Over } from './over.ts';
import { figure, fullTime } from './times.ts';

const SHOWN = 200;

export class ReceiptPane {
  readonly over = new Over('receipt', 'Receipt');
  readonly #http: Http;
  #session = '';

  constructor(http: Http) {
    this.#http = http;
  }

  async show(session: string): Promise<void> {
    this.#session = session;
    await this.#run('Reading the log…', () => this.#http.receipt(session), []);
  }

  async #undo(): Promise<void> {
    const told: string[] = [];
    const taken = async () => {
      const { receipt, undone, left } = await this.#http.undo(this.#session);
      told.push(`${figure(undone)} taken back, ${figure(left.length)} left alone.`);
      return receipt;
    };
    await this.#run('Taking it back…', taken, told);
  }

  async #run(meanwhile: string, ask: () => Promise<ReceiptAnswer>, before: readonly string[]): Promise<void> {
    const session = this.#session;
    const told = h('p', { class: 'why', role: 'status' }, meanwhile);
    this.over.show(`Session ${session}`, told);
    try {
      const answer = await ask();
      if (session === this.#session) this.over.show(`Session ${session}`, ...this.#drawn(answer, before));
    } catch (error) {
      if (session === this.#session) text(told, error instanceof Error ? error.message : String(error));
    }
  }

  #drawn(answer: ReceiptAnswer, before: readonly string[]): readonly HTMLElement[] {
    const undo = h('button', { class: 'primary', type: 'button' }, `Take ${figure(answer.undo.length)} back`);
    undo.addEventListener('click', () => void this.#undo());
    const when = `${figure(answer.events)} events from ${fullTime(answer.began)} on`;
    const rows = answer.rows.slice(0, SHOWN).map((row) => h('li', {}, h('b', {}, row.title), ` ${wordsOf(row)}`));
    const list = h('ul', { class: 'effects', tabindex: 0, 'aria-label': 'What became of each' }, ...rows);
    return [
      h('p', { class: 'net' }, answer.summary),
      h('p', { class: 'foot' }, when),
      ...before.map((line) => h('p', { role: 'status' }, line)),
      ...(answer.complete ? [] : [h('p', {}, 'The log does not reach back to before all of it.')]),
      ...(rows.length > 0 ? [list] : []),
      ...(answer.undo.length > 0 ? [undo] : []),
    ];
  }
}

/** Pure: what became of a row, and why it would be left alone. */
export function wordsOf({ entity, effects, left, changed_by: others }: ReceiptRow): string {
  const kind = entity === 'task' ? '' : `(${entity}) `;
  const names = others.map((one) => one.user_id ?? one.session_id ?? one.source).join(', ');
  const alone = left === null ? '' : ` — stays: ${left}${names === '' ? '' : ` (${names})`}`;
  return `${kind}${effects.join(', ')}${alone}`;
}
