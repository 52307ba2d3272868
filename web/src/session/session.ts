/** This page's one session, wired to the server, the browser's locks and its other tabs. */
import { send } from "../api/http";
import { noteInFlight } from "./in-flight";
import { browserLock } from "./lock";
import { type Channel, type Hint, type Message, SessionStore } from "./store";

const HINT = "matinee.signed-in";

function storageHint(): Hint {
  return {
    get() {
      try {
        return localStorage.getItem(HINT) === "1";
      } catch {
        return true;
      }
    },
    set(signedIn) {
      try {
        if (signedIn) localStorage.setItem(HINT, "1");
        else localStorage.removeItem(HINT);
      } catch {
        // Storage may be forbidden; then every page load tries a refresh.
      }
    },
  };
}

function tabChannel(): Channel {
  const channel = new BroadcastChannel("matinee-session");
  return {
    post: (message) => channel.postMessage(message),
    listen: (hear) => {
      channel.onmessage = (event: MessageEvent<Message>) => hear(event.data);
    },
  };
}

const alone = noteInFlight({
  storage: localStorage,
  now: Date.now,
  sleep: (ms) => new Promise((done) => setTimeout(done, ms)),
});

export const session = new SessionStore({
  refresh: () => alone(() => send("POST /api/auth/refresh", { body: {}, keepalive: true }, null)),
  logout: (token) => send("POST /api/auth/logout", { body: {} }, token).then(() => undefined),
  lock: browserLock(),
  channel: tabChannel(),
  hint: storageHint(),
  now: Date.now,
  setTimer: (run, ms) => setTimeout(run, ms),
  clearTimer: (timer) => clearTimeout(timer as number),
});
