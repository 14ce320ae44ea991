/** `@anabranch/client/store`: rows, own changes, activity and who is at work, for pages without Redux. */
export { type Loaded, Loader, type LoaderEnv, type Wanted } from '../load.ts';
export { Refetch } from '../refetch.ts';
export type { Entry, Feed, Part, Who } from './feed.ts';
export type { Notice } from './pending.ts';
export type { Present } from './presence.ts';
export { keyOf, Rows } from './rows.ts';
export { Store } from './store.ts';
