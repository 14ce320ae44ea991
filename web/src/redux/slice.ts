/** The slice: all that a page shows of its projects, and the moves that change it. One batch is one move. */
import { createSlice, original, type PayloadAction, type WritableDraft } from '@reduxjs/toolkit';
import { type DataFrame, echoesOf, groupsOf } from '../frames.ts';
import type { Change } from '../outbound.ts';
import { isTakenBack, type Outcome, type Pending } from '../outbox.ts';
import { byProject, projectOf } from '../reading.ts';
import { type Connection, NOT_CONNECTED } from '../state.ts';
import type { BulkAnswer, LogPosition, StreamPosition, TasksAnswer } from '../types.ts';
import { NO_ROWS, RowEdit, type RowTables } from './rows.ts';

/** A change that is shown before the server has confirmed it. */
export interface Optimistic {
  readonly id: string;
  readonly change: Change;
  readonly state: Pending['state'];
}

/** Something that the user must hear of: a change was taken back, and why. */
export interface Notice {
  readonly id: string;
  readonly change: Change;
  readonly reason: string;
}

export type Position = StreamPosition & { readonly position?: LogPosition };

/**
 * `summaries` are branches, by project and id (`keyOf`); `tasks` only those of `watched` projects. `lastSync`: when rows came
 * last. `source`: which call filled it. `subscriptions`: the streams that are followed.
 */
export interface BranchState extends RowTables {
  readonly positions: Readonly<Record<string, Position>>;
  readonly watched: readonly string[];
  readonly loading: boolean;
  readonly error: string | null;
  readonly source: 'bulk' | 'legacy' | null;
  readonly lastSync: number;
  readonly optimisticUpdates: Readonly<Record<string, Optimistic>>;
  readonly notices: readonly Notice[];
  readonly subscriptions: readonly string[];
  readonly connection: Connection;
}

export const EMPTY_STATE: BranchState = {
  ...NO_ROWS,
  positions: {},
  watched: [],
  loading: false,
  error: null,
  source: null,
  lastSync: 0,
  optimisticUpdates: {},
  notices: [],
  subscriptions: [],
  connection: NOT_CONNECTED,
};

const NOTICES = 20;

type Draft = WritableDraft<BranchState>;

/** Reducers see plain state and give plain state: the rows are large, and copying a table beats tracking each row. */
function plain(state: Draft): BranchState {
  return original(state) as BranchState;
}

/** Another epoch counts its stamps anew: what is known of the project is of no use beside its rows. */
function entered(state: BranchState, edit: RowEdit, projectId: string, epoch: string | undefined): void {
  const before = state.positions[projectId]?.epoch;
  if (before !== undefined && epoch !== undefined && before !== epoch) edit.clear(projectId);
}

export function bulkLoaded(state: BranchState, answer: BulkAnswer, at: number): BranchState {
  const edit = new RowEdit(state, state.watched);
  const branches = byProject(Object.values(answer.summaries));
  const positions = { ...state.positions };
  for (const project of Object.values(answer.projects)) {
    const place = answer.metadata.positions[project.id];
    entered(state, edit, project.id, place?.epoch);
    edit.replace(project.id, project, branches.get(project.id) ?? [], place?.position?.offset ?? 0);
    if (place !== undefined && !isOlder(place, positions[project.id])) positions[project.id] = place;
  }
  return { ...state, ...edit.result, positions, lastSync: at, loading: false, error: null };
}

/** An answer over HTTP that was overtaken by frames of the same epoch doesn't take the position back. */
function isOlder(place: StreamPosition, known: StreamPosition | undefined): boolean {
  return known !== undefined && known.epoch === place.epoch && known.sequence > place.sequence;
}

export function framesApplied(state: BranchState, frames: readonly DataFrame[], at: number): BranchState {
  const edit = new RowEdit(state, state.watched);
  const positions = { ...state.positions };
  for (const group of groupsOf(frames)) {
    const [frame] = group;
    const projectId = projectOf(frame.stream);
    const { epoch, sequence, metadata } = frame;
    entered({ ...state, positions }, edit, projectId, epoch);
    if (frame.kind === 'snapshot') {
      const branches = group.flatMap(({ cascade }) => cascade.branches ?? []);
      edit.replace(projectId, frame.cascade.projects?.[0] ?? null, branches, metadata.position?.offset ?? 0);
    } else edit.frame(frame);
    positions[projectId] = { epoch, sequence, ...(metadata.position && { position: metadata.position }) };
  }
  const echoes = echoesOf(frames);
  const open = Object.entries(state.optimisticUpdates);
  const left = open.some(([id]) => echoes.has(id)) ? open.filter(([id]) => !echoes.has(id)) : null;
  const optimisticUpdates = left === null ? state.optimisticUpdates : Object.fromEntries(left);
  return { ...state, ...edit.result, positions, optimisticUpdates, lastSync: at };
}

export function tasksTaken(state: BranchState, { projectId, branchId, pages }: TaskPages): BranchState {
  const place = pages[0]?.positions[projectId];
  const known = state.positions[projectId]?.epoch;
  if (known !== undefined && place !== undefined && place.epoch !== known) return state;
  const edit = new RowEdit(state, state.watched);
  const floor = Math.min(...pages.map(({ positions }) => positions[projectId]?.position?.offset ?? 0));
  for (const { tasks } of pages) for (const task of tasks) edit.put('task', task, { at: floor, whole: true });
  const seen = new Set(pages.flatMap(({ tasks }) => tasks.map(({ id }) => id)));
  edit.sweep(projectId, branchId, seen, floor);
  return { ...state, ...edit.result };
}

/** All pages of a project's or branch's tasks. */
export interface TaskPages {
  readonly projectId: string;
  readonly branchId: string | null;
  readonly pages: readonly TasksAnswer[];
}

export const branchSlice = createSlice({
  name: 'branches',
  initialState: EMPTY_STATE,
  reducers: {
    setSummaries: (state, { payload }: PayloadAction<{ answer: BulkAnswer; source: 'bulk' | 'legacy'; at: number }>) =>
      ({ ...bulkLoaded(plain(state), payload.answer, payload.at), source: payload.source }) as Draft,
    applyUpdate: (state, { payload }: PayloadAction<{ frames: readonly DataFrame[]; at: number }>) =>
      framesApplied(plain(state), payload.frames, payload.at) as Draft,
    setTasks: (state, { payload }: PayloadAction<TaskPages>) => tasksTaken(plain(state), payload) as Draft,
    forgetProject: (state, { payload }: PayloadAction<string>) => {
      const before = plain(state);
      const edit = new RowEdit(before, before.watched);
      edit.clear(payload);
      const { [payload]: _gone, ...positions } = before.positions;
      return { ...before, ...edit.result, positions } as Draft;
    },
    watchTasks: (state, { payload }: PayloadAction<readonly string[]>) => {
      state.watched = [...payload];
      for (const [key, row] of Object.entries(state.tasks))
        if (!payload.includes(row.project_id)) delete state.tasks[key];
    },
    addOptimisticUpdate: (state, { payload }: PayloadAction<{ id: string; change: Change }>) => {
      state.optimisticUpdates[payload.id] = { ...payload, state: 'waiting' } as WritableDraft<Optimistic>;
    },
    rollbackOptimisticUpdate: (state, { payload }: PayloadAction<{ id: string; reason: string }>) => {
      const entry = state.optimisticUpdates[payload.id];
      if (entry === undefined) return;
      delete state.optimisticUpdates[payload.id];
      state.notices = [...state.notices, { id: payload.id, change: entry.change, reason: payload.reason }].slice(
        -NOTICES,
      );
    },
    /** The client's own list of open changes, and those that ended. */
    changesMoved: (
      state,
      { payload }: PayloadAction<{ pending: readonly Pending[]; outcomes: readonly Outcome[] }>,
    ) => {
      const open = payload.pending.map(({ id, change, state: at }) => [id, { id, change, state: at }] as const);
      state.optimisticUpdates = Object.fromEntries(open) as Draft['optimisticUpdates'];
      const told = payload.outcomes.filter(isTakenBack);
      const notices = told.map(({ id, change, reason }) => ({ id, change, reason }));
      state.notices = [...state.notices, ...(notices as Draft['notices'])].slice(-NOTICES);
    },
    dismissNotice: (state, { payload }: PayloadAction<string>) => {
      state.notices = state.notices.filter(({ id }) => id !== payload);
    },
    setLoading: (state, { payload }: PayloadAction<{ loading: boolean; error?: string }>) => {
      state.loading = payload.loading;
      state.error = payload.error ?? null;
    },
    setSubscriptions: (state, { payload }: PayloadAction<readonly string[]>) => {
      state.subscriptions = [...payload];
    },
    setConnection: (state, { payload }: PayloadAction<Connection>) => {
      state.connection = payload;
    },
  },
});

export const { dismissNotice, watchTasks } = branchSlice.actions;
