/** Pure: the frames that a client sends. */
import type { StreamPosition } from './types.ts';

export interface Want {
  readonly stream: string;
  readonly since?: StreamPosition;
}

export type Bag = Readonly<Record<string, unknown>>;

export interface Outbound {
  readonly type: 'sync' | 'update' | 'heartbeat';
  readonly stream?: string;
  readonly payload: {
    readonly entity?: string;
    readonly action: string;
    readonly data?: Bag | undefined;
  };
}

/**
 * A change that a user makes. `fields` are the new values in the rows' own names: all of them for create and update, the
 * changed ones for patch, none for delete. `ifStamp` makes it conditional: it holds only if the row has that stamp still.
 */
export interface Change {
  readonly entity: 'task' | 'branch' | 'project' | 'subtask' | 'context' | 'member';
  readonly action: 'create' | 'update' | 'patch' | 'delete';
  readonly id: string;
  readonly projectId: string;
  readonly branchId?: string;
  readonly taskId?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly ifStamp?: number;
}

/** A change as the user made it; the frame's id makes a repeat harmless. */
export function update(change: Change): Outbound {
  const { entity, action, id, projectId, fields, ifStamp } = change;
  const primary = { id, ...placeOf(change), ...fields };
  return { type: 'update', stream: `project:${projectId}`, payload: { entity, action, data: { primary, ifStamp } } };
}

/** The same change as a body of `POST /api/v2/changes`. */
export function body(change: Change, id: string): object {
  const { entity, action, id: entity_id, fields: data, ifStamp: if_stamp } = change;
  return { id, entity, action, entity_id, ...placeOf(change), if_stamp, data };
}

function placeOf({ projectId, branchId, taskId }: Change): object {
  return { project_id: projectId, branch_id: branchId, task_id: taskId };
}

/** The text on the wire. `id` is the key of a change, a UUIDv7, which makes a repeat harmless. */
export function encode(frame: Outbound, id?: string): string {
  return JSON.stringify(id ? { ...frame, id, metadata: { correlationId: id } } : frame);
}

/** A UUIDv7: 48 bits of milliseconds, then randomness. `random` fills a byte array. */
export function uuid7(now: number, random: (bytes: Uint8Array) => void): string {
  const bytes = new Uint8Array(10);
  random(bytes);
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  const digits = hex(Math.floor(now), 12) + Array.from(bytes, (byte) => hex(byte, 2)).join('');
  return digits.replace(/(.{8})(.{4}).(.{3}).(.{3})/, '$1-$2-7$3-8$4-');
}
