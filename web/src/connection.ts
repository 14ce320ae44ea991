/** The words of the connection: its phases, what goes into the machine and what comes out. */
import type { DataFrame, ServerFrame } from './frames.ts';
import type { Outbound, Want } from './outbound.ts';
import type { Stream } from './streams.ts';
import type { StreamPosition } from './types.ts';

export type Phase =
  | 'idle'
  | 'connecting'
  | 'syncing'
  | 'live'
  | 'waiting'
  | 'polling'
  | 'paused'
  | 'unauthorized'
  | 'failed'
  | 'closed';

/** What may be tuned. `backoffMs` are the waits before each of `attempts` tries; then polls, and a climb every `climbMs`. */
export interface Rules {
  readonly backoffMs: readonly number[];
  readonly jitter: number;
  readonly attempts: number;
  readonly pollWaitS: number;
  readonly climbMs: number;
  readonly hiddenMs: number;
}

export const NEVER = Number.POSITIVE_INFINITY;

export const RULES: Rules = {
  backoffMs: [1_000, 2_000, 5_000, 10_000, 30_000],
  jitter: 0.5,
  attempts: 5,
  pollWaitS: 25,
  climbMs: 30_000,
  hiddenMs: 300_000,
};

/** Times that are not set are `NEVER`. */
export interface Machine {
  readonly rules: Rules;
  readonly phase: Phase;
  /** Counts connection attempts, so that answers to an older one are told apart. */
  readonly generation: number;
  readonly failures: number;
  readonly refusedTokens: number;
  /** Why it is so, in a word; `sentenceOf` says it to a person. */
  readonly reason: string;
  /** End of the attempt under way, of the wait before the next, or of the silence that is borne. */
  readonly due: number;
  readonly lastFrameAt: number;
  readonly openedAt: number;
  readonly heartbeatMs: number;
  /** How long to stay away when the server restarts, and over which time all come back. */
  readonly hint: { readonly retryAfterMs: number; readonly jitterMs: number };
  readonly subscribed: boolean;
  /** The server itself is cut off from its source since then (0 = unknown when). */
  readonly staleSince: number | null;
  /** What the server said that it can do; empty before the first welcome. */
  readonly features: readonly string[];
  readonly offline: boolean;
  /** Since when nobody sees the page. */
  readonly hiddenAt: number;
  /** Counts long-polls, so that answers to an older one are told apart. */
  readonly polls: number;
  /** When the next poll is due: the open one ended, or took too long. */
  readonly pollBy: number;
  readonly pollFailures: number;
  /** While polling, when the WebSocket is tried. */
  readonly climbAt: number;
  /** Streams to follow: `project:*`, or named ones. */
  readonly wants: readonly string[];
  readonly streams: ReadonlyMap<string, Stream>;
}

export type Input =
  | { readonly type: 'connect' }
  | { readonly type: 'dispose' }
  /** `undefined`: it could not be fetched now. `null`: there is none, a person must sign in. */
  | { readonly type: 'token'; readonly generation: number; readonly token: string | null | undefined }
  | { readonly type: 'frame'; readonly frame: ServerFrame }
  | { readonly type: 'closed'; readonly code: number; readonly reason: string }
  | { readonly type: 'polled'; readonly poll: number; readonly frames: readonly ServerFrame[] }
  | {
      readonly type: 'unpolled';
      readonly poll: number;
      readonly status: number;
      readonly retryAfterMs?: number;
      /** Streams that the answer names. */
      readonly lost?: readonly string[] | undefined;
    }
  | { readonly type: 'tick' }
  | { readonly type: 'offline' }
  | { readonly type: 'online' }
  | { readonly type: 'hidden' }
  | { readonly type: 'wake' }
  | { readonly type: 'want'; readonly streams: readonly string[] }
  | { readonly type: 'placed'; readonly positions: Readonly<Record<string, StreamPosition>> }
  | { readonly type: 'drift'; readonly stream: string };

/** Why a token is asked for: to connect, because the last one was refused, or because it ends soon. */
export type TokenWhy = 'connect' | 'rejected' | 'expiring';

export type Effect =
  | readonly [type: 'token', generation: number, why: TokenWhy]
  | readonly [type: 'open', token: string]
  | readonly [type: 'close', code: number]
  | readonly [type: 'send', frame: Outbound]
  | readonly [type: 'poll', poll: number, why: TokenWhy, streams: readonly Want[]]
  | readonly [type: 'apply', frames: readonly DataFrame[]]
  | readonly [type: 'forget', stream: string]
  | readonly [type: 'heard', frame: ServerFrame];

/** `luck` in [0, 1) is the only randomness. */
export interface Moment {
  readonly now: number;
  readonly luck: number;
}

export type Step = readonly [Machine, readonly Effect[]];

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The machine as a step works on it: a copy, so that a step that fails leaves nothing of what it did. */
export type Draft = Omit<Writable<Machine>, 'streams'> & { readonly streams: Map<string, Stream> };

/** What comes out of a step besides the machine: frames to show, streams to ask for whole, effects in order. */
export interface Turn extends Moment {
  readonly shown: DataFrame[];
  readonly anew: Want[];
  readonly effects: Effect[];
}

export type Of<K extends Input['type']> = Extract<Input, { type: K }>;
export type Handler<K extends Input['type']> = (machine: Draft, turn: Turn, input: Of<K>) => void;

export const START: Machine = {
  rules: RULES,
  phase: 'idle',
  generation: 0,
  failures: 0,
  refusedTokens: 0,
  reason: '',
  due: NEVER,
  lastFrameAt: 0,
  openedAt: 0,
  heartbeatMs: 25_000,
  hint: { retryAfterMs: 0, jitterMs: 5_000 },
  subscribed: false,
  staleSince: null,
  features: [],
  offline: false,
  hiddenAt: NEVER,
  polls: 0,
  pollBy: 0,
  pollFailures: 0,
  climbAt: NEVER,
  wants: ['project:*'],
  streams: new Map(),
};
