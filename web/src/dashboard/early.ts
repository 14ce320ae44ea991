/** What `public/early.js` began before this program was here. */

interface Begun {
  readonly code: string | null;
  readonly answers: Record<string, Promise<Response> | undefined>;
}

/** Whatever comes first leaves its mark: where this program does, the other has nothing left to begin. */
function begun(): Begun {
  const page = globalThis as { begun?: Begun };
  page.begun ??= { code: null, answers: {} };
  return page.begun;
}

/** The login code that was in the address; it is out of it already. */
export function earlyCode(): string | null {
  return begun().code;
}

/** A `fetch` that first takes the answer that is on the way already, once; one that failed or hung there is asked for again. */
export const earlyFetch: typeof fetch = async (input, init) => {
  const { answers } = begun();
  const path = new URL(String(input), 'http://page').pathname;
  const answer = answers[path];
  delete answers[path];
  if (answer === undefined) return fetch(input, init);
  return Promise.race([answer, aborted(init?.signal)]).catch(() => fetch(input, init));
};

function aborted(signal: AbortSignal | null | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
}
