/** `@anabranch/client/testing`: a scriptable server in memory, for the tests of pages that use the client. */
export { noticeOf } from './joins.ts';
export type { Move, Who, Wire } from './moves.ts';
export { newScript, type Script } from './script.ts';
export { FakeServer, FakeSocket } from './server.ts';
export { World } from './world.ts';
