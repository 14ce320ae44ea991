/** Pure: how the fake server answers who comes with a place, over the socket and over HTTP alike; and its notices. */
import type { Wire } from './moves.ts';
import type { World } from './world.ts';

export interface Since {
  readonly epoch: string;
  readonly sequence: number;
}

export interface Joining {
  readonly status: 'error' | 'snapshot' | 'live' | 'recovered';
  readonly missed: readonly Wire[];
}

/** A place is good inside its epoch, and while no more than `ring` frames came after it. */
export function joining(world: World, stream: string, since: Since | undefined, ring: number): Joining {
  const place = world.places.get(projectOf(stream));
  if (place === undefined || (place.project === null && place.grave === null)) return { status: 'error', missed: [] };
  if (since === undefined || since.epoch !== world.epoch) return { status: 'snapshot', missed: [] };
  const missed = place.frames.filter((frame) => frame.sequence > since.sequence);
  if (missed.length > ring) return { status: 'snapshot', missed: [] };
  return { status: missed.length === 0 ? 'live' : 'recovered', missed };
}

export function projectOf(stream: string): string {
  return stream.replace(/^project:/, '');
}

/** What is sent in place of rows while the server's cascades are switched off. */
export function noticeOf(frame: Wire): Wire {
  const { payload, part: _part, parts: _parts, ...rest } = frame;
  const { entity, action, data } = payload as { entity: string; action: string; data: { primary: unknown } };
  const changes = Array.isArray(data.primary) ? data.primary : [{ entity, action, row: data.primary }];
  const changed = changes.map((change: { entity: string; action: string; row: { id: string; branch_id?: string } }) => {
    return { entity: change.entity, action: change.action, id: change.row.id, branchId: change.row.branch_id };
  });
  const empty = { primary: [], cascade: {}, changed };
  return { ...rest, type: 'bulk', payload: { entity: 'multiple', action: 'update', data: empty } };
}
