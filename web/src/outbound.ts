/** Pure: the frames that a client sends. */
import type { StreamPosition } from './types.ts';

export interface Want {
  readonly stream: string;
  readonly since?: StreamPosition;
}

export interface Outbound {
  readonly type: 'sync' | 'update' | 'heartbeat';
  readonly stream?: string;
  readonly payload: {
    readonly entity?: string;
    readonly action: string;
    readonly data?: Readonly<Record<string, unknown>>;
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

export function subscribe(streams: readonly Want[]): Outbound {
  return { type: 'sync', payload: { action: 'subscribe', data: { streams } } };
}

export function resume(stream: string, since: StreamPosition): Outbound {
  return { type: 'sync', payload: { action: 'resume', data: { streams: [{ stream, since }] } } };
}

export function beat(action: 'ping' | 'pong'): Outbound {
  return { type: 'heartbeat', payload: { action } };
}

export function unsubscribe(names: readonly string[]): Outbound {
  const streams = names.map((stream) => ({ stream }));
  return { type: 'sync', payload: { action: 'unsubscribe', data: { streams } } };
}

export function renew(token: string): Outbound {
  return { type: 'sync', payload: { action: 'token', data: { token } } };
}

/** A change as the user made it; the frame's id makes a repeat harmless. */
export function update(change: Change): Outbound {
  const { entity, action, id, projectId, branchId, taskId, fields, ifStamp } = change;
  const primary = { id, project_id: projectId, branch_id: branchId, task_id: taskId, ...fields };
  return { type: 'update', stream: `project:${projectId}`, payload: { entity, action, data: { primary, ifStamp } } };
}

/** The same change as a body of `POST /api/v2/changes`. */
export function body(change: Change, id: string): object {
  const { entity, action, id: entity_id, projectId, branchId, taskId, fields, ifStamp } = change;
  return {
    id,
    entity,
    action,
    project_id: projectId,
    entity_id,
    branch_id: branchId,
    task_id: taskId,
    if_stamp: ifStamp,
    correlation_id: id,
    data: fields,
  };
}

/** The text on the wire. `id` is a UUIDv7; for a change it is the key that makes a repeat harmless. */
export function encode(frame: Outbound, id: string, now: number): string {
  const { type, stream, payload } = frame;
  const metadata = type === 'update' ? { source: 'user', correlationId: id } : {};
  return JSON.stringify({ id, version: '2.0', type, timestamp: now, sequence: 0, stream, payload, metadata });
}

/** A UUIDv7: 48 bits of milliseconds, then randomness. `random` fills a byte array. */
export function uuid7(now: number, random: (bytes: Uint8Array) => void): string {
  const bytes = new Uint8Array(16);
  random(bytes);
  for (let i = 0; i < 6; i += 1) bytes[i] = Math.floor(now / 2 ** (8 * (5 - i))) % 256;
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
