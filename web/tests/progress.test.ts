import { describe, expect, it } from "vitest";
import type { ProgressEvent, Video } from "../src/api/types";
import { ProgressHub } from "../src/progress/hub";
import {
  applyProgress,
  needsFresh,
  newer,
  parseProgress,
  progressOf,
} from "../src/progress/reduce";

function event(change: Partial<ProgressEvent> = {}): ProgressEvent {
  return {
    video_id: "a",
    status: "processing",
    playable: false,
    stage: "encoding",
    percent: 40,
    message: "",
    eta_ms: null,
    error: null,
    updated_at_ms: 1000,
    ...change,
  };
}

const video: Video = {
  id: "a",
  title: "A",
  description: "",
  visibility: "public",
  status: "processing",
  playable: false,
  error: null,
  duration_ms: null,
  width: null,
  height: null,
  size_bytes: 1,
  created_at_ms: 0,
  published_at_ms: null,
  owner: { id: "u", display_name: "U" },
  thumbnail: null,
  progress: { stage: "encoding", percent: 40 },
  renditions: [],
  playback: { hls: null, expires_at_ms: null },
};

describe("parseProgress", () => {
  it("reads an event and holds percent to its bounds", () => {
    const text = JSON.stringify(event({ percent: 140 }));
    expect(parseProgress(text)).toEqual(event({ percent: 100 }));
  });

  it("refuses what is no event", () => {
    for (const text of ["", "null", "[]", "{}", '{"video_id":1,"status":"ready"}', "{"]) {
      expect(parseProgress(text)).toBeNull();
    }
  });
});

describe("newer", () => {
  it("never goes back", () => {
    const known = event();
    expect(newer(known, event({ updated_at_ms: 900, percent: 90 }))).toBe(known);
    expect(newer(known, event({ percent: 30 }))).toBe(known);
    expect(newer(known, event({ percent: 41 })).percent).toBe(41);
    expect(newer(known, event({ stage: "storing", percent: 0 })).stage).toBe("storing");
  });

  it("lets a retry begin from nothing", () => {
    const failed = event({ status: "failed", stage: "failed", percent: 60 });
    const again = event({ stage: "queued", percent: 0, updated_at_ms: 2000 });
    expect(newer(failed, again)).toBe(again);
  });
});

describe("applyProgress", () => {
  it("keeps the object when nothing changed", () => {
    expect(applyProgress(video, event())).toBe(video);
    expect(applyProgress(video, event({ video_id: "b", percent: 1 }))).toBe(video);
  });

  it("moves the stage and ends with the work", () => {
    expect(applyProgress(video, event({ percent: 50 })).progress?.percent).toBe(50);
    const done = applyProgress(video, event({ status: "ready", stage: "ready", playable: true }));
    expect(done).toMatchObject({ status: "ready", playable: true, progress: null });
    const failed = applyProgress(video, event({ status: "failed", stage: "failed", error: "No." }));
    expect(failed).toMatchObject({ status: "failed", error: "No.", progress: null });
  });

  it("knows when the video must be asked for again", () => {
    expect(needsFresh(video, event({ percent: 99 }))).toBe(false);
    expect(needsFresh(video, event({ playable: true }))).toBe(true);
    expect(needsFresh(video, event({ status: "ready" }))).toBe(true);
  });
});

describe("progressOf", () => {
  it("tells a state for every video", () => {
    expect(progressOf(video)).toMatchObject({ stage: "encoding", percent: 40 });
    expect(progressOf({ ...video, status: "ready", progress: null })).toMatchObject({
      stage: "ready",
      percent: 100,
    });
    expect(progressOf({ ...video, status: "processing", progress: null }).stage).toBe("queued");
  });
});

/** A hub whose timers run by hand and whose streams are only recorded. */
function workshop() {
  const timers = new Map<number, () => void>();
  const open: { target: string | null; hear(event: ProgressEvent): void; signal: AbortSignal }[] =
    [];
  let count = 0;
  const hub = new ProgressHub({
    open: (target, hear, signal) => open.push({ target, hear, signal }),
    setTimer: (run) => {
      timers.set(++count, run);
      return count;
    },
    clearTimer: (timer) => timers.delete(timer as number),
  });
  const tick = () => {
    const due = [...timers.values()];
    timers.clear();
    for (const run of due) run();
  };
  const live = () => open.filter((stream) => !stream.signal.aborted);
  return { hub, tick, live };
}

describe("ProgressHub", () => {
  it("opens one video's stream for one, the common one for several, none for nobody", () => {
    const { hub, tick, live } = workshop();
    const leaveA = hub.follow("a", () => undefined);
    tick();
    expect(live().map((stream) => stream.target)).toEqual(["a"]);
    const leaveB = hub.follow("b", () => undefined);
    tick();
    expect(live().map((stream) => stream.target)).toEqual([null]);
    leaveA();
    leaveB();
    tick();
    expect(live()).toEqual([]);
  });

  it("tells each listener of its own video only, and a late one what is known", () => {
    const { hub, tick, live } = workshop();
    const heard: string[] = [];
    hub.follow("a", (progress) => heard.push(`a${progress.percent}`));
    hub.follow("b", (progress) => heard.push(`b${progress.percent}`));
    tick();
    live()[0]?.hear(event({ percent: 10 }));
    live()[0]?.hear(event({ video_id: "b", percent: 20 }));
    live()[0]?.hear(event({ video_id: "c", percent: 30 }));
    hub.follow("a", (progress) => heard.push(`late${progress.percent}`));
    expect(heard).toEqual(["a10", "b20", "late10"]);
  });

  it("does not reopen the stream when a component comes back at once", () => {
    const { hub, tick, live } = workshop();
    hub.follow("a", () => undefined)();
    hub.follow("a", () => undefined);
    tick();
    const first = live()[0];
    hub.follow("a", () => undefined);
    tick();
    expect(live()).toEqual([first]);
  });

  it("lets go when out of sight for long, and comes back", () => {
    const { hub, tick, live } = workshop();
    hub.follow("a", () => undefined);
    tick();
    hub.setVisible(false);
    tick();
    expect(live()).toEqual([]);
    hub.setVisible(true);
    tick();
    expect(live().map((stream) => stream.target)).toEqual(["a"]);
  });
});
