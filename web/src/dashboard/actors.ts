/** Names and signs of those who change things: people, agents, the system. */
import type { ActorKind, Who } from '../store/feed.ts';
import { AGENT, PERSON, SYSTEM } from './words.ts';

export const ACTOR_ICONS: Readonly<Record<ActorKind, string>> = { person: PERSON, agent: AGENT, system: SYSTEM };

/** A long name is cut, an id more; the whole one is in the tip. An agent's says what it is. */
export function nameOf({ kind, name }: Who): string {
  const most = /^[0-9a-f-]{20,}$/i.test(name) ? 8 : 28;
  const short = name.length > most ? `${name.slice(0, most)}…` : name;
  if (kind === 'agent') return short === '' ? 'An agent' : `agent ${short}`;
  return short;
}

/** The names of those who did it: two are named, the rest counted. */
export function namesOf(who: readonly Who[]): string {
  const names = who.slice(0, 2).map(nameOf);
  const rest = who.length - names.length;
  return `${names.join(' and ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}
