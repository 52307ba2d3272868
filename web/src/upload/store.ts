/**
 * All uploads of this page. They begin as soon as a file is dropped, private until published, and
 * go on while the person moves through the application. A lost connection interrupts a transfer,
 * it never ends one: it goes on from the last byte the server has.
 */
import type { VideoChange, Visibility } from "../api/types";
import { titleOf } from "./films";
import { recordKey, type UploadRecord, type UploadRecords } from "./records";
import { SpeedMeter } from "./speed";

export type UploadState = "waiting" | "sending" | "paused" | "interrupted" | "sent" | "refused";

export interface Details {
  title: string;
  description: string;
  visibility: Visibility;
}

export interface UploadItem {
  key: string;
  filename: string;
  sizeBytes: number;
  sentBytes: number;
  bytesPerSecond: number;
  leftMs: number | null;
  state: UploadState;
  /** Why it was refused or what saving said, as a sentence. */
  error: string | null;
  videoId: string | null;
  details: Details;
  /** Whether the details have reached the server. */
  saved: "draft" | "saving" | "saved";
}

export interface TransferEvents {
  onProgress(sentBytes: number): void;
  onUrl(url: string): void;
  onVideo(videoId: string): void;
  onSent(): void;
  onInterrupted(): void;
  onRefused(sentence: string): void;
}

export interface Transfer {
  start(): void;
  stop(): Promise<void>;
  /** Ends the upload for good and frees what the server holds. */
  terminate(): Promise<void>;
}

export interface TransferRequest {
  file: File;
  details: Details;
  /** Where to go on, when this file was begun before. */
  uploadUrl: string | null;
  events: TransferEvents;
}

export interface StoreParts {
  open(request: TransferRequest): Promise<Transfer>;
  change(videoId: string, change: VideoChange): Promise<unknown>;
  /** Ends an upload the server still holds, and with it the video that was to come. */
  drop(uploadUrl: string): Promise<unknown>;
  /** Deletes a video whose upload was complete before it could be ended. */
  remove(videoId: string): Promise<unknown>;
  explain(error: unknown): string;
  records: UploadRecords;
  userId(): string;
  now(): number;
  setTimer(run: () => void, ms: number): unknown;
  clearTimer(timer: unknown): void;
}

interface Running {
  file: File;
  recordKey: string;
  meter: SpeedMeter;
  transfer: Transfer | null;
  retry: unknown;
  stall: unknown;
  /** What creation told the server, to know whether a change is still owed. */
  created: Details | null;
}

const AT_ONCE = 3;
const RETRY_MS = 5000;
/** A connection that moves nothing for so long is taken for dead and made anew. */
const STALL_MS = 45_000;

export class UploadStore {
  private items: readonly UploadItem[] = [];
  private readonly running = new Map<string, Running>();
  private readonly listeners = new Set<() => void>();
  private count = 0;

  constructor(private readonly parts: StoreParts) {}

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): readonly UploadItem[] => this.items;

  get isBusy(): boolean {
    return this.items.some((item) => ["waiting", "sending", "interrupted"].includes(item.state));
  }

  add(files: Iterable<File>): void {
    for (const file of files) this.addOne(file);
    this.fill();
  }

  async pause(key: string): Promise<void> {
    const running = this.running.get(key);
    this.quiet(running);
    this.update(key, { state: "paused", bytesPerSecond: 0, leftMs: null });
    await running?.transfer?.stop();
    this.fill();
  }

  resume(key: string): void {
    const item = this.item(key);
    if (!item || !["paused", "interrupted", "refused"].includes(item.state)) return;
    this.update(key, { state: "waiting", error: null });
    this.fill();
  }

  /** Drops the upload and the video that was to come of it. */
  async cancel(key: string): Promise<void> {
    const running = this.running.get(key);
    const videoId = this.item(key)?.videoId;
    this.quiet(running);
    this.running.delete(key);
    this.change(this.items.filter((other) => other.key !== key));
    if (running) this.parts.records.remove(running.recordKey);
    this.fill();
    try {
      await running?.transfer?.terminate();
    } catch {
      if (videoId) await this.parts.remove(videoId).catch(() => undefined);
    }
  }

  /** Drops an upload of an earlier page that nobody means to finish. */
  async discard(record: UploadRecord): Promise<void> {
    this.parts.records.remove(record.key);
    await this.parts.drop(record.uploadUrl).catch(() => undefined);
  }

  /** Takes a finished or refused upload off the page; the video stays. */
  dismiss(key: string): void {
    this.quiet(this.running.get(key));
    this.running.delete(key);
    this.change(this.items.filter((item) => item.key !== key));
  }

  /** Sends title, description and visibility; before the upload is made they go along with it. */
  async publish(key: string, details: Details): Promise<void> {
    this.update(key, { details, saved: "saving", error: null });
    await this.settle(key);
  }

  /** Starts again whatever the connection had interrupted. */
  wake(): void {
    for (const item of this.items) if (item.state === "interrupted") this.resume(item.key);
  }

  /** Stops everything, for a person who signs out; begun uploads can be gone on with later. */
  clear(): void {
    for (const running of this.running.values()) {
      this.quiet(running);
      void running.transfer?.stop();
    }
    this.running.clear();
    this.change([]);
  }

  private addOne(file: File): void {
    const known = recordKey(this.parts.userId(), file);
    for (const [key, running] of this.running) {
      const state = this.item(key)?.state;
      if (running.recordKey !== known || state === "sent") continue;
      if (state === "paused" || state === "refused") this.resume(key);
      return;
    }
    const key = `upload-${++this.count}`;
    const record = this.parts.records.find(known);
    this.running.set(key, {
      file,
      recordKey: known,
      meter: new SpeedMeter(),
      transfer: null,
      retry: null,
      stall: null,
      created: null,
    });
    const item: UploadItem = {
      key,
      filename: file.name,
      sizeBytes: file.size,
      sentBytes: record?.sentBytes ?? 0,
      bytesPerSecond: 0,
      leftMs: null,
      state: "waiting",
      error: null,
      videoId: record?.videoId ?? null,
      details: {
        title: record?.title || titleOf(file.name),
        description: "",
        visibility: "public",
      },
      saved: "draft",
    };
    this.change([...this.items, item]);
  }

  private fill(): void {
    let free = AT_ONCE - this.items.filter((item) => item.state === "sending").length;
    for (const item of this.items) {
      if (free <= 0) return;
      if (item.state !== "waiting") continue;
      free--;
      this.update(item.key, { state: "sending" });
      void this.begin(item.key);
    }
  }

  private async begin(key: string): Promise<void> {
    const running = this.running.get(key);
    const item = this.item(key);
    if (!running || !item) return;
    running.meter.reset();
    try {
      running.transfer ??= await this.open(key, running, item);
    } catch (error) {
      this.refuse(key, this.parts.explain(error));
      return;
    }
    if (this.item(key)?.state !== "sending") return;
    running.transfer.start();
    this.watch(key, running);
  }

  private open(key: string, running: Running, item: UploadItem): Promise<Transfer> {
    // Until "Publish" is pressed nobody else shall see it, whatever the form says so far.
    const asked = item.saved === "draft";
    const details = asked ? { ...item.details, visibility: "private" as const } : item.details;
    const uploadUrl = this.parts.records.find(running.recordKey)?.uploadUrl ?? null;
    // An upload that was begun earlier may carry other details than these.
    running.created = uploadUrl ? null : details;
    return this.parts.open({
      file: running.file,
      details,
      uploadUrl,
      events: {
        onProgress: (sent) => this.progress(key, running, sent),
        onUrl: (url) => this.remember(key, running, url),
        onVideo: (videoId) => this.named(key, running, videoId),
        onSent: () => this.sent(key, running),
        onInterrupted: () => this.interrupted(key, running),
        onRefused: (sentence) => this.refuse(key, sentence),
      },
    });
  }

  private progress(key: string, running: Running, sentBytes: number): void {
    const item = this.item(key);
    if (!item || (item.state !== "sending" && item.state !== "interrupted")) return;
    running.meter.add(this.parts.now(), sentBytes);
    const { bytesPerSecond, leftMs } = running.meter.read(item.sizeBytes);
    this.update(key, { state: "sending", sentBytes, bytesPerSecond, leftMs });
    const record = this.parts.records.find(running.recordKey);
    if (record) this.parts.records.put({ ...record, sentBytes });
    this.watch(key, running);
  }

  private remember(key: string, running: Running, uploadUrl: string): void {
    const item = this.item(key);
    if (!item) return;
    this.parts.records.put({
      key: running.recordKey,
      userId: this.parts.userId(),
      uploadUrl,
      videoId: item.videoId,
      filename: item.filename,
      sizeBytes: item.sizeBytes,
      sentBytes: item.sentBytes,
      title: item.details.title,
      startedAt: this.parts.now(),
    });
  }

  private named(key: string, running: Running, videoId: string): void {
    if (this.item(key)?.videoId === videoId) return;
    this.update(key, { videoId });
    const record = this.parts.records.find(running.recordKey);
    if (record) this.parts.records.put({ ...record, videoId });
    void this.settle(key);
  }

  private sent(key: string, running: Running): void {
    this.quiet(running);
    this.parts.records.remove(running.recordKey);
    const size = this.item(key)?.sizeBytes ?? 0;
    this.update(key, { state: "sent", sentBytes: size, bytesPerSecond: 0, leftMs: null });
    this.fill();
  }

  private interrupted(key: string, running: Running): void {
    const state = this.item(key)?.state;
    if (state !== "sending" && state !== "interrupted") return;
    this.quiet(running);
    running.meter.reset();
    this.update(key, { state: "interrupted", bytesPerSecond: 0, leftMs: null });
    running.retry = this.parts.setTimer(() => this.resume(key), RETRY_MS);
  }

  private refuse(key: string, error: string): void {
    this.quiet(this.running.get(key));
    this.update(key, { state: "refused", error, bytesPerSecond: 0, leftMs: null });
    this.fill();
  }

  private watch(key: string, running: Running): void {
    this.parts.clearTimer(running.stall);
    running.stall = this.parts.setTimer(() => {
      const item = this.item(key);
      // All sent and only the answer missing is no stall: the server may be busy storing it.
      if (item?.state !== "sending" || item.sentBytes >= item.sizeBytes) return;
      void running.transfer?.stop().then(() => this.interrupted(key, running));
    }, STALL_MS);
  }

  /** Brings the wanted details to the server when there is a video to change. */
  private async settle(key: string): Promise<void> {
    const item = this.item(key);
    const created = this.running.get(key)?.created;
    if (!item?.videoId || item.saved !== "saving") return;
    const { title, description, visibility } = item.details;
    const same =
      created?.title === title &&
      created.description === description &&
      created.visibility === visibility;
    try {
      if (!same) await this.parts.change(item.videoId, item.details);
      if (this.item(key)?.details === item.details) this.update(key, { saved: "saved" });
    } catch (error) {
      this.update(key, { saved: "draft", error: this.parts.explain(error) });
    }
    const running = this.running.get(key);
    if (running) running.created = null;
  }

  private quiet(running: Running | undefined): void {
    if (!running) return;
    this.parts.clearTimer(running.retry);
    this.parts.clearTimer(running.stall);
  }

  private item(key: string): UploadItem | undefined {
    return this.items.find((item) => item.key === key);
  }

  private update(key: string, change: Partial<UploadItem>): void {
    this.change(this.items.map((item) => (item.key === key ? { ...item, ...change } : item)));
  }

  private change(items: readonly UploadItem[]): void {
    this.items = items;
    for (const listener of [...this.listeners]) listener();
  }
}
