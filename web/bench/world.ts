/** The world that is measured with: 40 projects with 5 branches each, and one with 200. */
import { World } from '../testing/world.ts';

export const PROJECTS = 40;
/** Branches of the project that one message changes whole. */
export const WIDE = 200;

export function world(): World {
  const made = new World();
  for (let p = 0; p < PROJECTS; p += 1) {
    const id = `p${p}`;
    made.change({ entity: 'project', action: 'create', id, project: id, name: `Project ${p}` });
    for (let b = 0; b < 5; b += 1) {
      made.change({ entity: 'branch', action: 'create', id: `b${b}`, project: id, name: `branch-${b}` });
    }
  }
  made.change({ entity: 'project', action: 'create', id: 'wide', project: 'wide', name: 'Wide' });
  for (let b = 0; b < WIDE; b += 1) {
    made.change({ entity: 'branch', action: 'create', id: `b${b}`, project: 'wide', name: `branch-${b}` });
  }
  return made;
}
