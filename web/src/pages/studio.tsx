import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router-dom";
import { useRetryVideo, videoListQuery } from "../api/queries";
import type { Video } from "../api/types";
import { usePageTitle } from "../app/page-title";
import { bytes, day } from "../format/format";
import { RequireSession } from "../session/require-session";
import { Button, LinkButton } from "../ui/button";
import { StatusChip, VisibilityChip } from "../ui/chip";
import { DeleteDialog } from "../ui/delete-dialog";
import { EditDialog } from "../ui/edit-dialog";
import { Blank, ErrorNotice } from "../ui/notice";
import { Processing, useVideoProgress } from "../ui/processing";
import { Thumb } from "../ui/thumb";
import css from "./studio.module.css";

const UNREADY_POLL_MS = 20_000;

export function StudioPage() {
  usePageTitle("Studio");
  return <RequireSession>{() => <Studio />}</RequireSession>;
}

function isActive(video: Video): boolean {
  return video.status === "uploading" || video.status === "processing";
}

function Studio() {
  const list = useInfiniteQuery({
    ...videoListQuery("me"),
    refetchOnMount: "always",
    refetchInterval: ({ state }) =>
      state.data?.pages.some((page) => page.items.some(isActive)) ? UNREADY_POLL_MS : false,
  });
  const [editing, setEditing] = useState<Video | null>(null);
  const [deleting, setDeleting] = useState<Video | null>(null);
  const films = list.data?.pages.flatMap((page) => page.items) ?? [];
  const empty = list.isSuccess && films.length === 0;
  return (
    <div className={css.page}>
      {!empty && (
        <header className={css.head}>
          <h1>Your films</h1>
          <LinkButton to="/upload" look="primary" icon="upload">
            Upload
          </LinkButton>
        </header>
      )}
      {list.isPending && <StudioSkeleton />}
      {list.isError && <ErrorNotice error={list.error} retry={() => void list.refetch()} />}
      {empty && (
        <Blank
          level={1}
          title="Your studio is empty"
          actions={
            <LinkButton to="/upload" look="primary" icon="upload">
              Upload a film
            </LinkButton>
          }
        >
          <p>Films you upload are listed here, with how far they are and who may watch them.</p>
        </Blank>
      )}
      {films.length > 0 && (
        <ul className={css.list}>
          {films.map((video) => (
            <li key={video.id}>
              <FilmRow
                video={video}
                onEdit={() => setEditing(video)}
                onDelete={() => setDeleting(video)}
              />
            </li>
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <div className={css.more}>
          <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
            {list.isFetchingNextPage ? "Loading …" : "Show more films"}
          </Button>
        </div>
      )}
      {editing && <EditDialog video={editing} onClose={() => setEditing(null)} />}
      {deleting && <DeleteDialog video={deleting} onClose={() => setDeleting(null)} />}
    </div>
  );
}

function FilmRow({ video, onEdit, onDelete }: { video: Video; onEdit(): void; onDelete(): void }) {
  const retry = useRetryVideo();
  return (
    <article
      className={css.row}
      data-ready={video.status === "ready" || undefined}
      aria-label={video.title}
    >
      <div className={css.thumb}>
        <Thumb video={video} />
      </div>
      <div className={css.facts}>
        <h2 className={css.title}>
          <Link to={`/watch/${video.id}`}>{video.title}</Link>
        </h2>
        <p className={css.chips}>
          <StatusChip status={video.status} />
          <VisibilityChip visibility={video.visibility} />
        </p>
        <p className={css.meta}>
          {day(video.created_at_ms)} · {bytes(video.size_bytes)}
        </p>
        {retry.isError && <ErrorNotice error={retry.error} />}
      </div>
      <State video={video} />
      <div className={css.actions}>
        {video.status === "failed" && (
          <Button
            small
            icon="retry"
            busy={retry.isPending}
            onClick={() => retry.mutate(video.id)}
            aria-label={`Try again to process ${video.title}`}
          >
            Try again
          </Button>
        )}
        <Button
          small
          look="quiet"
          icon="edit"
          iconOnly
          onClick={onEdit}
        >{`Edit ${video.title}`}</Button>
        <Button
          small
          look="quiet"
          icon="trash"
          iconOnly
          onClick={onDelete}
        >{`Delete ${video.title}`}</Button>
      </div>
    </article>
  );
}

/** What is going on with a film that is not simply ready. */
function State({ video }: { video: Video }) {
  const progress = useVideoProgress(video);
  if (video.status === "ready") {
    const names = video.renditions.filter((item) => item.kind === "video").map((item) => item.name);
    return <p className={css.state}>{names.join(", ")}</p>;
  }
  if (video.status === "failed") {
    return <p className={`${css.state} ${css.failed}`}>{video.error ?? "Processing failed."}</p>;
  }
  return <div className={css.state}>{progress && <Processing progress={progress} />}</div>;
}

function StudioSkeleton() {
  return (
    <ul className={css.list} aria-hidden="true">
      {[0, 1, 2].map((index) => (
        <li key={index} className={`${css.row} ${css.bone}`} />
      ))}
    </ul>
  );
}
