import { describe, expect, it } from "vitest";
import type { Video } from "../src/api/types";
import { nextSource, renewalMs, type Source } from "../src/pages/use-source";
import { deedOf, isForPlayer, type Keyed } from "../src/player/hotkeys";
import {
  choices,
  choose,
  finish,
  type Level,
  type Levels,
  playing,
  type Representation,
} from "../src/player/quality";
import { resign } from "../src/player/resign";

function levels(...sizes: [number, number][]): Levels & Level[] {
  const list = sizes.map(([width, height]) => ({ width, height }));
  return Object.assign(list, { selectedIndex: 0 });
}

const name = (_: number, height: number) => `${height}p`;

describe("choices", () => {
  it("offers each size once, the largest first", () => {
    const list = levels([640, 360], [1920, 1080], [1280, 720], [1280, 720]);
    expect(choices(list, name).map((choice) => choice.label)).toEqual(["1080p", "720p", "360p"]);
  });

  it("offers nothing for sound alone", () => {
    expect(choices(levels([0, 0]), name)).toEqual([]);
  });
});

/** Representations that note, as Video.js does, to which size they made the engine switch. */
function engine(...heights: number[]) {
  const switched: number[] = [];
  const all = heights.map((height): Representation => {
    const playlist: { disabled?: boolean } = {};
    return {
      width: height * 2,
      height,
      playlist,
      enabled(enable) {
        if (enable && playlist.disabled) switched.push(height);
        if (enable) delete playlist.disabled;
        else playlist.disabled = true;
        return enable;
      },
    };
  });
  const on = () => all.filter((one) => !one.playlist.disabled).map((one) => one.height);
  return { all, on, switched };
}

describe("choose", () => {
  const choice = (height: number) => ({ label: "", width: height * 2, height });

  it("switches to one size at once, also from auto", () => {
    const { all, on, switched } = engine(720, 480, 360);
    choose(all, choice(480));
    expect(on()).toEqual([480]);
    choose(all, choice(720));
    expect(on()).toEqual([720]);
    expect(switched).toEqual([480, 720]);
  });

  it("gives all back to the engine for auto without making it switch", () => {
    const { all, on, switched } = engine(720, 480, 360);
    choose(all, choice(360));
    choose(all, null);
    expect(on()).toEqual([720, 480, 360]);
    expect(switched).toEqual([360]);
  });
});

describe("finish", () => {
  it("completes only a switch that the engine missed", () => {
    const { all } = engine(720, 480);
    choose(all, { label: "", width: 1440, height: 720 });
    let runs = 0;
    const at = (index: number, waiting: boolean) => ({
      waitingForFastQualityPlaylistReceived_: waiting,
      media: () => all[index]?.playlist,
      runFastQualitySwitch_: () => {
        runs++;
      },
    });
    finish(at(0, false), all);
    finish(at(1, true), all);
    expect(runs).toBe(0);
    finish(at(0, true), all);
    expect(runs).toBe(1);
  });
});

describe("playing", () => {
  it("names what plays", () => {
    const list = levels([640, 360], [1280, 720]);
    list.selectedIndex = 1;
    expect(playing(list, name)).toBe("720p");
    list.selectedIndex = -1;
    expect(playing(list, name)).toBeNull();
  });
});

function keyed(change: Partial<Record<keyof Keyed, number | boolean>> = {}): Keyed {
  const values = {
    paused: false,
    currentTime: 50,
    duration: 100,
    volume: 0.5,
    muted: false,
    playbackRate: 1,
    ...change,
  };
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, () => value]),
  ) as unknown as Keyed;
}

describe("deedOf", () => {
  it("knows the usual keys", () => {
    expect(deedOf(" ", keyed())).toEqual({ kind: "pause" });
    expect(deedOf("K", keyed({ paused: true }))).toEqual({ kind: "play" });
    expect(deedOf("ArrowRight", keyed())).toEqual({ kind: "seek", to: 55 });
    expect(deedOf("j", keyed({ currentTime: 3 }))).toEqual({ kind: "seek", to: 0 });
    expect(deedOf("l", keyed({ currentTime: 98 }))).toEqual({ kind: "seek", to: 100 });
    expect(deedOf("7", keyed())).toEqual({ kind: "seek", to: 70 });
    expect(deedOf("ArrowUp", keyed({ volume: 0.98 }))).toEqual({ kind: "volume", to: 1 });
    expect(deedOf("m", keyed())).toEqual({ kind: "mute", to: true });
    expect(deedOf("x", keyed())).toBeNull();
  });
});

describe("isForPlayer", () => {
  const press = (key: string, change = {}) => ({
    key,
    ctrlKey: false,
    altKey: false,
    metaKey: false,
    defaultPrevented: false,
    ...change,
  });

  it("leaves keys to fields, menus, buttons and the browser", () => {
    expect(isForPlayer(press("k"), { tagName: "BODY" })).toBe(true);
    expect(isForPlayer(press("k"), { tagName: "INPUT" })).toBe(false);
    expect(isForPlayer(press("f", { ctrlKey: true }), { tagName: "BODY" })).toBe(false);
    expect(isForPlayer(press(" "), { tagName: "BUTTON" })).toBe(false);
    expect(isForPlayer(press("k"), { tagName: "BUTTON" })).toBe(true);
    expect(isForPlayer(press("ArrowUp"), { tagName: "BUTTON", role: "menuitemradio" })).toBe(false);
    expect(isForPlayer(press("ArrowUp"), { tagName: "DIV", role: "slider" })).toBe(false);
  });
});

function video(hls: string | null, sizes = 1): Video {
  const rendition = { kind: "video" } as Video["renditions"][number];
  return {
    playable: hls !== null,
    playback: { hls, expires_at_ms: null },
    renditions: Array.from({ length: sizes }, () => rendition),
  } as unknown as Video;
}

describe("nextSource", () => {
  const none: Source = { url: null, sizes: 0 };

  it("takes the first address there is and keeps it", () => {
    expect(nextSource(none, video(null))).toBe(none);
    const first = nextSource(none, video("/a?sig=1", 2));
    expect(first).toEqual({ url: "/a?sig=1", sizes: 2 });
    expect(nextSource(first, video("/a?sig=2", 3))).toBe(first);
  });
});

describe("renewalMs", () => {
  it("asks a minute early, never in a rush, and not at all for what never ends", () => {
    expect(renewalMs(null, 0)).toBeNull();
    expect(renewalMs(600_000, 0)).toBe(540_000);
    expect(renewalMs(600_000, 9_000_000)).toBe(60_000);
    expect(renewalMs(9e15, 0)).toBe(2_000_000_000);
  });
});

describe("resign", () => {
  const origin = "http://m.example";
  const fresh = "/media/abc/master.m3u8?exp=2&sig=new";

  it("replaces the signature on everything of the same film", () => {
    expect(resign(`${origin}/media/abc/720p/3.m4s?v=x&exp=1&sig=old`, fresh, origin)).toBe(
      `${origin}/media/abc/720p/3.m4s?v=x&exp=2&sig=new`,
    );
  });

  it("leaves alone what is unsigned, another film's, or elsewhere", () => {
    for (const address of [
      `${origin}/media/abc/720p/3.m4s?v=x`,
      `${origin}/media/other/3.m4s?exp=1&sig=old`,
      "http://elsewhere.example/media/abc/3.m4s?exp=1&sig=old",
    ]) {
      expect(resign(address, fresh, origin)).toBe(address);
    }
    const plain = `${origin}/media/abc/3.m4s?exp=1&sig=old`;
    expect(resign(plain, "/media/abc/master.m3u8", origin)).toBe(plain);
  });
});
