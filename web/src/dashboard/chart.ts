/** The last hour in bars, a minute each: people above the line, agents (and the system) below it. */
import { attribute, h, svg, text } from './dom.ts';
import { type Counts, SPAN, totalOf } from './minutes.ts';
import { figure, minuteTime } from './times.ts';

const STEP = 4;
const WIDE = 3;

/** `height` of the drawing in its own units; people get a third of it. */
export class Hour {
  readonly element: SVGSVGElement;
  readonly #people = svg('path', { class: 'people' });
  readonly #agents = svg('path', { class: 'agents' });
  readonly #height: number;
  #drawn = '';

  constructor(height: number, name: string) {
    this.#height = height;
    const viewBox = `0 0 ${SPAN * STEP} ${height}`;
    const line = svg('path', { class: 'zero', d: `M0 ${this.#base}H${SPAN * STEP}` });
    this.element = svg(
      'svg',
      { class: `hour ${name}`, viewBox, preserveAspectRatio: 'none', role: 'img' },
      line,
      this.#people,
      this.#agents,
    );
  }

  update(minutes: readonly Counts[], label: string): void {
    attribute(this.element, 'aria-label', label);
    const now = JSON.stringify(minutes);
    if (now === this.#drawn) return;
    this.#drawn = now;
    const top = this.#base - 1;
    const people = minutes.map((one) => one.person);
    const agents = minutes.map((one) => one.agent + one.system);
    const most = Math.max(1, ...people, ...agents);
    attribute(this.element, 'data-quiet', Math.max(...people, ...agents) === 0);
    attribute(
      this.#people,
      'd',
      bars(people, most, (size) => [this.#base - size * top, size * top]),
    );
    attribute(
      this.#agents,
      'd',
      bars(agents, most, (size) => [this.#base, size * (this.#height - this.#base)]),
    );
  }

  get #base(): number {
    return Math.round(this.#height / 3);
  }
}

/** Roots of the counts: a person's one change stays visible beside an agent's thousand. */
function bars(counts: readonly number[], most: number, place: (size: number) => readonly [number, number]): string {
  let path = '';
  for (const [index, count] of counts.entries()) {
    if (count === 0) continue;
    const [y, height] = place(Math.max(0.12, Math.sqrt(count / most)));
    path += `M${index * STEP} ${y.toFixed(1)}h${WIDE}v${height.toFixed(1)}h-${WIDE}z`;
  }
  return path;
}

/** `since`: from when on changes are counted, where that is not the whole hour. */
export interface When {
  readonly now: number;
  readonly since: number | null;
}

/** The chart of all projects with its words; the pointer reads a minute. */
export class HourCard {
  readonly element = h('figure', { class: 'hours' });
  readonly #hour = new Hour(48, 'large');
  readonly #words = h('figcaption');
  #minutes: readonly Counts[] = [];
  #at: number | null = null;
  #when: When = { now: 0, since: null };

  constructor() {
    this.element.append(this.#words, this.#hour.element);
    this.#hour.element.addEventListener('pointermove', (event) => {
      const { left, width } = this.#hour.element.getBoundingClientRect();
      this.#at = Math.min(SPAN - 1, Math.max(0, Math.floor(((event.clientX - left) / width) * SPAN)));
      this.#say();
    });
    this.#hour.element.addEventListener('pointerleave', () => {
      this.#at = null;
      this.#say();
    });
  }

  update(minutes: readonly Counts[], when: When): void {
    this.#minutes = minutes;
    this.#when = when;
    this.#hour.update(minutes, `Changes, ${this.#whole()}`);
    this.#say();
  }

  #say(): void {
    const one = this.#at === null ? undefined : this.#minutes[this.#at];
    if (one === undefined || this.#at === null) text(this.#words, this.#whole());
    else text(this.#words, `${minuteTime(this.#when.now - (SPAN - 1 - this.#at) * 60_000)}: ${wordsOf(one)}`);
  }

  #whole(): string {
    const { since } = this.#when;
    return `${since === null ? 'last hour' : `since ${minuteTime(since)}`}: ${wordsOf(totalOf(this.#minutes))}`;
  }
}

/** Pure: "3 by people, 1,204 by agents". */
export function wordsOf({ person, agent, system }: Counts): string {
  if (person + agent + system === 0) return 'no changes';
  const parts = [
    ['people', person],
    ['agents', agent],
    ['the system', system],
  ] as const;
  const told = parts.filter(([, count]) => count > 0).map(([who, count]) => `${figure(count)} by ${who}`);
  return told.join(', ');
}
