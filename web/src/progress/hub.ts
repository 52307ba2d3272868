/**
 * One event stream for any number of listeners. A browser opens few connections to one server, so
 * a page that follows one video listens to that video's stream and a page that follows several to
 * the common one; nobody listening, no stream. A page long out of sight lets go of its stream.
 */
import type { ProgressEvent } from "../api/types";
import { newer } from "./reduce";

export interface HubParts {
  /** Opens a stream until the signal aborts. `null` is the common stream. */
  open(videoId: string | null, hear: (event: ProgressEvent) => void, signal: AbortSignal): void;
  setTimer(run: () => void, ms: number): unknown;
  clearTimer(timer: unknown): void;
}

type Hear = (event: ProgressEvent) => void;

/** Time in which listeners may come and go without the stream being opened anew. */
const SETTLE_MS = 50;
const OUT_OF_SIGHT_MS = 60_000;

export class ProgressHub {
  private readonly listeners = new Map<string, Set<Hear>>();
  private readonly latest = new Map<string, ProgressEvent>();
  private current: { target: string | null; stop: AbortController } | null = null;
  private settle: unknown = null;
  private sleep: unknown = null;
  private visible = true;

  constructor(private readonly parts: HubParts) {}

  /** Hears about one video at once (what is known) and from then on; the answer ends it. */
  follow(videoId: string, hear: Hear): () => void {
    const set = this.listeners.get(videoId) ?? new Set<Hear>();
    set.add(hear);
    this.listeners.set(videoId, set);
    const known = this.latest.get(videoId);
    if (known) hear(known);
    this.soon();
    return () => {
      set.delete(hear);
      if (set.size === 0) {
        this.listeners.delete(videoId);
        this.latest.delete(videoId);
      }
      this.soon();
    };
  }

  setVisible(visible: boolean): void {
    this.parts.clearTimer(this.sleep);
    if (visible) {
      this.visible = true;
      this.soon();
    } else {
      this.sleep = this.parts.setTimer(() => {
        this.visible = false;
        this.adjust();
      }, OUT_OF_SIGHT_MS);
    }
  }

  /** Opens the stream anew, for example as somebody else. */
  restart(): void {
    this.current?.stop.abort();
    this.current = null;
    this.latest.clear();
    this.soon();
  }

  private soon(): void {
    this.parts.clearTimer(this.settle);
    this.settle = this.parts.setTimer(() => this.adjust(), SETTLE_MS);
  }

  private wanted(): string | null | undefined {
    if (!this.visible || this.listeners.size === 0) return undefined;
    return this.listeners.size === 1 ? [...this.listeners.keys()][0] : null;
  }

  private adjust(): void {
    const target = this.wanted();
    if (this.current && this.current.target === target) return;
    this.current?.stop.abort();
    this.current = null;
    if (target === undefined) return;
    const stop = new AbortController();
    this.current = { target, stop };
    this.parts.open(target, (event) => this.hear(event), stop.signal);
  }

  private hear(event: ProgressEvent): void {
    const set = this.listeners.get(event.video_id);
    if (!set) return;
    const known = this.latest.get(event.video_id);
    const next = newer(known, event);
    if (next === known) return;
    this.latest.set(event.video_id, next);
    for (const hear of [...set]) hear(next);
  }
}
