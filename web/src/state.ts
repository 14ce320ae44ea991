/** Pure: what a page says of its connection, and the page's own events as the client's inputs. */
import { type Input, type Machine, NEVER, type Phase } from './connection.ts';

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
  const { phase, reason, failures, lastFrameAt, staleSince, due, climbAt } = machine;
  const next = phase === 'waiting' ? due : phase === 'polling' ? climbAt : NEVER;
  const nextAt = next < NEVER ? next : null;
  return { phase, reason: sentenceOf(reason), attempt: failures, asOf: lastFrameAt || null, nextAt, staleSince };
}

const SENTENCES: Readonly<Record<string, string>> = {
  hidden: 'nobody looks at this page',
  offline: 'this device is offline',
  'sign-in': 'sign in',
  silent: 'the connection went silent',
  unanswered: 'no answer from the server',
  1006: 'connection lost',
  '1008 sink': 'this page failed to show what came',
  1012: 'the server restarts',
  1013: 'the server is busy',
  4401: 'the sign-in is no longer valid',
  4403: 'this page may not connect',
  4406: 'this page is too old for the server; reload it',
  4429: 'too many connections or messages',
};

/** A machine's reason as one short sentence for a person. It is a word, or a close code and the server's own word for it. */
export function sentenceOf(reason: string): string {
  const [, code = '', word = ''] = /^(\d*) ?(.*)$/s.exec(reason) ?? [];
  const told = SENTENCES[reason] ?? SENTENCES[code] ?? word.replaceAll(/[-_]/g, ' ');
  return told || (code && `connection closed (${code})`);
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
  const { document } = page;
  const seen = () => client.input({ type: document.hidden ? 'hidden' : 'wake' });
  const moves: Readonly<Record<string, (event: Event) => void>> = {
    online: () => client.input({ type: 'online' }),
    offline: () => client.input({ type: 'offline' }),
    pagehide: () => client.flush(),
    pageshow: (event) => (event as PageTransitionEvent).persisted && seen(),
    visibilitychange: seen,
  };
  for (const [name, move] of Object.entries(moves)) page.addEventListener(name, move, { signal: stop.signal });
  if (document.hidden) seen();
  return () => stop.abort();
}
