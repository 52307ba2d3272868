/**
 * Which address the player plays. It is taken once; when its signature is about to end the video is
 * asked for again, and the player puts the new signature on what it fetches from then on.
 */
import { useEffect, useState } from "react";
import type { Video } from "../api/types";

export interface Source {
  url: string | null;
  /** How many video renditions the playlist had when it was taken. */
  sizes: number;
}

const EARLY_MS = 60_000;
/** Clocks differ: however late it seems to be, the server is not asked more often than this. */
const SHORTEST_MS = 60_000;
/** setTimeout counts in 32 bits. */
const LONGEST_MS = 2_000_000_000;

export function sizesOf(video: Pick<Video, "renditions">): number {
  return video.renditions.filter((item) => item.kind === "video").length;
}

/** Takes the first address there is, and keeps it: another answer alone is no reason to interrupt. */
export function nextSource(source: Source, video: Video): Source {
  if (source.url !== null || !video.playable || !video.playback.hls) return source;
  return { url: video.playback.hls, sizes: sizesOf(video) };
}

/** How long until a new signature should be asked for; null when the present one never ends. */
export function renewalMs(expiresAtMs: number | null, now: number): number | null {
  if (expiresAtMs === null) return null;
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, expiresAtMs - EARLY_MS - now));
}

const NONE: Source = { url: null, sizes: 0 };

export function useSource(video: Video, refetch: () => unknown) {
  const [source, setSource] = useState<Source>(() => nextSource(NONE, video));
  const [round, setRound] = useState(0);
  const next = nextSource(source, video);
  if (next !== source) setSource(next);
  const expiresAtMs = video.playback.expires_at_ms;

  useEffect(() => {
    const wait = renewalMs(expiresAtMs, Date.now());
    if (wait === null) return;
    const timer = setTimeout(refetch, wait);
    return () => clearTimeout(timer);
  }, [expiresAtMs, refetch]);

  /** Begins again with what the server says now: other sizes, another signature. */
  const begin = () => {
    setSource(nextSource(NONE, video));
    setRound(round + 1);
  };
  return {
    url: source.url,
    /** The newest address of the same film. */
    fresh: video.playback.hls ?? source.url,
    /** Changes when the player has to be made anew. */
    round,
    more: video.status === "ready" && source.url !== null && sizesOf(video) > source.sizes,
    begin,
  };
}
