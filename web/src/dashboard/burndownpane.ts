/** The burn-down of what is chosen, over the page: an area chart that needs no colour to be read, and the same as a table. */
import type { Http } from '../http.ts';
import type { BurnDownAnswer } from '../types.ts';
import { type Areas, areasOf, dayOf, HIGH, saidOf, WIDE } from './burndown.ts';
import { attribute, h, text } from './dom.ts';
import { Over } from './over.ts';
import { figure } from './times.ts';
import type { Choice } from './ui.ts';

const SVG = 'http://www.w3.org/2000/svg';
const KINDS = [
  ['rest', 'open, not begun'],
  ['progress', 'in progress'],
  ['done', 'done'],
] as const;

export class BurnDownPane {
  readonly over = new Over('burndown', 'Burn-down');
  readonly #http: Http;
  #asked = 0;

  constructor(http: Http) {
    this.#http = http;
  }

  async show({ projectId, branchId }: Choice, name: string): Promise<void> {
    this.#asked += 1;
    const asked = this.#asked;
    const told = h('p', { class: 'why', role: 'status' }, 'Reading the log…');
    this.over.show(`Burn-down of ${name}`, told);
    try {
      const answer = await this.#http.burndown(projectId, branchId);
      if (asked === this.#asked) this.over.show(`Burn-down of ${name}`, ...this.#drawn(answer));
    } catch (error) {
      if (asked === this.#asked) text(told, `It could not be read: ${error instanceof Error ? error.message : error}`);
    }
  }

  #drawn(answer: BurnDownAnswer): readonly HTMLElement[] {
    const areas = areasOf(answer.points, Date.now());
    const [first, last] = [answer.points[0], answer.points.at(-1)];
    const ends = h('p', { class: 'ends' }, h('span', {}, dayOf(first?.at ?? '')), h('span', {}, `now (UTC)`));
    const counts = { rest: (last?.open ?? 0) - begun(last), progress: begun(last), done: last?.completed ?? 0 };
    const legend = h(
      'ul',
      { class: 'legend' },
      ...KINDS.map(([kind, word]) => h('li', {}, swatch(kind), `${word} ${figure(counts[kind])}`)),
    );
    const figureOf = h(
      'figure',
      {},
      h('div', { class: 'plot' }, top(areas)),
      ends,
      legend,
      h('figcaption', {}, saidOf(answer)),
    );
    figureOf.querySelector('.plot')?.append(chart(areas, saidOf(answer)));
    return [figureOf, table(answer)];
  }
}

function begun(point: BurnDownAnswer['points'][number] | undefined): number {
  return point === undefined ? 0 : Math.min(point.open, point.in_progress);
}

function top(areas: Areas): HTMLElement {
  return h('span', { class: 'most', 'aria-hidden': 'true' }, figure(areas.top));
}

function chart(areas: Areas, said: string): SVGSVGElement {
  const svg = draw('svg', { class: 'areas', viewBox: `0 0 ${WIDE} ${HIGH}`, preserveAspectRatio: 'none', role: 'img' });
  attribute(svg, 'aria-label', said);
  svg.append(patterns('chart'));
  for (const [kind] of KINDS) svg.append(draw('path', { d: areas[kind], class: kind, fill: `url(#chart-${kind})` }));
  svg.append(draw('path', { d: areas.line, class: 'edge' }));
  return svg as SVGSVGElement;
}

/** Done is full, in progress dotted, the rest striped: without colour, too. */
function patterns(name: string): SVGElement {
  const defs = draw('defs', {});
  const size = { width: 8, height: 8, patternUnits: 'userSpaceOnUse' };
  const marks = {
    rest: draw('path', { d: 'M-2 2l4-4M0 8l8-8M6 10l4-4', class: 'stripe' }),
    progress: draw('circle', { cx: 4, cy: 4, r: 1.7, class: 'dot' }),
    done: draw('rect', { width: 8, height: 8, class: 'full' }),
  };
  for (const [kind] of KINDS) {
    const pattern = draw('pattern', { id: `${name}-${kind}`, ...size });
    pattern.append(draw('rect', { width: 8, height: 8, class: `ground ${kind}` }), marks[kind]);
    defs.append(pattern);
  }
  return defs;
}

function swatch(kind: 'rest' | 'progress' | 'done'): SVGElement {
  const svg = draw('svg', { viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true', class: 'swatch' });
  svg.append(patterns(`swatch-${kind}`), draw('rect', { width: 16, height: 16, fill: `url(#swatch-${kind}-${kind})` }));
  return svg;
}

function table({ points, by }: BurnDownAnswer): HTMLElement {
  const head = ['at', 'open', 'in progress', 'done', 'all'].map((name) => h('th', { scope: 'col' }, name));
  const rows = [...points].reverse().map((point) => {
    const counts = [point.open, point.in_progress, point.completed, point.total];
    return h(
      'tr',
      {},
      h('th', { scope: 'row' }, dayOf(point.at)),
      ...counts.map((count) => h('td', {}, figure(count))),
    );
  });
  const made = h('table', {}, h('thead', {}, h('tr', {}, ...head)), h('tbody', {}, ...rows));
  const scroller = h('div', { class: 'rows', tabindex: 0, role: 'region', 'aria-label': 'Counts over time' }, made);
  return h('details', {}, h('summary', {}, `As a table, by the ${by}`), scroller);
}

function draw(name: string, attributes: Readonly<Record<string, string | number>>): SVGElement {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) attribute(made, key, value);
  return made;
}
