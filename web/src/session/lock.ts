/**
 * One holder at a time over all tabs of this origin. Web Locks where the browser has them; they
 * are missing on plain http outside localhost, where a lease in localStorage stands in.
 */
export type Lock = <T>(name: string, run: () => Promise<T>) => Promise<T>;

const LEASE_MS = 10_000;
const SETTLE_MS = 40;
const WAIT_MS = 120;

export interface LeaseParts {
  storage: Pick<Storage, "getItem" | "setItem" | "removeItem">;
  now(): number;
  sleep(ms: number): Promise<void>;
  id(): string;
}

interface Lease {
  holder: string;
  until: number;
}

function parse(text: string | null): Lease | null {
  try {
    return text ? (JSON.parse(text) as Lease) : null;
  } catch {
    return null;
  }
}

/** A lock kept as a lease: taken, left to settle, then read back, since storage has no swap. */
export function leaseLock({ storage, now, sleep, id }: LeaseParts): Lock {
  async function take(key: string, holder: string): Promise<void> {
    for (;;) {
      const lease = parse(storage.getItem(key));
      if (!lease || lease.until < now()) {
        storage.setItem(key, JSON.stringify({ holder, until: now() + LEASE_MS }));
        await sleep(SETTLE_MS);
        if (parse(storage.getItem(key))?.holder === holder) return;
      }
      await sleep(WAIT_MS);
    }
  }
  return async (name, run) => {
    const key = `lock:${name}`;
    const holder = id();
    await take(key, holder);
    try {
      return await run();
    } finally {
      if (parse(storage.getItem(key))?.holder === holder) storage.removeItem(key);
    }
  };
}

export function browserLock(): Lock {
  if (typeof navigator !== "undefined" && navigator.locks) {
    return (name, run) => navigator.locks.request(name, run) as ReturnType<typeof run>;
  }
  return leaseLock({
    storage: localStorage,
    now: Date.now,
    sleep: (ms) => new Promise((done) => setTimeout(done, ms)),
    id: () => Math.random().toString(36).slice(2),
  });
}
