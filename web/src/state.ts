/** Pure: what a page says of its connection, and the page's own events as the client's inputs. */
import type { Input, Machine, Phase } from './connection.ts';

/**
 * `asOf`: when the rows were last known to be right. `nextAt`: when something is tried next by itself. `staleSince`: the
 * server itself is cut off from its source since then.
 */
export interface Connection {
  readonly phase: Phase;
  readonly reason: string;
  readonly attempt: number;
  readonly asOf: number | null;
  readonly nextAt: number | null;
  readonly staleSince: number | null;
}

export const NOT_CONNECTED: Connection = {
  phase: 'idle',
  reason: '',
  attempt: 0,
  asOf: null,
  nextAt: null,
  staleSince: null,
};

export function connectionOf(machine: Machine): Connection {
  const { phase, reason, failures, lastFrameAt, staleSince, polling } = machine;
  const nextAt = phase === 'waiting' ? machine.due : (polling?.climbAt ?? null);
  return { phase, reason, attempt: failures, asOf: lastFrameAt || null, nextAt, staleSince };
}

/** Whether two states say the same to a person: `asOf` alone moves with every frame, and is no news. */
export function sameConnection(a: Connection, b: Connection): boolean {
  return (
    a.phase === b.phase &&
    a.reason === b.reason &&
    a.attempt === b.attempt &&
    a.nextAt === b.nextAt &&
    a.staleSince === b.staleSince
  );
}

interface Told {
  input(input: Input): void;
  flush(): void;
}

/** Tell a client what happens to its page: seen or hidden, online or not, frozen, left. Returns the way to stop. */
export function watchPage(client: Told, page: Window & typeof globalThis): () => void {
  const stop = new AbortController();
  const { signal } = stop;
  const on = (target: EventTarget, name: string, call: (event: Event) => void) =>
    target.addEventListener(name, call, { signal });
  const seen = () => client.input({ type: page.document.hidden ? 'hidden' : 'wake' });
  on(page, 'online', () => client.input({ type: 'online' }));
  on(page, 'offline', () => client.input({ type: 'offline' }));
  on(page, 'pageshow', (event) => 'persisted' in event && event.persisted && client.input({ type: 'wake' }));
  on(page, 'pagehide', () => client.flush());
  on(page.document, 'visibilitychange', seen);
  if (page.document.hidden) seen();
  return () => stop.abort();
}
