/** The burn-down of what is chosen, over the page: an area chart that needs no colour to be read, and the same as a table. */
import type { Http } from '../http.ts';
import type { BurnDownAnswer } from '../types.ts';
import { type Areas, areasOf, dayOf, HIGH, saidOf, WIDE } from './burndown.ts';
import { h, svg } from './dom.ts';
import { Over } from './over.ts';
import { figure } from './times.ts';
import type { Choice } from './ui.ts';

const KINDS = [
  ['rest', 'open, not begun'],
  ['progress', 'in progress'],
  ['done', 'done'],
] as const;

export class BurnDownPane {
  readonly over = new Over('burndown', 'Burn-down');
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  show({ projectId, branchId }: Choice, name: string): Promise<void> {
    const words = { meanwhile: 'Reading the log…', failed: 'It could not be read' };
    return this.over.ask(`Burn-down of ${name}`, words, async () => {
      return this.#drawn(await this.#http.burndown(projectId, branchId));
    });
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
    const said = saidOf(answer);
    const plot = h('div', { class: 'plot' }, top(areas), chart(areas, said));
    return [h('figure', {}, plot, ends, legend, h('figcaption', {}, said)), table(answer)];
  }
}

function begun(point: BurnDownAnswer['points'][number] | undefined): number {
  return point === undefined ? 0 : Math.min(point.open, point.in_progress);
}

function top(areas: Areas): HTMLElement {
  return h('span', { class: 'most', 'aria-hidden': 'true' }, figure(areas.top));
}

function chart(areas: Areas, said: string): SVGSVGElement {
  const viewBox = `0 0 ${WIDE} ${HIGH}`;
  return svg(
    'svg',
    { class: 'areas', viewBox, preserveAspectRatio: 'none', role: 'img', 'aria-label': said },
    patterns('chart'),
    ...KINDS.map(([kind]) => svg('path', { d: areas[kind], class: kind, fill: `url(#chart-${kind})` })),
    svg('path', { d: areas.line, class: 'edge' }),
  );
}

/** Done is full, in progress dotted, the rest striped: without colour, too. */
function patterns(name: string): SVGElement {
  const size = { width: 8, height: 8 };
  const marks = {
    rest: svg('path', { d: 'M-2 2l4-4M0 8l8-8M6 10l4-4', class: 'stripe' }),
    progress: svg('circle', { cx: 4, cy: 4, r: 1.7, class: 'dot' }),
    done: svg('rect', { ...size, class: 'full' }),
  };
  const made = KINDS.map(([kind]) => {
    const ground = svg('rect', { ...size, class: `ground ${kind}` });
    return svg('pattern', { id: `${name}-${kind}`, ...size, patternUnits: 'userSpaceOnUse' }, ground, marks[kind]);
  });
  return svg('defs', {}, ...made);
}

function swatch(kind: 'rest' | 'progress' | 'done'): SVGElement {
  const fill = `url(#swatch-${kind}-${kind})`;
  const drawn = [patterns(`swatch-${kind}`), svg('rect', { width: 16, height: 16, fill })];
  return svg('svg', { viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true', class: 'swatch' }, ...drawn);
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
