/** `@anabranch/client/react`: one provider, and a hook for each thing that a component shows. */
import {
  createContext,
  createElement,
  type ReactElement,
  type ReactNode,
  useContext,
  useSyncExternalStore,
} from 'react';
import {
  type StoreLike,
  type Summaries,
  selectBranch,
  selectBranches,
  selectConnection,
  selectProject,
  selectProjects,
  selectTasks,
  type WithBranches,
} from '../redux/index.ts';
import type { Connection } from '../state.ts';
import type { BranchRow, ProjectRow, TaskRow } from '../types.ts';

export interface SummaryStore extends StoreLike {
  subscribe(listener: () => void): () => void;
}

interface Given {
  readonly store: SummaryStore;
  readonly summaries: Summaries;
}

const Context = createContext<Given | null>(null);

export interface ProviderProps extends Given {
  readonly children?: ReactNode;
}

export function SummaryProvider({ store, summaries, children }: ProviderProps): ReactElement {
  return createElement(Context.Provider, { value: { store, summaries } }, children);
}

function useGiven(): Given {
  const given = useContext(Context);
  if (given === null)
    throw new Error('Put a <SummaryProvider store summaries> around the components that use its hooks.');
  return given;
}

function useSelected<T>(select: (state: WithBranches) => T): T {
  const { store } = useGiven();
  const read = () => select(store.getState());
  return useSyncExternalStore(store.subscribe, read, read);
}

/** What changes things: `change`, `load`, `loadTasks`, `client`. */
export function useSummaries(): Summaries {
  return useGiven().summaries;
}

export function useProject(id: string): ProjectRow | undefined {
  return useSelected((state) => selectProject(state, id));
}

export function useProjects(): readonly ProjectRow[] {
  return useSelected(selectProjects);
}

export function useBranch(projectId: string, id: string): BranchRow | undefined {
  return useSelected((state) => selectBranch(state, projectId, id));
}

export function useBranches(projectId: string): readonly BranchRow[] {
  return useSelected((state) => selectBranches(state, projectId));
}

/** Tasks of a branch, or of a project with `null`; `useSummaries().loadTasks` brings them. */
export function useTasks(projectId: string, branchId: string | null): readonly TaskRow[] {
  return useSelected((state) => selectTasks(state, projectId, branchId));
}

export function useConnection(): Connection {
  return useSelected(selectConnection);
}
