/** What can be done to the fake world, by whom, and the frames that it makes of it. */
import type { TaskRow } from '../src/types.ts';

export interface Who {
  readonly source: 'mcp-ai' | 'user' | 'system';
  readonly userId?: string;
  readonly sessionId?: string;
  readonly correlationId?: string;
}

export type Move =
  | {
      readonly entity: 'task';
      readonly action: 'create' | 'patch';
      readonly id: string;
      readonly project: string;
      readonly fields: Partial<TaskRow>;
    }
  | { readonly entity: 'task'; readonly action: 'delete'; readonly id: string; readonly project: string }
  | {
      readonly entity: 'branch' | 'project';
      readonly action: 'create';
      readonly id: string;
      readonly project: string;
      readonly name: string;
    }
  | { readonly entity: 'branch' | 'project'; readonly action: 'delete'; readonly id: string; readonly project: string };

export type Wire = Record<string, unknown> & {
  readonly stream: string;
  readonly sequence: number;
  readonly prev: number;
};
