/** `npm run fake [-- PORT]`: the built page on the fake edge, with people and agents at work. */
import { Demo } from './demo.ts';
import { fakeEdge } from './edge.ts';

export async function serve(port: number): Promise<string> {
  const demo = new Demo();
  const edge = await fakeEdge(demo.world, { port });
  setInterval(() => demo.beat(), 700);
  return `${edge.url}/#code=demo`;
}
