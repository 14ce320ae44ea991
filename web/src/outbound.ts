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

export interface Patch {
  readonly entity: 'task' | 'branch' | 'project';
  readonly id: string;
  readonly projectId: string;
  readonly changes: Readonly<Record<string, unknown>>;
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

/** A person's change. Only the named fields change; the frame's id makes a repeat harmless. */
export function patch(change: Patch): Outbound {
  const primary = { id: change.id, project_id: change.projectId, ...change.changes };
  return {
    type: 'update',
    stream: `project:${change.projectId}`,
    payload: { entity: change.entity, action: 'patch', data: { primary } },
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
