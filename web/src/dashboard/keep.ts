/** What the browser remembers: the token for this tab, the theme for this device. Storage may throw; then nothing is kept. */

const TOKEN = 'anabranch.token';
const THEME = 'anabranch.theme';

export function keptToken(): string | null {
  return guarded(() => sessionStorage.getItem(TOKEN), null);
}

export function keepToken(token: string | null): void {
  guarded(() => (token === null ? sessionStorage.removeItem(TOKEN) : sessionStorage.setItem(TOKEN, token)), undefined);
}

export function keptTheme(): string | null {
  return guarded(() => localStorage.getItem(THEME), null);
}

export function keepTheme(theme: string): void {
  guarded(() => localStorage.setItem(THEME, theme), undefined);
}

function guarded<T>(call: () => T, otherwise: T): T {
  try {
    return call();
  } catch {
    return otherwise;
  }
}
