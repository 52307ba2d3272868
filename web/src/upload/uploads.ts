/** The page's one upload store, wired to the server. */
import { useSyncExternalStore } from "react";
import { call } from "../api/client";
import { connection } from "../api/connection";
import { reach } from "../api/http";
import { sentenceOf } from "../api/problem";
import { changeVideo } from "../api/queries";
import { queryClient } from "../api/query-client";
import { session } from "../session/session";
import { UploadRecords } from "./records";
import { type UploadItem, UploadStore } from "./store";

export const records = new UploadRecords(localStorage);

export const uploads = new UploadStore({
  async open(request) {
    const { openTransfer } = await import("./tus-transfer");
    return openTransfer(request);
  },
  change: (id, change) => changeVideo(queryClient, id, change),
  remove: (id) => call("DELETE /api/v1/videos/{id}", { path: { id } }),
  async drop(uploadUrl) {
    const token = await session.token();
    const headers: Record<string, string> = { "Tus-Resumable": "1.0.0" };
    if (token) headers.Authorization = `Bearer ${token}`;
    const { pathname } = new URL(uploadUrl, window.location.href);
    return reach(pathname, { method: "DELETE", headers });
  },
  explain: sentenceOf,
  records,
  userId: () => session.snapshot().user?.id ?? "",
  now: Date.now,
  setTimer: (run, ms) => setTimeout(run, ms),
  clearTimer: (timer) => clearTimeout(timer as number),
});

connection.subscribe(() => {
  if (!connection.isDown) uploads.wake();
});

let owner: string | undefined;
session.subscribe(() => {
  const { status, user } = session.snapshot();
  if (status === "unknown" || user?.id === owner) return;
  if (owner !== undefined) uploads.clear();
  owner = user?.id;
});

window.addEventListener("beforeunload", (event) => {
  if (uploads.isBusy) event.preventDefault();
});

export function useUploads(): readonly UploadItem[] {
  return useSyncExternalStore(uploads.subscribe, uploads.snapshot);
}
