/** Generated from schemas/contract by `make generate`. Do not edit. */

export type ClientFrame = ClientSync | ClientHeartbeat | ClientChange;
export type Row =
  | ProjectSummary
  | BranchSummary
  | TaskSummary
  | SubtaskSummary
  | ContextUpdate
  | MemberRow
  | ActivityRow
  | LetterRow
  | Tombstone;
export type ServerFrame = SyncFrame | HeartbeatFrame | AckFrame | ErrorFrame | UpdateFrame | SnapshotFrame | BulkFrame;

/**
 * What became of a change.
 */
export interface AckFrame {
  sequence: 0;
  id: string;
  version: '2.0';
  /**
   * Milliseconds since 1970, UTC.
   */
  timestamp: number;
  metadata: ControlMetadata;
  type: 'ack';
  payload: AckPayload;
}
/**
 * Control frames come from the edge itself.
 */
export interface ControlMetadata {
  source: 'system';
  correlationId?: string;
}
/**
 * ack.
 */
export interface AckPayload {
  entity: string;
  action: 'accepted' | 'applied' | 'rejected' | 'duplicate';
  data: Acknowledgement;
}
/**
 * What became of a change: accepted = in the log at position; applied or rejected = the worker's decision.
 */
export interface Acknowledgement {
  messageId: string;
  correlationId: string | null;
  position?: Position;
  error?: Fault;
}
/**
 * A place in `task-changes`: all events of the partition below `offset` are in the answer, none at or above it.
 */
export interface Position {
  partition: number;
  offset: number;
}
/**
 * What is wrong: a code of `schemas.problems`. temporary: the same may work later.
 */
export interface Fault {
  code: string;
  message: string;
  temporary: boolean;
  retryAfterMs?: number;
}
/**
 * Events of one project that were applied, in one minute of event time; the id is the minute of the week (UTC).
 */
export interface ActivityRow {
  id: string;
  project_id: string;
  /**
   * UTC, ISO 8601 with milliseconds and Z.
   */
  minute: string;
  events: number;
  sources: {
    [k: string]: number;
  };
  actions: {
    [k: string]: number;
  };
  /**
   * Offset in task-changes of the last event taken in.
   */
  stamp: number;
}
/**
 * Who changed a row last.
 */
export interface Actor {
  source: string;
  user_id?: string | null;
  session_id?: string | null;
}
/**
 * Counts of one branch. active_tasks = total - cancelled - archived.
 */
export interface BranchSummary {
  id: string;
  project_id: string;
  name: string;
  total_tasks: number;
  completed_tasks: number;
  in_progress_tasks: number;
  active_tasks: number;
  total_subtasks: number;
  completed_subtasks: number;
  last_activity: string | null;
  /**
   * Sums to total_tasks; at most 16 names, the rest in other.
   */
  priority_breakdown: {
    [k: string]: number;
  };
  /**
   * Sums to total_tasks; at most 16 names, the rest in other.
   */
  status_breakdown: {
    [k: string]: number;
  };
  archived: boolean;
  /**
   * Order-free sum over the tasks: equal digests, equal tasks.
   */
  digest: number;
  /**
   * Offset in task-changes of the last event taken in.
   */
  stamp: number;
}
/**
 * A merged AI window, or one part of it. Parts are applied when all are there.
 */
export interface Bulk {
  type: 'bulk';
  id: string;
  stream: string;
  /**
   * Milliseconds since 1970, UTC.
   */
  timestamp: number;
  payload: BulkPayload;
  metadata: Metadata;
  part?: number;
  parts?: number;
  version: '2.0';
}
/**
 * Payload of a merged `bulk`: entity `multiple`, action `update`.
 */
export interface BulkPayload {
  entity: string;
  action: string;
  data: BulkData;
}
/**
 * The changed rows of a window with the ancestors' newest rows.
 */
export interface BulkData {
  primary: Change[];
  cascade: Cascade;
}
/**
 * One entry of a merged `primary`: what happened to which row; the row is the newest state.
 */
export interface Change {
  entity: string;
  action: string;
  row:
    | ProjectSummary
    | BranchSummary
    | TaskSummary
    | SubtaskSummary
    | ContextUpdate
    | MemberRow
    | ActivityRow
    | LetterRow
    | Tombstone;
}
/**
 * The same over all branches of a project. degraded = open dead letters: events that could not be applied.
 */
export interface ProjectSummary {
  id: string;
  name: string;
  total_branches: number;
  total_tasks: number;
  completed_tasks: number;
  in_progress_tasks: number;
  active_tasks: number;
  total_subtasks: number;
  completed_subtasks: number;
  last_activity: string | null;
  /**
   * Sums to total_tasks; at most 16 names, the rest in other.
   */
  priority_breakdown: {
    [k: string]: number;
  };
  /**
   * Sums to total_tasks; at most 16 names, the rest in other.
   */
  status_breakdown: {
    [k: string]: number;
  };
  archived: boolean;
  degraded: number;
  /**
   * Order-free sum over the tasks: equal digests, equal tasks.
   */
  digest: number;
  /**
   * Offset in task-changes of the last event taken in.
   */
  stamp: number;
}
/**
 * One task.
 */
export interface TaskSummary {
  id: string;
  project_id: string;
  branch_id: string;
  title: string;
  status: string;
  priority: string;
  assignees: string[];
  labels: string[];
  dependencies: string[];
  parent_id: string | null;
  progress_percentage: number | null;
  total_subtasks: number;
  completed_subtasks: number;
  last_activity: string | null;
  last_actor: Actor | null;
  /**
   * Offset in task-changes of the last event taken in.
   */
  stamp: number;
}
/**
 * One subtask of one task.
 */
export interface SubtaskSummary {
  id: string;
  project_id: string;
  branch_id: string;
  task_id: string;
  title: string;
  status: string;
  assignees: string[];
  progress_percentage: number | null;
  last_activity: string | null;
  last_actor: Actor | null;
  /**
   * Offset in task-changes of the last event taken in.
   */
  stamp: number;
}
/**
 * One context: which keys changed, never their contents. It belongs to a task (in a branch), else to a branch, else to the project.
 */
export interface ContextUpdate {
  id: string;
  project_id: string;
  branch_id: string | null;
  task_id: string | null;
  level: string;
  version: number;
  /**
   * @maxItems 1000
   */
  changed: string[];
  last_activity: string | null;
  last_actor: Actor | null;
  /**
   * Offset in task-changes of the last event taken in.
   */
  stamp: number;
}
/**
 * One user's role in one project: owner, editor or viewer.
 */
export interface MemberRow {
  id: string;
  project_id: string;
  user_id: string;
  role: string;
  /**
   * Offset in task-changes of the last event taken in.
   */
  stamp: number;
}
/**
 * One open dead letter of a project: a record that could not be applied; the id is its offset in task-changes.
 */
export interface LetterRow {
  id: string;
  project_id: string;
  /**
   * Offset in task-changes of the last event taken in.
   */
  stamp: number;
}
/**
 * A deleted thing. It stays a row, so that late events and late readers see the delete.
 */
export interface Tombstone {
  id: string;
  project_id: string;
  deleted: true;
  /**
   * Offset in task-changes of the last event taken in.
   */
  stamp: number;
}
/**
 * The changed ancestors, whole; a deleted one is its tombstone. Kinds without rows are left out.
 */
export interface Cascade {
  branches?: (BranchSummary | Tombstone)[];
  tasks?: (TaskSummary | Tombstone)[];
  projects?: (ProjectSummary | Tombstone)[];
  subtasks?: (SubtaskSummary | Tombstone)[];
  contexts?: (ContextUpdate | Tombstone)[];
}
/**
 * Who and where. `merged` only on a window's bulk.
 */
export interface Metadata {
  source: string;
  position: Position;
  userId?: string | null;
  sessionId?: string | null;
  correlationId?: string | null;
  merged?: Merged;
}
/**
 * Who did what in a merged window. Correlation ids are cut at 64.
 */
export interface Merged {
  events: number;
  sessions: SessionCount[];
  correlationIds: string[];
  /**
   * Milliseconds since 1970, UTC.
   */
  windowStart: number;
  /**
   * Milliseconds since 1970, UTC.
   */
  windowEnd: number;
}
/**
 * What one session did inside a merged window.
 */
export interface SessionCount {
  events: number;
  session_id?: string | null;
  user_id?: string | null;
  source?: string;
}
/**
 * All summaries. `summaries` is keyed by branch id; a branch of the same id in a second project by `<project>/<branch>`.
 */
export interface BulkAnswer {
  summaries: {
    [k: string]: BranchSummary;
  };
  projects: {
    [k: string]: ProjectSummary;
  };
  metadata: BulkMetadata;
  cache_key: string;
  timestamp: string;
}
/**
 * About a bulk answer. degraded: projects with open dead letters. generated_ms: when its rows were encoded (ms since 1970).
 */
export interface BulkMetadata {
  positions: {
    [k: string]: StreamPosition;
  };
  degraded: string[];
  cached: boolean;
  generated_ms: number;
}
/**
 * Where a project's answer stands: `epoch` and `sequence` are what a subscription's `since` takes.
 */
export interface StreamPosition {
  epoch: string;
  sequence: number;
  position: PlaceModel;
}
/**
 * A place in `task-changes`: all events of the partition below `offset`.
 */
export interface PlaceModel {
  partition: number;
  offset: number;
}
/**
 * A merged AI window.
 */
export interface BulkFrame {
  type: 'bulk';
  id: string;
  stream: string;
  /**
   * Milliseconds since 1970, UTC.
   */
  timestamp: number;
  payload: BulkPayload;
  metadata: Metadata;
  part?: number;
  parts?: number;
  version: '2.0';
  /**
   * Offset of the frame's record in cascades + 1; 0 in control frames.
   */
  sequence: number;
  /**
   * Sequence of the stream's frame before: at or below the position, apply; above, resume.
   */
  prev: number;
  /**
   * Life of the topics. When it changes, sequences start anew.
   */
  epoch: string;
}
/**
 * All summaries of the caller's projects, or of those named. `min_position`: answer only from there on.
 */
export interface BulkRequest {
  project_ids?: string[] | null;
  user_id?: string | null;
  include_archived?: boolean;
  force_refresh?: boolean;
  min_position?: PlaceModel | PlaceModel[] | null;
  known_cache_key?: string | null;
}
/**
 * The payload. create and update carry all fields of the entity, patch only the changed ones, delete none.
 *
 * A field that is left out of a patch stays as it is; null, or left out of a create or update, means its default.
 */
export interface ChangeData {
  title?: string | null;
  status?: string | null;
  priority?: string | null;
  branch_id?: string | null;
  task_id?: string | null;
  parent_id?: string | null;
  name?: string | null;
  archived?: boolean | null;
  assignees?: string[] | null;
  labels?: string[] | null;
  dependencies?: string[] | null;
  progress_percentage?: number | null;
  level?: string | null;
  changed?: string[] | null;
  version?: number | null;
  user_id?: string | null;
  role?: string | null;
  /**
   * @deprecated
   * An older producer's name for branch_id.
   */
  git_branch_id?: string | null;
  /**
   * @deprecated
   * An older producer's name for branch_id.
   */
  git_branch_name?: string | null;
}
/**
 * All changes of a call; `positions` has one place per partition and is what `min_position` takes.
 */
export interface ChangesAnswer {
  changes: TakenChange[];
  positions: PlaceModel[];
}
/**
 * One change that is in the log. outcome, error: the worker's decision (applied, rejected, duplicate), where it was waited for.
 */
export interface TakenChange {
  id: string;
  correlation_id: string;
  position: PlaceModel;
  outcome?: string | null;
  error?: string | null;
}
/**
 * A change by the user. `id` is a UUIDv7 and the idempotency key.
 */
export interface ClientChange {
  type: 'update';
  id: string;
  stream?: string | null;
  payload: ClientChangePayload;
  metadata?: ClientMetadata | null;
}
/**
 * What is changed and how.
 */
export interface ClientChangePayload {
  entity: 'project' | 'branch' | 'task' | 'subtask' | 'context' | 'member';
  action: 'create' | 'update' | 'patch' | 'delete';
  data: ClientChangeData;
}
/**
 * primary: the entity's `id` and its fields. ifStamp: apply only if the row still has this stamp.
 */
export interface ClientChangeData {
  primary: {
    [k: string]: unknown;
  };
  ifStamp?: number | null;
}
/**
 * What a client may say about a change.
 */
export interface ClientMetadata {
  source?: string | null;
  correlationId?: string | null;
  sessionId?: string | null;
  traceparent?: string | null;
}
/**
 * Choose streams, or renew the token.
 */
export interface ClientSync {
  type: 'sync';
  payload: StreamsPayload | NewTokenPayload;
}
/**
 * subscribe, unsubscribe, resume.
 */
export interface StreamsPayload {
  action: 'subscribe' | 'unsubscribe' | 'resume';
  data: Streams;
}
/**
 * The streams that are meant; at most 64 a frame.
 */
export interface Streams {
  /**
   * @maxItems 64
   */
  streams: Want[];
}
/**
 * One stream that a client asks for.
 */
export interface Want {
  /**
   * project:<id>, or project:* for all of the user's projects.
   */
  stream: string;
  since?: Since | null;
}
/**
 * Where a client stands: it has all frames up to and including `sequence` of `epoch`.
 */
export interface Since {
  epoch: string;
  sequence: number;
}
/**
 * token.
 */
export interface NewTokenPayload {
  action: 'token';
  data: NewToken;
}
/**
 * A fresh token of the same subject.
 */
export interface NewToken {
  token: string;
}
/**
 * A sign of life.
 */
export interface ClientHeartbeat {
  type: 'heartbeat';
  payload: PingPayload;
}
/**
 * ping on wake, pong as an answer.
 */
export interface PingPayload {
  action: 'ping' | 'pong';
}
/**
 * Key `epoch/<partition>`: the life of the partition's topics. whole: every row was written again behind this one.
 */
export interface EpochRow {
  partition: number;
  epoch: string;
  whole: boolean;
}
/**
 * Something was not taken; the connection stays open.
 */
export interface ErrorFrame {
  sequence: 0;
  id: string;
  version: '2.0';
  /**
   * Milliseconds since 1970, UTC.
   */
  timestamp: number;
  metadata: ControlMetadata;
  type: 'error';
  payload: ErrorPayload;
}
/**
 * error failed.
 */
export interface ErrorPayload {
  entity: string;
  action: 'failed';
  data: Failed;
}
/**
 * A frame or change that was not taken.
 */
export interface Failed {
  code: string;
  message: string;
  temporary: boolean;
  retryAfterMs?: number;
  stream?: string;
  messageId?: string;
}
/**
 * A close with 1012 follows: come back after retryAfterMs plus a random part of jitterMs.
 */
export interface Goodbye {
  retryAfterMs: number;
  jitterMs: number;
}
/**
 * sync goodbye.
 */
export interface GoodbyePayload {
  entity: string;
  action: 'goodbye';
  data: Goodbye;
}
/**
 * How far each stream is read.
 */
export interface Heartbeat {
  streams?: StreamHead[];
}
/**
 * How far a stream is read; nothing below is pending. Compare digests only when the project row has the same stamp.
 */
export interface StreamHead {
  stream: string;
  epoch: string;
  sequence: number;
  digest: number | null;
  stamp: number | null;
  position?: Position;
}
/**
 * A sign of life with the positions; answer ping with pong.
 */
export interface HeartbeatFrame {
  sequence: 0;
  id: string;
  version: '2.0';
  /**
   * Milliseconds since 1970, UTC.
   */
  timestamp: number;
  metadata: ControlMetadata;
  type: 'heartbeat';
  payload: HeartbeatPayload;
}
/**
 * heartbeat ping and pong.
 */
export interface HeartbeatPayload {
  entity: string;
  action: 'ping' | 'pong';
  data: Heartbeat;
}
/**
 * What a connection may do.
 */
export interface Limits {
  frameBytes: number;
  subscriptions: number;
  messagesPerSecond: number;
  burst: number;
  ringFrames: number;
}
/**
 * sync live: the edge is up to date again. There is nothing more to say.
 */
export interface LivePayload {
  entity: string;
  action: 'live';
  data: {
    [k: string]: unknown;
  };
}
/**
 * A token and when it ends (UTC, ISO 8601).
 */
export interface LoginAnswer {
  token: string;
  expires_at: string;
  user: string;
}
/**
 * Exchange of a one-time code for a token.
 */
export interface LoginRequest {
  code: string;
}
/**
 * Key `offset/<partition>`: every event below `through` is in the rows of the partition.
 */
export interface OffsetRow {
  partition: number;
  through: number;
  time_ms: number;
}
/**
 * The worker's decision about a write with a correlation id. An edge turns it into an `ack` frame for the writer.
 */
export interface Outcome {
  type: 'ack';
  id: string;
  stream: string;
  /**
   * Milliseconds since 1970, UTC.
   */
  timestamp: number;
  action: 'applied' | 'rejected' | 'duplicate';
  metadata: Metadata;
  message_id: string;
  error?: string;
  version: '2.0';
}
/**
 * RFC 9457 problem details. `code` is the last part of `type`; the catalogue is `schemas.problems`.
 */
export interface ProblemDocument {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  temporary: boolean;
  errors?: string[];
}
/**
 * The epoch changed; a snapshot follows.
 */
export interface Reset {
  stream: string;
  epoch: string;
}
/**
 * sync reset.
 */
export interface ResetPayload {
  entity: string;
  action: 'reset';
  data: Reset;
}
/**
 * About the connection and its streams.
 */
export interface SyncFrame {
  sequence: 0;
  id: string;
  version: '2.0';
  /**
   * Milliseconds since 1970, UTC.
   */
  timestamp: number;
  metadata: ControlMetadata;
  type: 'sync';
  payload:
    | WelcomePayload
    | SubscribedPayload
    | UnsubscribedPayload
    | ResetPayload
    | StalePayload
    | LivePayload
    | TokenPayload
    | GoodbyePayload;
}
/**
 * sync welcome.
 */
export interface WelcomePayload {
  entity: string;
  action: 'welcome';
  data: Welcome;
}
/**
 * The first frame. token_exp: when the token ends.
 */
export interface Welcome {
  connectionId: string;
  /**
   * Milliseconds since 1970, UTC.
   */
  serverTime: number;
  heartbeatMs: number;
  /**
   * Milliseconds since 1970, UTC.
   */
  tokenExp: number;
  user: string;
  limits: Limits;
  features: string[];
}
/**
 * sync subscribed.
 */
export interface SubscribedPayload {
  entity: string;
  action: 'subscribed';
  data: Subscribed;
}
/**
 * Answer to subscribe and resume; comes unasked for a new project of `project:*`.
 */
export interface Subscribed {
  streams: StreamStatus[];
}
/**
 * One stream's answer: live (nothing missed), recovered (`replayed` frames follow), snapshot (it follows) or error.
 */
export interface StreamStatus {
  stream: string;
  status: 'live' | 'recovered' | 'snapshot' | 'error';
  epoch: string | null;
  sequence: number;
  replayed: number;
  position?: Position;
  error?: Fault;
}
/**
 * sync unsubscribed.
 */
export interface UnsubscribedPayload {
  entity: string;
  action: 'unsubscribed';
  data: Unsubscribed;
}
/**
 * These streams have ended, by wish or because a right was lost.
 */
export interface Unsubscribed {
  streams: StreamName[];
}
/**
 * A stream by its name: `project:<id>`.
 */
export interface StreamName {
  stream: string;
}
/**
 * sync stale.
 */
export interface StalePayload {
  entity: string;
  action: 'stale';
  data: Stale;
}
/**
 * The edge is cut off (`broker`) or behind (`lag`) since then, or events wait for a worker (`backlog`).
 */
export interface Stale {
  /**
   * Milliseconds since 1970, UTC.
   */
  since: number;
  reason: 'broker' | 'lag' | 'backlog';
}
/**
 * sync token and token-expiring.
 */
export interface TokenPayload {
  entity: string;
  action: 'token' | 'token-expiring';
  data: TokenTaken;
}
/**
 * The new token was taken (`token`), or the present one ends soon (`token-expiring`).
 */
export interface TokenTaken {
  /**
   * Milliseconds since 1970, UTC.
   */
  tokenExp: number;
}
/**
 * One person's (or lone agent's) change.
 */
export interface UpdateFrame {
  type: 'update';
  id: string;
  stream: string;
  /**
   * Milliseconds since 1970, UTC.
   */
  timestamp: number;
  payload: UpdatePayload;
  metadata: Metadata;
  version: '2.0';
  /**
   * Offset of the frame's record in cascades + 1; 0 in control frames.
   */
  sequence: number;
  /**
   * Sequence of the stream's frame before: at or below the position, apply; above, resume.
   */
  prev: number;
  /**
   * Life of the topics. When it changes, sequences start anew.
   */
  epoch: string;
}
/**
 * Payload of `update`.
 */
export interface UpdatePayload {
  entity: string;
  action: string;
  data: UpdateData;
}
/**
 * One changed row with its cascade. `delta` = names and new values of the changed fields, for display.
 */
export interface UpdateData {
  primary:
    | ProjectSummary
    | BranchSummary
    | TaskSummary
    | SubtaskSummary
    | ContextUpdate
    | MemberRow
    | ActivityRow
    | LetterRow
    | Tombstone;
  cascade: Cascade;
  delta?: {
    [k: string]: unknown;
  };
}
/**
 * The project's summaries at (epoch, sequence). Applied when all parts are there; branches that are missing in it are gone.
 */
export interface SnapshotFrame {
  type: 'bulk';
  id: string;
  stream: string;
  /**
   * Milliseconds since 1970, UTC.
   */
  timestamp: number;
  payload: SnapshotPayload;
  metadata: SnapshotMetadata;
  version: '2.0';
  /**
   * Offset of the frame's record in cascades + 1; 0 in control frames.
   */
  sequence: number;
  /**
   * Sequence of the stream's frame before: at or below the position, apply; above, resume.
   */
  prev: number;
  /**
   * Life of the topics. When it changes, sequences start anew.
   */
  epoch: string;
  part: number;
  parts: number;
}
/**
 * Payload of a snapshot.
 */
export interface SnapshotPayload {
  entity: 'project';
  action: 'snapshot';
  data: SnapshotData;
}
/**
 * The project's row, or its tombstone, and its branches.
 */
export interface SnapshotData {
  primary: ProjectSummary | Tombstone;
  cascade: SnapshotCascade;
}
/**
 * All branches of the project that fit into this part.
 */
export interface SnapshotCascade {
  branches: (BranchSummary | Tombstone)[];
}
/**
 * Where the rows stand.
 */
export interface SnapshotMetadata {
  source: 'system';
  position?: Position;
}
/**
 * One change of one entity: a fact on `task-changes`. At most 256 KiB of JSON, nested at most 32 deep, without NaN.
 *
 * A new task needs its branch_id, a new subtask its task_id. The entity_id of a project is its project_id.
 */
export interface TaskChange {
  /**
   * UUIDv7; a repeated id changes nothing.
   */
  id: string;
  entity: 'project' | 'branch' | 'task' | 'subtask' | 'context' | 'member';
  action: 'create' | 'update' | 'patch' | 'delete';
  /**
   * Also the key of the record.
   */
  project_id: string;
  entity_id: string;
  /**
   * ISO 8601; UTC when it names no zone.
   */
  occurred_at: string;
  source: 'mcp-ai' | 'user' | 'system';
  schema?: number;
  branch_id?: string | null;
  task_id?: string | null;
  /**
   * Where versions count, for example task-master:repo.
   */
  origin?: string | null;
  /**
   * Not newer than the origin's last one: the event is dropped as stale.
   */
  version?: number | null;
  /**
   * Apply only if the row's stamp still equals it.
   */
  if_stamp?: number | null;
  user_id?: string | null;
  session_id?: string | null;
  correlation_id?: string | null;
  data?: ChangeData | null;
  /**
   * @deprecated
   * An older producer's name for branch_id.
   */
  git_branch_id?: string | null;
}
/**
 * A page of tasks, ordered by id. next: the `after` of the next page, null at the end.
 */
export interface TasksAnswer {
  tasks: TaskSummary[];
  next: string | null;
  positions: {
    [k: string]: StreamPosition;
  };
}
/**
 * The bulk call's answer when `known_cache_key` still holds.
 */
export interface UnchangedAnswer {
  unchanged: true;
  cache_key: string;
  metadata: BulkMetadata;
}
/**
 * One person's (or lone agent's) change.
 */
export interface Update {
  type: 'update';
  id: string;
  stream: string;
  /**
   * Milliseconds since 1970, UTC.
   */
  timestamp: number;
  payload: UpdatePayload;
  metadata: Metadata;
  version: '2.0';
}
