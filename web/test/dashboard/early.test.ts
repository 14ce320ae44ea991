/** The first calls begin before the program is here, and each answer is taken once. */
import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';
import { earlyCode, earlyFetch } from '../../src/dashboard/early.ts';
import { keepToken } from '../../src/dashboard/keep.ts';

const CODE = readFileSync(new URL('../../public/early.js', import.meta.url), 'utf8');
const BULK = '/api/v2/branches/summaries/bulk';
const LOGIN = '/api/v2/login';

interface Asked {
  readonly path: string;
  readonly init: RequestInit;
}

/** Run the early program on a page with this address and this token in its storage. */
function page(hash: string, token: string | null, answer: (path: string) => Promise<Response>, late = false) {
  const asked: Asked[] = [];
  const call = (path: string, init: RequestInit) => {
    asked.push({ path, init });
    return answer(path);
  };
  let address = `/${hash}`;
  const history = { replaceState: (_state: null, _title: string, to: string) => (address = to) };
  const kept = new Map<string, string>();
  const storage = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => kept.set(key, value),
  };
  vi.stubGlobal('sessionStorage', storage);
  if (token !== null) keepToken(token);
  if (!late) Reflect.deleteProperty(globalThis, 'begun');
  const run = new Function('location', 'history', 'sessionStorage', 'fetch', 'window', CODE);
  run({ hash, pathname: '/' }, history, storage, call, globalThis);
  vi.stubGlobal('fetch', call);
  return { asked, address: () => address };
}

afterEach(() => vi.unstubAllGlobals());

test('with a token the summaries are on the way, once', async () => {
  const { asked } = page('', 'kept', () => Promise.resolve(new Response('{"projects":{}}')));
  expect(asked.map(({ path }) => path)).toEqual([BULK]);
  expect(asked[0]?.init.headers).toMatchObject({ authorization: 'Bearer kept' });
  expect(await (await earlyFetch(`http://edge${BULK}`, {})).json()).toEqual({ projects: {} });
  expect(asked).toHaveLength(1);
  await earlyFetch(BULK, {});
  expect(asked).toHaveLength(2);
});

test('a code leaves the address at once, is exchanged, and the summaries follow with its token', async () => {
  const { asked, address } = page('#code=a%2Fb', 'old', () => Promise.resolve(new Response('{"token":"new"}')));
  expect(address()).toBe('/');
  expect(earlyCode()).toBe('a%2Fb');
  expect(await (await earlyFetch(LOGIN, {})).json()).toEqual({ token: 'new' });
  await earlyFetch(BULK, {});
  expect(asked.map(({ path }) => path)).toEqual([LOGIN, BULK]);
  expect(asked[0]?.init.body).toBe('{"code":"a/b"}');
  expect(asked[1]?.init.headers).toMatchObject({ authorization: 'Bearer new' });
});

test('what failed on the way is asked again, and a page that nobody is signed in on asks nothing', async () => {
  let down = true;
  const lost = () => (down ? Promise.reject(new TypeError('down')) : Promise.resolve(new Response('{}')));
  const { asked } = page('', 'kept', lost);
  down = false;
  expect((await earlyFetch(BULK, {})).ok).toBe(true);
  expect(asked).toHaveLength(2);
  expect(page('', null, lost).asked).toEqual([]);
});

test('what hangs on the way is given up when its time is over', async () => {
  page('', 'kept', () => new Promise(() => {}));
  vi.stubGlobal('fetch', (_: string, { signal }: RequestInit) => Promise.reject(signal?.reason));
  const stop = new AbortController();
  const answer = earlyFetch(BULK, { signal: stop.signal });
  stop.abort(new Error('too late'));
  await expect(answer).rejects.toThrow('too late');
});

test('where the program came first nothing is begun: a call of its own would be one too many', () => {
  Reflect.deleteProperty(globalThis, 'begun');
  expect(earlyCode()).toBeNull();
  const { asked, address } = page('#code=a', 'kept', () => Promise.resolve(new Response('{}')), true);
  expect(asked).toEqual([]);
  expect(address()).toBe('/#code=a');
});
