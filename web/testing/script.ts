/** What a test makes the fake server do, and what the server heard. */
export interface Script {
  /** Refuse the next changes with this reason instead of taking them. */
  refuse?: string | undefined;
  /** Take changes without ever answering. */
  mute?: boolean;
  /** Pages of a snapshot. */
  parts?: number;
  /** Frames that a resume may replay; more means a snapshot. */
  ring?: number;
  /** Send notices in place of rows, as an edge without cascades. */
  notices?: boolean;
  /** Since when what is shown is old; polls are told when they think otherwise. */
  stale?: number | null;
  /** Answer these paths (their beginnings) with this status; 0 is no answer at all. */
  failing?: Readonly<Record<string, number>>;
  /** The tokens that are taken; all when it is left out. */
  tokens?: readonly string[];
  /** Every client frame that came, in order. */
  readonly heard: Record<string, unknown>[];
  /** Every HTTP call that came: method and path with its query. */
  readonly calls: string[];
}

export function newScript(): Script {
  return { heard: [], calls: [] };
}
