/** The application's reads and writes, as TanStack queries. */
import {
  type InfiniteData,
  infiniteQueryOptions,
  QueryClient,
  queryOptions,
  useMutation,
  useQueryClient,
} from "@tanstack/react-query";
import { call } from "./client";
import { ApiError } from "./problem";
import type { Video, VideoChange, VideoPage } from "./types";

const PAGE = 24;
const LONGEST_PAUSE_MS = 10_000;
/** Asked now and then while a film is not ready, in case the event stream is blocked somewhere. */
const UNREADY_POLL_MS = 15_000;

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 20_000,
        // The server may be this very machine, so "offline" says nothing about reaching it.
        networkMode: "always",
        retry: (count, error) => error instanceof ApiError && error.isTransient && count < 2,
        retryDelay: (count, error) => {
          const asked = error instanceof ApiError ? error.retryAfterMs : undefined;
          return Math.min(LONGEST_PAUSE_MS, asked ?? 600 * 2 ** count);
        },
      },
      mutations: { networkMode: "always", retry: false },
    },
  });
}

export function videoListQuery(owner?: string) {
  return infiniteQueryOptions({
    queryKey: ["videos", owner ?? "public"],
    queryFn: ({ pageParam, signal }) =>
      call("GET /api/v1/videos", { query: { limit: PAGE, cursor: pageParam, owner }, signal }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
}

export function videoQuery(id: string) {
  return queryOptions({
    queryKey: ["video", id],
    queryFn: ({ signal }) => call("GET /api/v1/videos/{id}", { path: { id }, signal }),
    refetchInterval: ({ state }) => {
      const status = state.data?.status;
      return status === "uploading" || status === "processing" ? UNREADY_POLL_MS : false;
    },
  });
}

type Pages = InfiniteData<VideoPage, string | undefined>;

/** Changes one video wherever the cache shows it. */
export function storeVideo(client: QueryClient, id: string, change: (video: Video) => Video): void {
  client.setQueryData<Video>(["video", id], (video) => (video ? change(video) : video));
  client.setQueriesData<Pages>({ queryKey: ["videos"] }, (data) => {
    if (!data) return data;
    let changed = false;
    const pages = data.pages.map((page) => {
      const items = page.items.map((video) => (video.id === id ? change(video) : video));
      if (items.every((video, index) => video === page.items[index])) return page;
      changed = true;
      return { ...page, items };
    });
    return changed ? { ...data, pages } : data;
  });
}

/** Asks for one video again and puts the answer everywhere. */
export async function refreshVideo(client: QueryClient, id: string): Promise<void> {
  try {
    const video = await client.fetchQuery({ ...videoQuery(id), staleTime: 0 });
    storeVideo(client, id, () => video);
    if (video.status === "ready") void client.invalidateQueries({ queryKey: ["videos", "public"] });
  } catch {
    // The page that shows the video asks again by itself.
  }
}

function dropVideo(client: QueryClient, id: string): void {
  client.removeQueries({ queryKey: ["video", id] });
  client.setQueriesData<Pages>({ queryKey: ["videos"] }, (data) => {
    if (!data) return data;
    const pages = data.pages.map((page) => ({
      ...page,
      items: page.items.filter((video) => video.id !== id),
    }));
    return { ...data, pages };
  });
}

/** Changes a video on the server, then wherever the cache shows it. */
export async function changeVideo(client: QueryClient, id: string, change: VideoChange) {
  const video = await call("PATCH /api/v1/videos/{id}", { path: { id }, body: change });
  client.setQueryData(["video", id], video);
  storeVideo(client, id, () => video);
  void client.invalidateQueries({ queryKey: ["videos", "public"] });
  return video;
}

export function useChangeVideo() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, change }: { id: string; change: VideoChange }) =>
      changeVideo(client, id, change),
  });
}

export function useDeleteVideo() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => call("DELETE /api/v1/videos/{id}", { path: { id } }),
    onSuccess: (_, id) => {
      dropVideo(client, id);
      void client.invalidateQueries({ queryKey: ["videos"] });
    },
  });
}

export function useRetryVideo() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => call("POST /jobs", { body: { video_id: id } }),
    onSuccess: (_, id) => {
      storeVideo(client, id, (video) => ({
        ...video,
        status: "processing",
        error: null,
        progress: { stage: "queued", percent: 0 },
      }));
      void refreshVideo(client, id);
    },
  });
}
