/** Where everything of the page is put together: browser, token, client, board. */
import { Client } from '../client.ts';
import type { Phase } from '../connection.ts';
import { envOf } from '../env.ts';
import { CallFailed, Http, reasonOf } from '../http.ts';
import { Loader } from '../load.ts';
import { Refetch } from '../refetch.ts';
import { Board } from './board.ts';
import { earlyCode, earlyFetch } from './early.ts';
import { keepToken, keptTheme, keptToken } from './keep.ts';
import { SignIn } from './signin.ts';
import { subjectOf } from './token.ts';
import { WatchedStore } from './watch.ts';

class Page {
  readonly #root: HTMLElement;
  readonly #store = new WatchedStore();
  readonly #http = new Http(earlyFetch, () => this.#token);
  readonly #env = envOf({ token: (why) => (why === 'rejected' ? null : this.#token), fetch: earlyFetch });
  readonly #client = new Client(this.#env, this.#store);
  readonly #loader = new Loader(this.#env);
  /** An edge whose frames carry no rows says what changed; that is read over HTTP. */
  readonly #refetch = new Refetch(
    this.#loader,
    ({ answer }) => this.#store.loadBulk(answer),
    () => {},
    this.#env.setTimeout,
  );
  readonly #signin = new SignIn((token) => this.#enter(token));
  #board: Board | null = null;
  #token: string | null = keptToken();

  constructor(root: HTMLElement) {
    this.#root = root;
    this.#store.onFrames((frames) => this.#refetch.seen(frames));
    let before: Phase = 'idle';
    this.#client.onState(() => {
      const { phase } = this.#client.machine;
      const ended = phase === 'unauthorized' && before !== phase;
      before = phase;
      if (ended) this.#ask('Your token has ended. What you see is as of then.');
    });
    window.addEventListener('online', () => this.#client.input({ type: 'online' }));
    window.addEventListener('offline', () => this.#client.input({ type: 'offline' }));
    window.addEventListener('pageshow', (event) => event.persisted && this.#client.input({ type: 'wake' }));
    document.addEventListener('visibilitychange', () =>
      this.#client.input({ type: document.hidden ? 'hidden' : 'wake' }),
    );
  }

  /** A code in the address is exchanged for a token; it leaves the address before anything else happens. */
  async start(): Promise<void> {
    const code = earlyCode() ?? /^#code=(.+)$/.exec(location.hash)?.[1];
    if (code !== undefined) {
      history.replaceState(null, '', location.pathname);
      await this.#login(decodeURIComponent(code));
      return;
    }
    if (this.#token === null) this.#ask('');
    else await this.#open();
  }

  async #login(code: string): Promise<void> {
    try {
      this.#enter((await this.#http.login(code)).token);
    } catch (error) {
      if (this.#token !== null) await this.#open();
      else
        this.#ask(
          `This login link did not work: ${reasonOf(error)}. A link works once; \`anabranch up\` prints a new one.`,
        );
    }
  }

  #enter(token: string): void {
    this.#token = token;
    keepToken(token);
    void this.#open();
  }

  /** All summaries in one call, or project by project; then the stream from there. Without either it brings snapshots. */
  async #open(): Promise<void> {
    this.#show();
    try {
      const { answer } = await this.#loader.load();
      this.#store.loadBulk(answer);
      this.#client.placed(answer.metadata.positions);
    } catch (error) {
      if (error instanceof CallFailed && (error.status === 401 || error.status === 403)) {
        this.#ask(`The token was not accepted: ${error.message}`);
        return;
      }
    }
    void this.#board?.loadRecent();
    this.#client.connect();
  }

  #show(): void {
    this.#board ??= new Board(this.#store, this.#client, this.#http, {
      reconnect: () => this.#reconnect(),
      me: () => subjectOf(this.#token),
    });
    this.#root.replaceChildren(this.#board.element);
  }

  #reconnect(): void {
    if (this.#token === null) this.#ask('');
    else this.#client.connect();
  }

  /** A board that is open already stays in sight behind the question. */
  #ask(why: string): void {
    this.#token = null;
    keepToken(null);
    this.#signin.show(why);
    this.#root.append(this.#signin.element);
    this.#signin.open(this.#board !== null);
  }
}

const theme = keptTheme();
if (theme === 'light' || theme === 'dark') document.documentElement.dataset.theme = theme;
const root = document.getElementById('page');
if (root !== null) void new Page(root).start();
