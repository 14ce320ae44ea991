/** The words of the connection: its phases, what goes into the machine and what comes out. */
import type { DataFrame, ServerFrame } from './frames.ts';
import type { Outbound } from './outbound.ts';
import type { Stream } from './streams.ts';
import type { StreamPosition } from './types.ts';

export type Phase =
  | 'idle'
  | 'connecting'
  | 'syncing'
  | 'live'
  | 'waiting'
  | 'paused'
  | 'unauthorized'
  | 'failed'
  | 'closed';

export interface Machine {
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
  readonly streams: ReadonlyMap<string, Stream>;
}

export type Input =
  | { readonly type: 'connect' }
  | { readonly type: 'dispose' }
  | { readonly type: 'token'; readonly generation: number; readonly token: string | null }
  | { readonly type: 'opened' }
  | { readonly type: 'frame'; readonly frame: ServerFrame }
  | { readonly type: 'closed'; readonly code: number; readonly reason: string }
  | { readonly type: 'tick' }
  | { readonly type: 'offline' }
  | { readonly type: 'online' }
  | { readonly type: 'wake' }
  | { readonly type: 'placed'; readonly positions: Readonly<Record<string, StreamPosition>> }
  | { readonly type: 'drift'; readonly stream: string };

export type Effect =
  | { readonly type: 'token'; readonly generation: number; readonly rejected: boolean }
  | { readonly type: 'open'; readonly token: string }
  | { readonly type: 'close'; readonly code: number }
  | { readonly type: 'send'; readonly frame: Outbound }
  | { readonly type: 'apply'; readonly frames: readonly DataFrame[] }
  | { readonly type: 'forget'; readonly stream: string }
  | { readonly type: 'heard'; readonly frame: ServerFrame }
  | { readonly type: 'ready' };

/** `luck` in [0, 1) is the only randomness. */
export interface Moment {
  readonly now: number;
  readonly luck: number;
}

export const START: Machine = {
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
  streams: new Map(),
};
