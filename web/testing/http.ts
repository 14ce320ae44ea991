/** The fake server's HTTP side: bulk and legacy calls, tasks, changes, long-polls. Node and browsers have what it needs. */
import type { BranchRow, BulkAnswer } from '../src/types.ts';
import { joining, noticeOf, projectOf, type Since } from './joins.ts';
import type { Move, Wire } from './moves.ts';
import type { Script } from './script.ts';
import type { World } from './world.ts';

export type Later = (call: () => void, ms: number) => unknown;

interface Event {
  readonly id: string;
  readonly entity: string;
  readonly action: string;
  readonly project_id: string;
  readonly entity_id: string;
  readonly if_stamp?: number;
  readonly data?: Record<string, unknown>;
}

export class FakeHttp {
  readonly #world: World;
  readonly #script: Script;
  readonly #later: Later;

  constructor(world: World, script: Script, later: Later) {
    this.#world = world;
    this.#script = script;
    this.#later = later;
  }

  /** Answer one call. Rejects when the script says that the server cannot be reached. */
  async answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    this.#script.calls.push(`${request.method} ${url.pathname}${url.search}`);
    const failing = Object.entries(this.#script.failing ?? {}).find(([path]) => url.pathname.startsWith(path))?.[1];
    if (failing === 0) throw new TypeError('the server cannot be reached');
    if (failing !== undefined) return problem(failing, failing === 404 ? 'feature-disabled' : `error ${failing}`);
    if (url.pathname === '/api/v2/login') return json({ token: 'fake.token.x', expires_at: '', user: 'alice' });
    if (!this.#known(request)) return problem(401, 'the token is not valid');
    return this.#route(request, url);
  }

  #known(request: Request): boolean {
    const token = request.headers.get('authorization')?.replace(/^Bearer /, '');
    return token !== undefined && (this.#script.tokens ?? [token]).includes(token);
  }

  async #route(request: Request, url: URL): Promise<Response> {
    const { pathname, searchParams: query } = url;
    if (pathname === '/api/v2/branches/summaries/bulk') return this.#bulk(await request.json());
    if (pathname === '/api/v2/changes') {
      return request.method === 'GET' ? this.#poll(query, request.signal) : this.#change(await request.json());
    }
    const tasks = /^\/api\/v2\/projects\/([^/]+)\/tasks$/.exec(pathname)?.[1];
    if (tasks !== undefined) {
      const limit = Number(query.get('limit') ?? 100);
      return json(this.#world.tasks(decodeURIComponent(tasks), query.get('branch_id'), query.get('after'), limit));
    }
    if (pathname === '/api/v2/views/projects') return this.#names();
    const legacy = /^\/api\/v1\/projects\/([^/]+)\/branches\/summaries$/.exec(pathname)?.[1];
    return legacy === undefined ? problem(404, 'not found') : this.#legacy(decodeURIComponent(legacy));
  }

  #bulk(body: unknown): Response {
    const names = (body as { project_ids?: readonly string[] | null }).project_ids;
    const all = this.#world.bulk();
    if (!names) return json(all);
    const missing = names.find((id) => all.projects[id] === undefined);
    return missing === undefined ? json(only(all, names)) : unknown(missing);
  }

  /** The view of projects, of which only the ids are asked for. */
  #names(): Response {
    const rows = Object.keys(this.#world.bulk().projects).map((project_id) => ({ project_id }));
    return json({ view: 'projects', columns: ['project_id'], rows, next: null, positions: [] });
  }

  #legacy(id: string): Response {
    const { projects, summaries, metadata } = only(this.#world.bulk(), [id]);
    const project = projects[id];
    if (project === undefined) return unknown(id);
    const branches = Object.values(summaries);
    return json({ project, branches, total_branches: branches.length, positions: metadata.positions });
  }

  #change(event: Event): Response {
    if (this.#script.refuse !== undefined) return problem(403, this.#script.refuse);
    const { id, entity, action, entity_id, project_id: project, data: fields = {}, if_stamp } = event;
    const known = this.#world.places.get(project)?.tasks.get(entity_id)?.stamp;
    const move = { entity, action: action === 'update' ? 'create' : action, id: entity_id, project, fields } as Move;
    if (if_stamp === undefined || if_stamp === known) {
      this.#world.change(move, { source: 'user', userId: 'alice', correlationId: id });
    } else this.#world.offset += 1;
    const position = { partition: 0, offset: this.#world.offset };
    return json({ changes: [{ id, correlation_id: id, position }], positions: [position] }, 202);
  }

  #poll(query: URLSearchParams, signal: AbortSignal): Promise<Response> {
    const places = query.getAll('since');
    const wants = new Map(query.getAll('stream').map((stream, i) => [stream, sinceOf(places[i])]));
    const wait = Number(query.get('wait') ?? 25) * 1_000;
    return new Promise((resolve) => {
      let over = false;
      const end = (answer: Response) => {
        if (!over) resolve(answer);
        over = true;
        stop();
      };
      const look = () => {
        const answer = this.#news(query) ?? this.#look(wants);
        if (answer !== null) end(answer);
      };
      const stop = this.#world.onFrames(() => queueMicrotask(look));
      signal.addEventListener('abort', () => end(problem(499, 'given up')));
      this.#later(() => end(new Response(null, { status: 204 })), wait);
      look();
    });
  }

  /** The frame that says how old the rows are, when the caller thinks otherwise. */
  #news(query: URLSearchParams): Response | null {
    const { stale = null } = this.#script;
    if ((query.get('stale') === 'true') === (stale !== null)) return null;
    const [action, data] = stale === null ? ['live', {}] : ['stale', { since: stale, reason: 'broker' }];
    return json([{ sequence: 0, type: 'sync', version: '2.0', payload: { entity: 'connection', action, data } }]);
  }

  /** What there is after these places; null when there is nothing yet. */
  #look(wants: ReadonlyMap<string, Since | undefined>): Response | null {
    const frames: Wire[] = [];
    for (const [stream, since] of this.#named(wants)) {
      const { status, missed } = joining(this.#world, stream, since, this.#script.ring ?? 300);
      if (status === 'error') return unknown(projectOf(stream));
      if (status === 'snapshot' && since !== undefined) {
        return json({ title: 'unrecoverable', code: 'unrecoverable-position', errors: [stream] }, 410);
      }
      frames.push(...(status === 'snapshot' ? this.#snapshot(stream) : this.#shown(missed)));
    }
    return frames.length > 0 ? json(frames) : null;
  }

  #snapshot(stream: string): readonly Wire[] {
    return this.#world.snapshot(projectOf(stream), this.#script.parts ?? 1);
  }

  #shown(frames: readonly Wire[]): readonly Wire[] {
    return this.#script.notices === true ? frames.map(noticeOf) : frames;
  }

  #named(wants: ReadonlyMap<string, Since | undefined>): ReadonlyMap<string, Since | undefined> {
    const named = new Map(wants);
    if (!named.delete('project:*')) return named;
    for (const [id, { project }] of this.#world.places) {
      if (project !== null && !named.has(`project:${id}`)) named.set(`project:${id}`, undefined);
    }
    return named;
  }
}

function only(answer: BulkAnswer, ids: readonly string[]): BulkAnswer {
  const mine = (row: BranchRow) => ids.includes(row.project_id);
  const { metadata } = answer;
  return {
    ...answer,
    summaries: Object.fromEntries(Object.entries(answer.summaries).filter(([, row]) => mine(row))),
    projects: picked(answer.projects, ids),
    metadata: { ...metadata, positions: picked(metadata.positions, ids) },
  };
}

function picked<T>(record: Readonly<Record<string, T>>, ids: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(record).filter(([id]) => ids.includes(id)));
}

function sinceOf(text: string | undefined): Since | undefined {
  const colon = text?.lastIndexOf(':') ?? -1;
  return text && colon > 0 ? { epoch: text.slice(0, colon), sequence: Number(text.slice(colon + 1)) } : undefined;
}

function json(value: unknown, status = 200): Response {
  return new Response(JSON.stringify(value), { status, headers: { 'content-type': 'application/json' } });
}

function unknown(project: string): Response {
  return problem(404, `project ${project}`, 'unknown-project', [`project:${project}`]);
}

function problem(status: number, detail: string, code = detail, errors?: readonly string[]): Response {
  const temporary = status >= 500 || status === 429;
  const answer = json({ type: 'about:blank', title: detail, detail, status, code, temporary, errors }, status);
  if (status === 429) answer.headers.set('retry-after', '5');
  return answer;
}
