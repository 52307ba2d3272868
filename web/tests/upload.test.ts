import { beforeEach, describe, expect, it } from "vitest";
import { refusal, titleOf } from "../src/upload/films";
import { offer, receive } from "../src/upload/offer";
import { UploadRecords } from "../src/upload/records";
import { SpeedMeter } from "../src/upload/speed";
import { type TransferRequest, UploadStore } from "../src/upload/store";

describe("titleOf", () => {
  it.each([
    ["my_summer-film.final.mp4", "my summer film final"],
    ["2024-05-01 Lisbon.MOV", "2024-05-01 Lisbon"],
    [".mp4", ".mp4"],
    ["Été à Nice.webm", "Été à Nice"],
    ["well-known.mkv", "well known"],
  ])("%s is %s", (name, title) => expect(titleOf(name)).toBe(title));
});

describe("refusal", () => {
  it("takes films, also those the browser does not know", () => {
    for (const file of [
      { name: "a.mp4", size: 1, type: "video/mp4" },
      { name: "a.mkv", size: 1, type: "" },
      { name: "a.ts", size: 1, type: "text/vnd.trolltech.linguist" },
      { name: "a", size: 1, type: "application/octet-stream" },
    ]) {
      expect(refusal(file)).toBeNull();
    }
  });

  it("refuses the rest with a sentence", () => {
    expect(refusal({ name: "a.jpg", size: 1, type: "image/jpeg" })).toMatch(/not look like a film/);
    expect(refusal({ name: "a.mp4", size: 0, type: "video/mp4" })).toMatch(/empty/);
  });
});

describe("SpeedMeter", () => {
  it("tells speed and time left from the last seconds", () => {
    const meter = new SpeedMeter();
    meter.add(0, 0);
    expect(meter.read(1000)).toEqual({ bytesPerSecond: 0, leftMs: null });
    meter.add(1000, 100);
    expect(meter.read(1000)).toEqual({ bytesPerSecond: 100, leftMs: 9000 });
    for (let second = 2; second <= 30; second++) meter.add(second * 1000, 100 + second * 10);
    expect(meter.read(1000).bytesPerSecond).toBeCloseTo(10);
  });

  it("starts anew when a transfer resumes behind what was counted", () => {
    const meter = new SpeedMeter();
    meter.add(0, 0);
    meter.add(1000, 1000);
    meter.add(2000, 500);
    expect(meter.read(1000).bytesPerSecond).toBe(0);
    meter.add(3000, 600);
    expect(meter.read(1000).bytesPerSecond).toBe(100);
  });
});

function storage() {
  const map = new Map<string, string>();
  return {
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
  };
}

const record = {
  key: "u|a|1|2",
  userId: "u",
  uploadUrl: "/api/v1/uploads/x",
  videoId: "v",
  filename: "a",
  sizeBytes: 1,
  sentBytes: 0,
  title: "A",
  startedAt: 1000,
};

describe("UploadRecords", () => {
  it("keeps one record for a file, for its person alone", () => {
    const records = new UploadRecords(storage(), () => 2000);
    records.put(record);
    records.put({ ...record, sentBytes: 5 });
    expect(records.all("u")).toEqual([{ ...record, sentBytes: 5 }]);
    expect(records.all("other")).toEqual([]);
    records.remove(record.key);
    expect(records.find(record.key)).toBeUndefined();
  });

  it("forgets the old and survives rubbish", () => {
    const kept = storage();
    const records = new UploadRecords(kept, () => 15 * 24 * 3600 * 1000);
    records.put(record);
    expect(records.all("u")).toEqual([]);
    for (const text of ["{", "null", "[1,null,{}]", '{"a":1}']) {
      kept.setItem("matinee.uploads", text);
      expect(records.all("u")).toEqual([]);
    }
  });
});

describe("offer", () => {
  it("keeps files until the upload page takes them", () => {
    const file = film("a.mp4");
    const taken: File[][] = [];
    offer([file]);
    const stop = receive((files) => taken.push(files));
    offer([file]);
    stop();
    offer([file]);
    expect(taken).toHaveLength(2);
    receive((files) => taken.push(files))();
    expect(taken).toHaveLength(3);
  });
});

function film(name: string, size = 100): File {
  // Node 18 has no global File; the store only reads these facts.
  return { name, size, type: "video/mp4", lastModified: 5 } as File;
}

class Studio {
  readonly opened: (TransferRequest & { log: string[] })[] = [];
  readonly changes: [string, unknown][] = [];
  readonly dropped: string[] = [];
  readonly timers = new Map<number, () => void>();
  readonly records = new UploadRecords(storage(), () => 1);
  refuseChange = false;
  tooLate = false;
  readonly removed: string[] = [];
  private count = 0;
  readonly store = new UploadStore({
    open: async (request) => {
      const log: string[] = [];
      this.opened.push({ ...request, log });
      return {
        start: () => void log.push("start"),
        stop: async () => void log.push("stop"),
        terminate: async () => {
          log.push("terminate");
          if (this.tooLate) throw new Error("finished");
        },
      };
    },
    change: async (id, change) => {
      if (this.refuseChange) throw new Error("no");
      this.changes.push([id, change]);
    },
    drop: async (url) => void this.dropped.push(url),
    remove: async (id) => void this.removed.push(id),
    explain: () => "It was refused.",
    records: this.records,
    userId: () => "u",
    now: () => 1,
    setTimer: (run) => {
      this.timers.set(++this.count, run);
      return this.count;
    },
    clearTimer: (timer) => this.timers.delete(timer as number),
  });

  item(index = 0) {
    const item = this.store.snapshot()[index];
    if (!item) throw new Error(`no upload ${index}`);
    return item;
  }

  transfer(index = 0) {
    const transfer = this.opened[index];
    if (!transfer) throw new Error(`no transfer ${index}`);
    return transfer;
  }

  tick() {
    const due = [...this.timers.values()];
    this.timers.clear();
    for (const run of due) run();
  }

  /** Lets promises settle. */
  rest() {
    return new Promise((done) => setTimeout(done, 0));
  }

  async begin(...names: string[]) {
    this.store.add(names.map((name) => film(name)));
    await this.rest();
  }
}

const DETAILS = { title: "T", description: "D", visibility: "public" as const };

describe("UploadStore", () => {
  let studio: Studio;
  beforeEach(() => {
    studio = new Studio();
  });

  it("begins at once, private and titled from the file", async () => {
    await studio.begin("first_film.mp4");
    expect(studio.item()).toMatchObject({ state: "sending", saved: "draft" });
    expect(studio.transfer().details).toEqual({
      title: "first film",
      description: "",
      visibility: "private",
    });
    expect(studio.transfer().log).toEqual(["start"]);
  });

  it("sends three at a time and the next when one is through", async () => {
    await studio.begin("a", "b", "c", "d");
    expect(studio.opened).toHaveLength(3);
    expect(studio.item(3).state).toBe("waiting");
    studio.transfer(1).events.onSent();
    await studio.rest();
    expect(studio.opened).toHaveLength(4);
    expect(studio.item(1)).toMatchObject({ state: "sent", sentBytes: 100 });
  });

  it("does not take the same file twice while it is under way", async () => {
    await studio.begin("a");
    await studio.begin("a");
    expect(studio.store.snapshot()).toHaveLength(1);
  });

  it("pauses and resumes the same transfer", async () => {
    await studio.begin("a");
    await studio.store.pause(studio.item().key);
    expect(studio.item().state).toBe("paused");
    studio.transfer().events.onProgress(50);
    expect(studio.item().state).toBe("paused");
    studio.store.resume(studio.item().key);
    await studio.rest();
    expect(studio.transfer().log).toEqual(["start", "stop", "start"]);
  });

  it("goes on by itself after the connection was lost", async () => {
    await studio.begin("a");
    studio.transfer().events.onInterrupted();
    expect(studio.item().state).toBe("interrupted");
    studio.tick();
    await studio.rest();
    expect(studio.item().state).toBe("sending");
    studio.transfer().events.onInterrupted();
    studio.store.wake();
    await studio.rest();
    expect(studio.transfer().log).toEqual(["start", "start", "start"]);
  });

  it("makes a stalled connection anew, but waits for the answer to the last byte", async () => {
    await studio.begin("a");
    studio.transfer().events.onProgress(100);
    studio.tick();
    await studio.rest();
    expect(studio.transfer().log).toEqual(["start"]);
    studio.transfer().events.onProgress(60);
    studio.tick();
    await studio.rest();
    expect(studio.transfer().log).toEqual(["start", "stop"]);
    expect(studio.item().state).toBe("interrupted");
  });

  it("remembers where it was, for a file chosen again after a reload", async () => {
    await studio.begin("a");
    studio.transfer().events.onUrl("/api/v1/uploads/x");
    studio.transfer().events.onVideo("v1");
    studio.transfer().events.onProgress(40);
    const later = new Studio();
    for (const kept of studio.records.all("u")) later.records.put(kept);
    await later.begin("a");
    expect(later.transfer().uploadUrl).toBe("/api/v1/uploads/x");
    expect(later.item()).toMatchObject({ videoId: "v1", sentBytes: 40 });
    later.transfer().events.onSent();
    expect(later.records.all("u")).toEqual([]);
  });

  it("publishes by changing the video that was made private", async () => {
    await studio.begin("a");
    studio.transfer().events.onVideo("v1");
    await studio.store.publish(studio.item().key, DETAILS);
    expect(studio.changes).toEqual([["v1", DETAILS]]);
    expect(studio.item().saved).toBe("saved");
  });

  it("publishes as soon as there is a video, when asked before", async () => {
    await studio.begin("a");
    await studio.store.publish(studio.item().key, DETAILS);
    expect(studio.changes).toEqual([]);
    studio.transfer().events.onVideo("v1");
    await studio.rest();
    expect(studio.changes).toEqual([["v1", DETAILS]]);
  });

  it("lets a waiting upload be made with its final details, without a change", async () => {
    await studio.begin("a", "b", "c", "d");
    await studio.store.publish(studio.item(3).key, DETAILS);
    studio.transfer(0).events.onSent();
    await studio.rest();
    expect(studio.transfer(3).details).toEqual(DETAILS);
    studio.transfer(3).events.onVideo("v4");
    await studio.rest();
    expect(studio.changes).toEqual([]);
    expect(studio.item(3).saved).toBe("saved");
  });

  it("keeps the draft and says why when saving fails", async () => {
    await studio.begin("a");
    studio.transfer().events.onVideo("v1");
    studio.refuseChange = true;
    await studio.store.publish(studio.item().key, DETAILS);
    expect(studio.item()).toMatchObject({ saved: "draft", error: "It was refused." });
    studio.refuseChange = false;
    await studio.store.publish(studio.item().key, DETAILS);
    expect(studio.item()).toMatchObject({ saved: "saved", error: null });
  });

  it("says why a film was refused, and tries again when asked", async () => {
    await studio.begin("a");
    studio.transfer().events.onRefused("Too large.");
    expect(studio.item()).toMatchObject({ state: "refused", error: "Too large." });
    studio.store.resume(studio.item().key);
    await studio.rest();
    expect(studio.item()).toMatchObject({ state: "sending", error: null });
  });

  it("ends an upload for good when it is cancelled, and forgets one that is discarded", async () => {
    await studio.begin("a");
    studio.transfer().events.onUrl("/api/v1/uploads/x");
    await studio.store.cancel(studio.item().key);
    expect(studio.store.snapshot()).toEqual([]);
    expect(studio.transfer().log).toEqual(["start", "terminate"]);
    expect(studio.records.all("u")).toEqual([]);
    studio.records.put(record);
    await studio.store.discard(record);
    expect(studio.dropped).toEqual([record.uploadUrl]);
  });

  it("deletes the video when the upload was complete before it could be cancelled", async () => {
    await studio.begin("a");
    studio.transfer().events.onVideo("v1");
    studio.tooLate = true;
    await studio.store.cancel(studio.item().key);
    expect(studio.removed).toEqual(["v1"]);
  });

  it("stops everything when the person leaves, without ending it", async () => {
    await studio.begin("a");
    studio.transfer().events.onUrl("/api/v1/uploads/x");
    studio.store.clear();
    await studio.rest();
    expect(studio.store.isBusy).toBe(false);
    expect(studio.transfer().log).toEqual(["start", "stop"]);
    expect(studio.records.all("u")).toHaveLength(1);
  });
});
