/**
 * Rows, frames and answers of protocol 2.0. Names inside rows are snake_case, in the envelope and metadata camelCase.
 * Receivers ignore unknown fields, so every type here lists only what this client reads.
 */

export type RowKind = 'project' | 'branch' | 'task' | 'subtask' | 'context';
export type Breakdown = Readonly<Record<string, number>>;

/** `sequence` counts the cascades of one partition; `epoch` names the life of the topic it counts in. */
export interface StreamPosition {
  readonly epoch: string;
  readonly sequence: number;
}

/** A place in `task-changes`: every event of the partition below `offset` is included. */
export interface LogPosition {
  readonly partition: number;
  readonly offset: number;
}

export interface BaseRow {
  readonly id: string;
  readonly project_id?: string;
  readonly stamp: number;
  readonly deleted?: false;
}

interface Counts {
  readonly name: string;
  readonly total_tasks: number;
  readonly completed_tasks: number;
  readonly in_progress_tasks: number;
  readonly active_tasks: number;
  readonly total_subtasks: number;
  readonly completed_subtasks: number;
  readonly last_activity: string | null;
  readonly priority_breakdown: Breakdown;
  readonly status_breakdown: Breakdown;
  readonly archived: boolean;
  readonly digest?: number;
}

export interface ProjectRow extends BaseRow, Counts {
  readonly total_branches: number;
  readonly degraded?: number;
}

export interface BranchRow extends BaseRow, Counts {
  readonly project_id: string;
}

export interface Actor {
  readonly source: string;
  readonly user_id?: string | null;
  readonly session_id?: string | null;
}

export interface TaskRow extends BaseRow {
  readonly project_id: string;
  readonly branch_id: string;
  readonly title: string;
  readonly status: string;
  readonly priority: string;
  readonly assignees: readonly string[];
  readonly labels: readonly string[];
  readonly parent_id?: string | null;
  readonly progress_percentage: number | null;
  readonly total_subtasks: number;
  readonly completed_subtasks: number;
  readonly last_activity: string | null;
  readonly last_actor?: Actor | null;
}

export interface SubtaskRow extends BaseRow {
  readonly project_id: string;
  readonly branch_id: string;
  readonly task_id: string;
  readonly title: string;
  readonly status: string;
}

export interface ContextRow extends BaseRow {
  readonly project_id: string;
  readonly level: string;
}

/** A deleted thing. It stays known, so that a late row cannot bring it back. */
export interface Tombstone {
  readonly id: string;
  readonly project_id?: string;
  readonly deleted: true;
  readonly stamp: number;
}

export type LiveRow = ProjectRow | BranchRow | TaskRow | SubtaskRow | ContextRow;
export type Row = LiveRow | Tombstone;

export interface Cascade {
  readonly branches?: readonly Row[];
  readonly tasks?: readonly Row[];
  readonly projects?: readonly Row[];
  readonly subtasks?: readonly Row[];
  readonly contexts?: readonly Row[];
}

export interface Change {
  readonly entity: string;
  readonly action: string;
  readonly row: Row;
}

export interface SessionCount {
  readonly events: number;
  readonly session_id?: string | null;
  readonly user_id?: string | null;
  readonly source?: string;
}

export interface Merged {
  readonly events: number;
  readonly sessions: readonly SessionCount[];
  readonly correlationIds: readonly string[];
  readonly windowStart: number;
  readonly windowEnd: number;
}

export interface Metadata {
  readonly source?: string;
  readonly userId?: string | null;
  readonly sessionId?: string | null;
  readonly correlationId?: string | null;
  readonly position?: LogPosition;
  readonly merged?: Merged;
}

/** The common front of every frame. Control frames have sequence 0. */
export interface Envelope {
  readonly id: string;
  readonly version: string;
  readonly type: string;
  readonly timestamp: number;
  readonly sequence: number;
  readonly prev?: number;
  readonly epoch?: string;
  readonly stream?: string;
  readonly part?: number;
  readonly parts?: number;
  readonly payload?: unknown;
  readonly metadata?: Metadata;
}

export interface BulkAnswer {
  readonly summaries: Readonly<Record<string, BranchRow>>;
  readonly projects: Readonly<Record<string, ProjectRow>>;
  readonly metadata: {
    readonly positions: Readonly<Record<string, StreamPosition & { readonly position?: LogPosition }>>;
    readonly degraded?: readonly string[];
    readonly cached?: boolean;
    readonly generated_ms?: number;
  };
  readonly cache_key: string;
  readonly timestamp: unknown;
}

export interface TasksAnswer {
  readonly tasks: readonly TaskRow[];
  readonly next: string | null;
  readonly positions: Readonly<Record<string, StreamPosition & { readonly position?: LogPosition }>>;
}

/** One minute of a project: `minute` is its start, `sources` counts events by who sent them. */
export interface ActivityRow extends BaseRow {
  readonly project_id: string;
  readonly minute: string;
  readonly events: number;
  readonly sources: Readonly<Record<string, number>>;
}

export interface RecentAnswer {
  readonly tasks: readonly TaskRow[];
  readonly activity: Readonly<Record<string, readonly ActivityRow[]>>;
}

export interface FoundAnswer {
  readonly tasks: readonly TaskRow[];
  readonly more: boolean;
}

export interface BurnDownPoint {
  readonly at: string;
  readonly total: number;
  readonly completed: number;
  readonly in_progress: number;
  readonly open: number;
}

/** `at` of each point: the hour or day, UTC, at whose end these were the counts. */
export interface BurnDownAnswer {
  readonly by: 'hour' | 'day';
  readonly points: readonly BurnDownPoint[];
  readonly complete: boolean;
}

/** A row that a session changed. `left`: why an undo would leave it alone. */
export interface ReceiptRow {
  readonly project_id: string;
  readonly entity: string;
  readonly id: string;
  readonly title: string;
  readonly effects: readonly string[];
  readonly undo: string | null;
  readonly left: string | null;
  readonly changed_by: readonly { readonly source: string; readonly user_id?: string; readonly session_id?: string }[];
}

export interface ReceiptAnswer {
  readonly session_id: string;
  readonly summary: string;
  readonly began: string;
  readonly events: number;
  readonly rows: readonly ReceiptRow[];
  readonly complete: boolean;
  readonly undo: readonly unknown[];
}

export interface UndoneAnswer {
  readonly undone: number;
  readonly left: readonly ReceiptRow[];
  readonly receipt: ReceiptAnswer;
}

export function isTombstone(row: Row): row is Tombstone {
  return row.deleted === true;
}
