/** Names and signs of those who change things: people, agents, the system. */
import type { ActorKind, Who } from '../store/feed.ts';
import { AGENT, PERSON, SYSTEM } from './words.ts';

export const ACTOR_ICONS: Readonly<Record<ActorKind, string>> = { person: PERSON, agent: AGENT, system: SYSTEM };

/** A long id is cut; the whole one is in the tip. An agent's says what it is. */
export function nameOf({ kind, name }: Who): string {
  const short = name.length > 20 ? `${name.slice(0, 8)}…` : name;
  if (kind === 'agent') return short === '' ? 'An agent' : `agent ${short}`;
  return short;
}

/** The names of those who did it: two are named, the rest counted. */
export function namesOf(who: readonly Who[]): string {
  const names = who.slice(0, 2).map(nameOf);
  const rest = who.length - names.length;
  return `${names.join(' and ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
