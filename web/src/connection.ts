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

export const RULES: Rules = {
  backoffMs: [1_000, 2_000, 5_000, 10_000, 30_000],
  jitter: 0.5,
  attempts: 5,
  pollWaitS: 25,
  climbMs: 30_000,
  hiddenMs: 300_000,
};

/** `by`: end of the open call, or of the wait before the next. `climbBy`: end of the WebSocket attempt under way. */
export interface Polling {
  readonly poll: number;
  readonly by: number;
  readonly waits: boolean;
  readonly failures: number;
  readonly refused: boolean;
  readonly climbAt: number;
  readonly climbBy: number | null;
}

export interface Machine {
  readonly rules: Rules;
  readonly phase: Phase;
  /** Counts connection attempts, so that answers to an older one are told apart. */
  readonly generation: number;
  readonly failures: number;
  readonly refusedTokens: number;
  readonly reason: string;
  /** End of the connect timeout or of the wait before the next attempt. */
  readonly due: number | null;
  readonly lastFrameAt: number;
  readonly openedAt: number;
  readonly heartbeatMs: number;
  readonly probeBy: number | null;
  readonly hint: { readonly wait: number; readonly spread: number } | null;
  readonly subscribed: boolean;
  /** The server itself is cut off from its source since then (0 = unknown when). */
  readonly staleSince: number | null;
  /** What the server said that it can do; empty before the first welcome. */
  readonly features: readonly string[];
  readonly offline: boolean;
  readonly hiddenAt: number | null;
  readonly polling: Polling | null;
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
      readonly retryAfterMs: number;
      readonly lost: readonly string[];
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
  | { readonly type: 'token'; readonly generation: number; readonly why: TokenWhy }
  | { readonly type: 'open'; readonly token: string }
  | { readonly type: 'close'; readonly code: number }
  | { readonly type: 'send'; readonly frame: Outbound }
  | { readonly type: 'poll'; readonly poll: number; readonly rejected: boolean; readonly streams: readonly Want[] }
  | { readonly type: 'apply'; readonly frames: readonly DataFrame[] }
  | { readonly type: 'forget'; readonly stream: string }
  | { readonly type: 'heard'; readonly frame: ServerFrame }
  | { readonly type: 'ready' };

/** `luck` in [0, 1) is the only randomness. */
export interface Moment {
  readonly now: number;
  readonly luck: number;
}

export type Step = readonly [Machine, readonly Effect[]];

export const START: Machine = {
  rules: RULES,
  phase: 'idle',
  generation: 0,
  failures: 0,
  refusedTokens: 0,
  reason: '',
  due: null,
  lastFrameAt: 0,
  openedAt: 0,
  heartbeatMs: 25_000,
  probeBy: null,
  hint: null,
  subscribed: false,
  staleSince: null,
  features: [],
  offline: false,
  hiddenAt: null,
  polling: null,
  wants: ['project:*'],
  streams: new Map(),
};
