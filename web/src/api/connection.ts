/**
 * Whether the server answers. Any request reports what it met; while nothing answers, `/health`
 * is asked again with growing pauses, and listeners hear when the server is back.
 */
type Listener = () => void;

export interface Timers {
  set(run: () => void, ms: number): unknown;
  clear(timer: unknown): void;
}

const FIRST_PAUSE_MS = 1500;
const LONGEST_PAUSE_MS = 15_000;

export class Connection {
  private readonly listeners = new Set<Listener>();
  private down = false;
  private pauseMs = FIRST_PAUSE_MS;
  private timer: unknown = null;

  constructor(
    private readonly probe: () => Promise<boolean>,
    private readonly timers: Timers = {
      set: (run, ms) => setTimeout(run, ms),
      clear: (timer) => clearTimeout(timer as number),
    },
  ) {}

  get isDown(): boolean {
    return this.down;
  }

  readonly subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  answered(): void {
    if (!this.down) return;
    this.down = false;
    this.pauseMs = FIRST_PAUSE_MS;
    this.timers.clear(this.timer);
    this.timer = null;
    this.tell();
  }

  failed(): void {
    if (this.timer === null) this.schedule();
    if (this.down) return;
    this.down = true;
    this.tell();
  }

  /** Asks at once, for a person who pressed "Try again" and for the browser's online event. */
  async check(): Promise<void> {
    this.timers.clear(this.timer);
    this.timer = null;
    if (await this.probe()) this.answered();
    else this.failed();
  }

  private schedule(): void {
    this.timer = this.timers.set(() => void this.check(), this.pauseMs);
    this.pauseMs = Math.min(LONGEST_PAUSE_MS, this.pauseMs * 1.6);
  }

  private tell(): void {
    for (const listener of [...this.listeners]) listener();
  }
}

export const connection = new Connection(async () => {
  try {
    const response = await fetch("/health", { cache: "no-store" });
    return response.ok || response.status === 503;
  } catch {
    return false;
  }
});
