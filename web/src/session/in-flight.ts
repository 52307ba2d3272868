/**
 * Keeps a reload from using a refresh token twice. A refresh outlives its page (`keepalive`), but
 * the page that follows cannot see it; so the moment it was sent is noted, and a page that finds a
 * fresh note gives the answer a little time to bring its new cookie.
 */
export interface InFlightParts {
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  now(): number;
  sleep(ms: number): Promise<void>;
}

const KEY = "matinee.refreshing";
const PATIENCE_MS = 3000;

export function noteInFlight({ storage, now, sleep }: InFlightParts) {
  return async <T>(run: () => Promise<T>): Promise<T> => {
    const age = now() - Number(storage.getItem(KEY) ?? Number.NaN);
    if (age >= 0 && age < PATIENCE_MS) await sleep(PATIENCE_MS - age);
    storage.setItem(KEY, String(now()));
    try {
      return await run();
    } finally {
      storage.removeItem(KEY);
    }
  };
}
