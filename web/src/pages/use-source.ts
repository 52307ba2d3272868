/** Which address the player plays: kept while it is good, renewed before it ends. */
import { useEffect, useState } from "react";
import type { Video } from "../api/types";

export interface Source {
  url: string | null;
  expiresAt: number | null;
  /** How many video renditions the playlist had when it was taken. */
  sizes: number;
}

const EARLY_MS = 60_000;
/** setTimeout counts in 32 bits. */
const LONGEST_TIMER_MS = 2_000_000_000;

export function sizesOf(video: Pick<Video, "renditions">): number {
  return video.renditions.filter((item) => item.kind === "video").length;
}

export function isStale(source: Source, now: number): boolean {
  return source.expiresAt !== null && source.expiresAt - EARLY_MS <= now;
}

/**
 * The source to play after the video was told anew. A signed address differs at every answer, so
 * a new one alone is no reason to interrupt: only when the old one ends or none was there yet.
 */
export function nextSource(source: Source, video: Video, now: number): Source {
  const { hls, expires_at_ms } = video.playback;
  if (!video.playable || !hls) return source;
  if (source.url !== null && !isStale(source, now)) return source;
  if (source.url === hls) return source;
  return { url: hls, expiresAt: expires_at_ms, sizes: sizesOf(video) };
}

const NONE: Source = { url: null, expiresAt: null, sizes: 0 };

export function useSource(video: Video, refetch: () => void) {
  const [source, setSource] = useState<Source>(() => nextSource(NONE, video, Date.now()));
  const [round, setRound] = useState(0);
  const next = nextSource(source, video, Date.now());
  if (next !== source) setSource(next);

  useEffect(() => {
    if (source.expiresAt === null) return;
    const wait = Math.max(5000, source.expiresAt - EARLY_MS - Date.now());
    const timer = setTimeout(refetch, Math.min(wait, LONGEST_TIMER_MS));
    return () => clearTimeout(timer);
  }, [source.expiresAt, refetch]);

  const fresh = (): Source => nextSource(NONE, video, Date.now());
  return {
    url: source.url,
    /** Changes when the player has to be made anew. */
    round,
    more: video.status === "ready" && source.url !== null && sizesOf(video) > source.sizes,
    take() {
      setSource(fresh());
      setRound(round + 1);
    },
    /** After a failure: another answer, another player. */
    renew() {
      refetch();
      setSource(fresh());
      setRound(round + 1);
    },
  };
}
