/** Pure: whose token it is. Only to know one's own changes again: the server is who believes a token or doesn't. */
export function subjectOf(token: string | null): string | null {
  const [, payload] = token?.split('.') ?? [];
  if (payload === undefined) return null;
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (one) => one.charCodeAt(0));
    const { sub } = JSON.parse(new TextDecoder().decode(bytes)) as { sub?: unknown };
    return typeof sub === 'string' ? sub : null;
  } catch {
    return null;
  }
}
