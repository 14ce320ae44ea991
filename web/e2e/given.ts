/** What a part of the browser tests is given: an edge, tokens, and ways to ask and to change. */
import { setTimeout as sleep } from 'node:timers/promises';

/** `lead` looks at the board, `boris` is another person, `agents` may say that it speaks for agents. */
export interface Tokens {
  readonly lead: string;
  readonly boris: string;
  /** Somebody who has no project. */
  readonly newcomer: string;
  readonly agents: string;
}

export interface NewChange {
  readonly entity: string;
  readonly action: string;
  readonly project_id: string;
  readonly entity_id: string;
  readonly branch_id?: string;
  readonly source?: string;
  readonly session_id?: string;
  readonly data?: Readonly<Record<string, unknown>>;
}

interface Decisions {
  readonly changes: readonly { readonly outcome?: string }[];
}

const AGENT = { source: 'mcp-ai', session_id: 'builder-3' };

export class Given {
  readonly url: string;
  readonly login: string | null;
  readonly shots: string | null;
  readonly tokens: Tokens;
  readonly #inside: string;

  /** `inside`: the edge's private address. */
  constructor(url: string, login: string | null, shots: string | null, tokens: Tokens, inside = '') {
    this.#inside = inside;
    this.url = url;
    this.login = login;
    this.shots = shots;
    this.tokens = tokens;
  }

  async call<T>(path: string, token: string, body: object | null = null, more: object = {}): Promise<T> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...more };
    const options = body === null ? { headers } : { headers, method: 'POST', body: JSON.stringify(body) };
    const answer = await fetch(new URL(path, this.url), options);
    if (answer.status === 429) {
      await sleep(1_000 * Number(answer.headers.get('retry-after') ?? 1));
      return this.call(path, token, body, more);
    }
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  change(changes: readonly NewChange[], who: keyof Tokens = 'agents'): Promise<unknown> {
    return this.call('/api/v2/changes', this.tokens[who], changes);
  }

  /** As `change`, and comes back when the worker has decided and the edge knows. */
  async decided(changes: readonly NewChange[]): Promise<void> {
    const wait = { prefer: 'wait=30' };
    const { changes: told } = await this.call<Decisions>('/api/v2/changes', this.tokens.agents, changes, wait);
    if (told.some(({ outcome }) => outcome !== 'applied')) throw new Error(`not applied: ${JSON.stringify(told)}`);
  }

  /** A token of the lead that ends after so many seconds from now. */
  async short(seconds: number): Promise<string> {
    const asked = { user: 'lead', ttl_s: seconds };
    const { code } = await this.call<{ code: string }>(`${this.#inside}/login-codes`, '', asked);
    return (await this.call<{ token: string }>('/api/v2/login', '', { code })).token;
  }

  /** What the edge measures by this name. */
  async measured(name: string): Promise<number> {
    const lines = (await (await fetch(`${this.#inside}/metrics`)).text()).split('\n');
    return Number(lines.find((line) => line.startsWith(`${name} `))?.split(' ')[1]);
  }

  /** Set these fields of tasks of a project, all at once: as an agent, or as the other person. */
  patch(project: string, numbers: readonly number[], data: NewChange['data'], who: 'agents' | 'boris' = 'agents') {
    const from = who === 'agents' ? AGENT : { source: 'user' };
    const base = { ...from, entity: 'task', action: 'patch', project_id: project, data: data ?? {} };
    return this.change(
      numbers.map((number) => ({ ...base, entity_id: `t${number}` })),
      who,
    );
  }

  /** A project with one branch, `main`, and this many tasks, made by an agent's session. */
  async project(id: string, name: string, tasks: number): Promise<void> {
    const base = { project_id: id, source: 'mcp-ai', session_id: 'planner-7' };
    await this.change([
      { ...base, entity: 'project', action: 'create', entity_id: id, data: { name } },
      {
        ...base,
        entity: 'branch',
        action: 'create',
        entity_id: `${id}:main`,
        branch_id: `${id}:main`,
        data: { name: 'main' },
      },
    ]);
    for (let first = 0; first < tasks; first += 2_500) {
      const count = Math.min(2_500, tasks - first);
      await this.change(Array.from({ length: count }, (_, index) => newTask(id, first + index)));
    }
    await until(`${tasks} tasks in ${id}`, async () => {
      const { tasks: found } = await this.call<{ tasks: readonly unknown[] }>(
        `/api/v2/projects/${id}/tasks?limit=1&q=${encodeURIComponent(titleOf(id, tasks - 1))}`,
        this.tokens.lead,
      );
      return found.length === 1;
    });
  }
}

export function titleOf(project: string, number: number): string {
  return `Task ${number} of ${project}`;
}

function newTask(project: string, number: number): NewChange {
  const data = {
    title: titleOf(project, number),
    status: ['todo', 'todo', 'in_progress', 'review', 'done'][number % 5],
    priority: ['low', 'medium', 'high', 'urgent', 'critical'][number % 7] ?? 'medium',
    branch_id: `${project}:main`,
  };
  const base = { entity: 'task', action: 'create', source: 'mcp-ai', session_id: 'planner-7' };
  return { ...base, project_id: project, branch_id: `${project}:main`, entity_id: `t${number}`, data };
}

export async function until(what: string, holds: () => Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not in time: ${what}`);
    await sleep(100);
  }
}

export function said(what: string): void {
  console.log(`ok: ${what}`);
}

export function upTo(count: number): readonly number[] {
  return Array.from({ length: count }, (_, number) => number);
}

/** As `check`, of a list that should be empty; says what is in it. */
export function none(list: readonly string[], what: string): void {
  check(list.length === 0, `${what}${list.map((one) => `\n  ${one}`).join('')}`);
}

export function check(good: boolean, what: string): void {
  if (!good) throw new Error(what);
  said(what);
}
