/** What a key does to the player; the usual keys of video sites. */
export interface Keyed {
  paused(): boolean;
  currentTime(): number;
  duration(): number;
  volume(): number;
  muted(): boolean;
  playbackRate(): number;
}

export type Deed =
  | { kind: "play" }
  | { kind: "pause" }
  | { kind: "seek"; to: number }
  | { kind: "volume"; to: number }
  | { kind: "mute"; to: boolean }
  | { kind: "rate"; to: number }
  | { kind: "fullscreen" };

const STEP_S = 5;
const LEAP_S = 10;
const VOLUME_STEP = 0.05;

function seek(player: Keyed, by: number): Deed {
  const end = Number.isFinite(player.duration()) ? player.duration() : player.currentTime() + by;
  return { kind: "seek", to: Math.min(end, Math.max(0, player.currentTime() + by)) };
}

function volume(player: Keyed, by: number): Deed {
  return { kind: "volume", to: Math.min(1, Math.max(0, player.volume() + by)) };
}

function rate(player: Keyed, by: number): Deed {
  return { kind: "rate", to: Math.min(2, Math.max(0.25, player.playbackRate() + by)) };
}

const DEEDS: Record<string, (player: Keyed) => Deed> = {
  " ": (player) => ({ kind: player.paused() ? "play" : "pause" }),
  k: (player) => ({ kind: player.paused() ? "play" : "pause" }),
  ArrowLeft: (player) => seek(player, -STEP_S),
  ArrowRight: (player) => seek(player, STEP_S),
  j: (player) => seek(player, -LEAP_S),
  l: (player) => seek(player, LEAP_S),
  ArrowUp: (player) => volume(player, VOLUME_STEP),
  ArrowDown: (player) => volume(player, -VOLUME_STEP),
  m: (player) => ({ kind: "mute", to: !player.muted() }),
  f: () => ({ kind: "fullscreen" }),
  "<": (player) => rate(player, -0.25),
  ">": (player) => rate(player, 0.25),
  Home: () => ({ kind: "seek", to: 0 }),
};

export function deedOf(key: string, player: Keyed): Deed | null {
  if (/^[0-9]$/.test(key) && Number.isFinite(player.duration())) {
    return { kind: "seek", to: (player.duration() * Number(key)) / 10 };
  }
  return DEEDS[key.length === 1 ? key.toLowerCase() : key]?.(player) ?? null;
}

interface KeyFacts {
  key: string;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  defaultPrevented: boolean;
}

/** False for keys that belong to the browser or to the control they are pressed in. */
export function isForPlayer(event: KeyFacts, target: { tagName?: string; role?: string | null }) {
  if (event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return false;
  const tag = target.tagName ?? "";
  if (/^(INPUT|TEXTAREA|SELECT|A|SUMMARY)$/.test(tag)) return false;
  if (target.role?.startsWith("menuitem") || target.role === "slider") return false;
  return !(tag === "BUTTON" && (event.key === " " || event.key === "ArrowDown"));
}
