/**
 * Tidies package-lock.json after npm wrote it.
 *
 * Takes out the addresses (`funding`, `resolved`): `npm ci` needs none. Names the optional packages for other platforms
 * that the registry at hand doesn't carry: `npm ci` refuses a lock that doesn't name every one, even those it skips.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const path = new URL('../package-lock.json', import.meta.url);
const lock = JSON.parse(readFileSync(path, 'utf8'));

function platformOf(name) {
  const [os, cpu, libc] = name
    .split('/')
    .pop()
    .replace(/^[a-z]+-/, '')
    .split('-');
  return { os: [os], cpu: [cpu], ...(os === 'linux' ? { libc: [libc === 'musl' ? 'musl' : 'glibc'] } : {}) };
}

for (const entry of Object.values(lock.packages)) {
  delete entry.funding;
  delete entry.resolved;
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    lock.packages[`node_modules/${name}`] ??= { version, dev: true, optional: true, ...platformOf(name) };
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
