/** What the client needs of the world around it, and how a browser or Node gives it. Nothing is looked up at import. */
import type { BufferRules } from './buffer.ts';
import type { Call } from './calls.ts';
import type { Rules, TokenWhy } from './connection.ts';
import type { DataFrame } from './frames.ts';
import type { Bounds, Outcome, Pending } from './outbox.ts';

/** The part of a WebSocket that the driver uses. */
export interface Socket {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
  onerror: ((event: never) => void) | null;
  readonly bufferedAmount?: number;
  send(text: string): void;
  close(code?: number): void;
}

export interface Env {
  readonly open: (token: string) => Socket;
  /** `null`: there is none, sign in. A rejected promise: not now, it is tried again. */
  readonly token: (why: TokenWhy) => Promise<string | null>;
  readonly now: () => number;
  readonly random: () => number;
  readonly randomBytes: (bytes: Uint8Array) => void;
  readonly setTimeout: (call: () => void, ms: number) => unknown;
  readonly clearTimeout: (timer: never) => void;
  /** HTTP, for polls and for changes without a WebSocket. */
  readonly call: Call;
}

/** What keeps the rows. `apply` is called once for all frames that are to be shown together. */
export interface Sink {
  apply(frames: readonly DataFrame[], now: number): void;
  forget(stream: string): void;
  /** The changes that wait, and those that ended just now. */
  changes?(pending: readonly Pending[], outcomes: readonly Outcome[], now: number): void;
  /** Whether a heartbeat's sums show that something was missed. */
  drifts?(stream: string, stamp: number | null, digest: number | null): boolean;
}

export interface Tuning {
  readonly rules?: Partial<Rules>;
  readonly buffer?: Partial<BufferRules>;
  readonly queue?: Partial<Bounds>;
  readonly streams?: readonly string[] | undefined;
}

/** `null` means that a person must sign in. */
export type TokenSource = (why: TokenWhy) => string | null | Promise<string | null>;

export interface Place {
  /** The edge, as `https://host`; without it, where the page came from. */
  readonly url?: string | undefined;
  readonly token: TokenSource;
  /** Stand-ins: in Node the class of the package `ws`, in tests that of a fake server. */
  readonly WebSocket?:
    | (new (
        url: string,
        protocols: string[],
        options?: { headers: Record<string, string> },
      ) => unknown)
    | undefined;
  readonly fetch?: typeof fetch | undefined;
}

/** The surroundings of a browser, or of a Node that has a WebSocket. */
export function envOf({ url, token, ...stand }: Place): Env {
  const address = (path: string) => new URL(path, url ?? location.href).href;
  const bearer = (text: string) => ({ authorization: `Bearer ${text}` });
  return {
    open: (text) => {
      const Kind = (stand.WebSocket ?? WebSocket) as NonNullable<Place['WebSocket']>;
      // A program has no Origin, so the edge wants its token in the header; browsers take no third argument.
      const socket = address('/ws/v2').replace(/^http/, 'ws');
      return new Kind(socket, ['summary.v2', `bearer.${text}`], { headers: bearer(text) }) as Socket;
    },
    token: async (why) => token(why),
    call: (path, text, init) => {
      const headers = { ...bearer(text), ...init.headers };
      return (stand.fetch ?? fetch)(address(path), { cache: 'no-store', ...init, headers });
    },
    now: () => Date.now(),
    random: () => Math.random(),
    randomBytes: (bytes) => void crypto.getRandomValues(bytes as Uint8Array<ArrayBuffer>),
    setTimeout: (call, ms) => setTimeout(call, ms),
    clearTimeout: (timer) => clearTimeout(timer),
  };
}
