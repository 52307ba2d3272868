/** Progress for components: the hub wired to real streams and to the query cache. */
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { refreshVideo, storeVideo } from "../api/queries";
import type { ProgressEvent } from "../api/types";
import { session } from "../session/session";
import { listen } from "./event-stream";
import { ProgressHub } from "./hub";
import { applyProgress, needsFresh, parseProgress } from "./reduce";

export const hub = new ProgressHub({
  open(videoId, hear, signal) {
    const url = videoId === null ? "/progress" : `/progress/${encodeURIComponent(videoId)}`;
    void listen({
      url,
      signal,
      token: () => session.token(),
      renew: (refused) => session.renew(refused),
      onEvent: ({ event, data }) => {
        const progress = event === "progress" ? parseProgress(data) : null;
        if (progress) hear(progress);
      },
    });
  },
  setTimer: (run, ms) => setTimeout(run, ms),
  clearTimer: (timer) => clearTimeout(timer as number),
});

document.addEventListener("visibilitychange", () => {
  hub.setVisible(document.visibilityState === "visible");
});

function note(client: QueryClient, event: ProgressEvent): void {
  let stale = false;
  storeVideo(client, event.video_id, (video) => {
    stale ||= needsFresh(video, event);
    return applyProgress(video, event);
  });
  if (stale) refreshVideo(client, event.video_id);
}

/** The newest progress of one video while `active`; also kept in every list that shows it. */
export function useProgress(videoId: string | undefined, active: boolean): ProgressEvent | null {
  const client = useQueryClient();
  const [progress, setProgress] = useState<ProgressEvent | null>(null);
  useEffect(() => {
    if (!videoId || !active) return;
    return hub.follow(videoId, (event) => {
      setProgress(event);
      note(client, event);
    });
  }, [client, videoId, active]);
  return progress?.video_id === videoId ? progress : null;
}
