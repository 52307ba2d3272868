/** Pure rules of progress: which event counts, and what it changes in a video. */
import type { ProgressEvent, Stage, Video } from "../api/types";

export const STAGES: readonly Stage[] = [
  "uploading",
  "queued",
  "probing",
  "encoding",
  "storing",
  "ready",
];

/** Words for people, in the order of STAGES. */
export const STAGE_WORDS: Record<Stage, string> = {
  uploading: "Uploading",
  queued: "Waiting its turn",
  probing: "Checking the film",
  encoding: "Converting",
  storing: "Storing",
  ready: "Ready",
  failed: "Failed",
};

export function isOver(event: Pick<ProgressEvent, "status">): boolean {
  return event.status === "ready" || event.status === "failed";
}

/** Reads the data of one event; null for anything that is not a progress event. */
export function parseProgress(data: string): ProgressEvent | null {
  try {
    const value = JSON.parse(data) as Partial<ProgressEvent>;
    if (typeof value.video_id !== "string" || typeof value.status !== "string") return null;
    return {
      video_id: value.video_id,
      status: value.status,
      playable: value.playable === true,
      stage: value.stage ?? "queued",
      percent: Math.min(100, Math.max(0, Number(value.percent) || 0)),
      message: value.message ?? "",
      eta_ms: value.eta_ms ?? null,
      error: value.error ?? null,
      updated_at_ms: value.updated_at_ms ?? 0,
    };
  } catch {
    return null;
  }
}

/**
 * The newer of two states. Events may arrive twice or late after connecting again; a repeated or
 * older one changes nothing, so that a bar never jumps back.
 */
export function newer(known: ProgressEvent | undefined, event: ProgressEvent): ProgressEvent {
  if (!known || known.video_id !== event.video_id) return event;
  if (event.updated_at_ms < known.updated_at_ms) return known;
  const sameStage = known.stage === event.stage && known.status === event.status;
  if (sameStage && event.updated_at_ms === known.updated_at_ms) {
    return event.percent > known.percent ? event : known;
  }
  return event;
}

/** What a page shows before the first event, from the video itself. */
export function progressOf(video: Video): ProgressEvent {
  const stage: Stage =
    video.progress?.stage ??
    (video.status === "ready" ? "ready" : video.status === "failed" ? "failed" : "queued");
  return {
    video_id: video.id,
    status: video.status,
    playable: video.playable,
    stage,
    percent: video.progress?.percent ?? (video.status === "ready" ? 100 : 0),
    message: "",
    eta_ms: null,
    error: video.error,
    updated_at_ms: 0,
  };
}

/** The video as the event tells it; the same object when nothing changed. */
export function applyProgress(video: Video, event: ProgressEvent): Video {
  if (video.id !== event.video_id) return video;
  const over = isOver(event);
  const same =
    video.status === event.status &&
    video.playable === event.playable &&
    video.error === event.error &&
    video.progress?.stage === (over ? undefined : event.stage) &&
    video.progress?.percent === (over ? undefined : event.percent);
  if (same) return video;
  return {
    ...video,
    status: event.status,
    playable: event.playable,
    error: event.error,
    progress: over ? null : { stage: event.stage, percent: event.percent },
  };
}

/** True when the event says something only a fresh copy of the video can tell in full. */
export function needsFresh(video: Video, event: ProgressEvent): boolean {
  return video.status !== event.status || video.playable !== event.playable;
}
