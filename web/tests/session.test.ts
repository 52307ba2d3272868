import { describe, expect, it } from "vitest";
import { ApiError, unreachable } from "../src/api/problem";
import type { Session } from "../src/api/types";
import { noteInFlight } from "../src/session/in-flight";
import { leaseLock } from "../src/session/lock";
import { nextPath } from "../src/session/next-path";
import { type Channel, SessionStore } from "../src/session/store";

const HALF_HOUR_MS = 1_800_000;

/** A server whose refresh token may be used once, as the real one's. */
class Server {
  refreshes = 0;
  revoked = false;
  answer: "ok" | "refuse" | "silence" = "ok";
  private inUse = false;

  async refresh(): Promise<Session> {
    // Two at once would present the same cookie twice.
    if (this.inUse) this.revoked = true;
    this.inUse = true;
    await Promise.resolve();
    await Promise.resolve();
    this.inUse = false;
    if (this.answer === "silence") throw unreachable();
    if (this.answer === "refuse") throw new ApiError(401, "unauthenticated", "Sign in.");
    this.refreshes++;
    return answerOf(`token-${this.refreshes}`);
  }
}

function answerOf(token: string): Session {
  return {
    access_token: token,
    token_type: "Bearer",
    expires_in: 1800,
    user: {
      id: "u1",
      email: "ada@example.org",
      display_name: "Ada",
      role: "creator",
      created_at_ms: 0,
    },
  };
}

/** Tabs of one browser: a channel, a lock and a hint they share. */
class Browser {
  now = 0;
  hint = true;
  readonly server = new Server();
  readonly loggedOut: (string | null)[] = [];
  private tails = new Map<string, Promise<unknown>>();
  private ears: ((message: never) => void)[] = [];

  tab(): SessionStore {
    const own: ((message: never) => void)[] = [];
    const channel: Channel = {
      post: (message) => {
        for (const ear of this.ears) if (!own.includes(ear)) ear(message as never);
      },
      listen: (hear) => {
        own.push(hear as never);
        this.ears.push(hear as never);
      },
    };
    return new SessionStore({
      refresh: () => this.server.refresh(),
      logout: async (token) => {
        this.loggedOut.push(token);
      },
      lock: (name, run) => {
        const next = (this.tails.get(name) ?? Promise.resolve()).then(run, run);
        this.tails.set(name, next);
        return next;
      },
      channel,
      hint: {
        get: () => this.hint,
        set: (value) => {
          this.hint = value;
        },
      },
      now: () => this.now,
      setTimer: () => null,
      clearTimer: () => undefined,
    });
  }
}

describe("SessionStore", () => {
  it("asks the server nothing when nobody was signed in", async () => {
    const browser = new Browser();
    browser.hint = false;
    const tab = browser.tab();
    await tab.start();
    expect(tab.snapshot().status).toBe("signed-out");
    expect(browser.server.refreshes).toBe(0);
  });

  it("signs in again when a page is opened", async () => {
    const browser = new Browser();
    const tab = browser.tab();
    await tab.start();
    expect(tab.snapshot()).toMatchObject({ status: "signed-in", user: { id: "u1" } });
  });

  it("refreshes once for many requests at the same time", async () => {
    const browser = new Browser();
    const tab = browser.tab();
    const tokens = await Promise.all([tab.token(), tab.token(), tab.token()]);
    expect(tokens).toEqual(["token-1", "token-1", "token-1"]);
  });

  it("refreshes once for all tabs, never two at a time", async () => {
    const browser = new Browser();
    const tabs = [browser.tab(), browser.tab(), browser.tab()];
    const tokens = await Promise.all(tabs.map((tab) => tab.token()));
    expect(new Set(tokens)).toEqual(new Set(["token-1"]));
    expect(browser.server.revoked).toBe(false);
  });

  it("renews before the token ends, and keeps it until then", async () => {
    const browser = new Browser();
    const tab = browser.tab();
    await tab.start();
    browser.now = HALF_HOUR_MS - 100_000;
    expect(await tab.token()).toBe("token-1");
    browser.now = HALF_HOUR_MS - 80_000;
    expect(await tab.token()).toBe("token-2");
  });

  it("takes what another tab got instead of a refused token", async () => {
    const browser = new Browser();
    const [one, two] = [browser.tab(), browser.tab()];
    await one.start();
    browser.now = 1000;
    two.signIn(answerOf("newer"));
    expect(await one.renew("token-1")).toBe("newer");
    expect(browser.server.refreshes).toBe(1);
  });

  it("is over for all tabs when the server refuses", async () => {
    const browser = new Browser();
    const tab = browser.tab();
    browser.server.answer = "refuse";
    await tab.start();
    expect(tab.snapshot().status).toBe("signed-out");
    expect(browser.hint).toBe(false);
  });

  it("stays undecided while the server is silent, and finds back", async () => {
    const browser = new Browser();
    const tab = browser.tab();
    browser.server.answer = "silence";
    await tab.start();
    expect(tab.snapshot().status).toBe("unknown");
    await expect(tab.token()).rejects.toMatchObject({ status: 0 });
    browser.server.answer = "ok";
    expect(await tab.token()).toBe("token-1");
  });

  it("signs out in every tab and tells the server which token to revoke", async () => {
    const browser = new Browser();
    const [one, two] = [browser.tab(), browser.tab()];
    await one.start();
    expect(two.snapshot().status).toBe("signed-in");
    await one.signOut();
    expect(two.snapshot().status).toBe("signed-out");
    expect(browser.loggedOut).toEqual(["token-1"]);
    expect(await two.token()).toBeNull();
  });

  it("tells listeners only of changes", async () => {
    const tab = new Browser().tab();
    let told = 0;
    tab.subscribe(() => told++);
    await tab.start();
    tab.signIn(answerOf("again"));
    expect(told).toBe(1);
  });
});

function storage() {
  const map = new Map<string, string>();
  return {
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
    removeItem: (key: string) => void map.delete(key),
  };
}

describe("leaseLock", () => {
  it("lets one in at a time, also when many ask at once", async () => {
    let now = 0;
    let count = 0;
    const parts = {
      storage: storage(),
      now: () => now,
      sleep: async (ms: number) => {
        now += ms;
        await new Promise((done) => setTimeout(done, 0));
      },
      id: () => `tab-${++count}`,
    };
    let inside = 0;
    let most = 0;
    const run = async () => {
      inside++;
      most = Math.max(most, inside);
      await parts.sleep(10);
      inside--;
    };
    await Promise.all([1, 2, 3, 4].map(() => leaseLock(parts)("x", run)));
    expect(most).toBe(1);
  });

  it("takes over from a tab that died", async () => {
    let now = 0;
    const kept = storage();
    kept.setItem("lock:x", JSON.stringify({ holder: "dead", until: 5000 }));
    const lock = leaseLock({
      storage: kept,
      now: () => now,
      sleep: async (ms) => {
        now += ms;
      },
      id: () => "alive",
    });
    expect(await lock("x", async () => now > 5000)).toBe(true);
    expect(kept.getItem("lock:x")).toBeNull();
  });
});

describe("noteInFlight", () => {
  it("waits for a refresh that a page before this one had sent", async () => {
    let now = 10_000;
    const kept = storage();
    kept.setItem("matinee.refreshing", "9900");
    const alone = noteInFlight({
      storage: kept,
      now: () => now,
      sleep: async (ms) => {
        now += ms;
      },
    });
    expect(await alone(async () => now)).toBe(12_900);
    expect(kept.getItem("matinee.refreshing")).toBeNull();
    expect(await alone(async () => now)).toBe(12_900);
  });
});

describe("nextPath", () => {
  it("leads only to pages of this application", () => {
    expect(nextPath({ next: "/watch/abc?x=1" })).toBe("/watch/abc?x=1");
    for (const next of ["//evil.example", "/\\evil.example", "https://evil.example", "", 3]) {
      expect(nextPath({ next })).toBe("/");
    }
    expect(nextPath(null)).toBe("/");
  });
});
