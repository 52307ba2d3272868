/** Where to go after signing in: only ever a path of this application. */
export function nextPath(state: unknown): string {
  const next = (state as { next?: unknown } | null)?.next;
  return typeof next === "string" && /^\/(?![/\\])/.test(next) ? next : "/";
}
