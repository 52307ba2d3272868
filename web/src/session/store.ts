/**
 * Who is signed in. The access token lives in this object only; the refresh token is a cookie that
 * scripts never see. A refresh token is good for one use and using it twice ends the session, so
 * all tabs take turns (a lock) and tell each other what they got (a broadcast channel).
 */
import { ApiError } from "../api/problem";
import type { Session, User } from "../api/types";
import type { Lock } from "./lock";

export interface SessionState {
  status: "unknown" | "signed-out" | "signed-in";
  user: User | null;
}

interface Held {
  token: string;
  user: User;
  /** When the token stops being good, on this machine's clock. */
  expiresAt: number;
  /** When it was got; newer wins. */
  gotAt: number;
}

export type Message = { kind: "held"; held: Held } | { kind: "signed-out" };

export interface Channel {
  post(message: Message): void;
  listen(hear: (message: Message) => void): void;
}

/** Remembers, without any secret, that a refresh is worth trying when a page is opened. */
export interface Hint {
  get(): boolean;
  set(signedIn: boolean): void;
}

export interface SessionParts {
  refresh(): Promise<Session>;
  logout(token: string | null): Promise<void>;
  lock: Lock;
  channel: Channel;
  hint: Hint;
  now(): number;
  setTimer(run: () => void, ms: number): unknown;
  clearTimer(timer: unknown): void;
}

const LOCK = "matinee-session";
/** A token is renewed this long before it ends, so that no request is sent with a stale one. */
const EARLY_MS = 90_000;

export class SessionStore {
  private state: SessionState = { status: "unknown", user: null };
  private held: Held | null = null;
  private refreshing: Promise<string | null> | null = null;
  private timer: unknown = null;
  private readonly listeners = new Set<() => void>();

  constructor(private readonly parts: SessionParts) {
    parts.channel.listen((message) => this.hear(message));
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): SessionState => this.state;

  /** Finds out who is signed in; called once when the page opens. */
  async start(): Promise<void> {
    if (!this.parts.hint.get()) {
      this.become("signed-out", null);
      return;
    }
    await this.token().catch(() => null);
  }

  /**
   * A token good for the next request, or null when nobody is signed in.
   * Throws ApiError (status 0) while the server cannot be reached to renew it.
   */
  async token(): Promise<string | null> {
    if (this.state.status === "signed-out") return null;
    if (this.held && this.held.expiresAt - EARLY_MS > this.parts.now()) return this.held.token;
    return this.refresh(this.held?.token ?? null);
  }

  /** Another token in place of one the server refused; null when the session is over. */
  renew(refused: string): Promise<string | null> {
    if (this.held && this.held.token !== refused) return Promise.resolve(this.held.token);
    return this.refresh(refused);
  }

  /** Takes what register or log in answered. */
  signIn(answer: Session): void {
    this.hold(this.heldOf(answer));
    if (this.held) this.parts.channel.post({ kind: "held", held: this.held });
  }

  /** Ends the session here and in all tabs; the server revokes the tokens. */
  async signOut(): Promise<void> {
    const token = this.held?.token ?? null;
    try {
      await this.parts.lock(LOCK, () => this.parts.logout(token));
    } catch (error) {
      // A session the server no longer knows is over all the same.
      if (!(error instanceof ApiError) || error.isTransient || error.status >= 500) throw error;
    }
    this.end();
    this.parts.channel.post({ kind: "signed-out" });
  }

  private refresh(stale: string | null): Promise<string | null> {
    this.refreshing ??= this.parts
      .lock(LOCK, () => this.refreshAlone(stale))
      .finally(() => {
        this.refreshing = null;
      });
    return this.refreshing;
  }

  private async refreshAlone(stale: string | null): Promise<string | null> {
    // Another tab may have done it while this one waited for its turn.
    if (this.held && this.held.token !== stale) return this.held.token;
    if (!this.parts.hint.get()) {
      this.end();
      return null;
    }
    try {
      this.signIn(await this.parts.refresh());
      return this.held?.token ?? null;
    } catch (error) {
      if (!(error instanceof ApiError) || error.isTransient || error.status >= 500) throw error;
      this.end();
      return null;
    }
  }

  private heldOf(answer: Session): Held {
    const now = this.parts.now();
    return {
      token: answer.access_token,
      user: answer.user,
      expiresAt: now + answer.expires_in * 1000,
      gotAt: now,
    };
  }

  private hold(held: Held): void {
    this.held = held;
    this.parts.hint.set(true);
    this.become("signed-in", held.user);
    this.parts.clearTimer(this.timer);
    const wait = Math.max(1000, held.expiresAt - EARLY_MS - this.parts.now());
    this.timer = this.parts.setTimer(() => void this.token().catch(() => null), wait);
  }

  private end(): void {
    this.held = null;
    this.parts.hint.set(false);
    this.parts.clearTimer(this.timer);
    this.become("signed-out", null);
  }

  private hear(message: Message): void {
    if (message.kind === "signed-out") this.end();
    else if (!this.held || message.held.gotAt > this.held.gotAt) this.hold(message.held);
  }

  private become(status: SessionState["status"], user: User | null): void {
    const same = this.state.status === status && this.state.user?.id === user?.id;
    if (same && this.state.user?.display_name === user?.display_name) return;
    this.state = { status, user };
    for (const listener of [...this.listeners]) listener();
  }
}
