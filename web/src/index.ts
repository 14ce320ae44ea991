/** `@anabranch/client`: keeps a page's rows equal to the server's, and sends the user's changes. */
import { Client } from './client.ts';
import { type Env, envOf, type Place, type Sink, type Tuning } from './env.ts';
import { Follower } from './follower.ts';
import { watchPage } from './state.ts';

export { Client, type Sent } from './client.ts';
export type { Input, Machine, Phase, Rules } from './connection.ts';
export { type Env, envOf, type Place, type Sink, type Socket, type TokenSource, type Tuning } from './env.ts';
export { Follower } from './follower.ts';
export { type Changed, type DataFrame, decode, groupsOf, rowsOf } from './frames.ts';
export type * from './generated/contract.ts';
export type { Change } from './outbound.ts';
export type { Outcome, Pending } from './outbox.ts';
export { type Connection, connectionOf, sameConnection, sentenceOf, watchPage } from './state.ts';

/** Where the edge is, who asks, what keeps the rows. `projects`: only these, else all that the user may read. */
export interface Options extends Place, Omit<Tuning, 'streams'> {
  readonly sink: Sink;
  readonly projects?: readonly string[];
  /** False: the page's own events are not listened to. */
  readonly page?: boolean;
}

/** A client that reads and writes. Nothing happens before `connect()`. */
export function createClient(options: Options): Client {
  return made(Client, options);
}

/** The same without writing, and smaller. */
export function createFollower(options: Options): Follower {
  return made(Follower, options);
}

function made<C extends Follower>(Kind: new (env: Env, sink: Sink, tuning: Tuning) => C, options: Options): C {
  const { projects, sink, page = true } = options;
  const client = new Kind(envOf(options), sink, { ...options, streams: projects?.map((id) => `project:${id}`) });
  if (page && typeof document !== 'undefined') watchPage(client, window);
  return client;
}
