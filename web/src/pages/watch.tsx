import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation, useNavigate, useParams } from "react-router-dom";
import { ApiError } from "../api/problem";
import { videoQuery } from "../api/queries";
import type { Video, VideoPage } from "../api/types";
import { usePageTitle } from "../app/page-title";
import { age, day } from "../format/format";
import { useSession } from "../session/use-session";
import { Button, LinkButton } from "../ui/button";
import { VisibilityChip } from "../ui/chip";
import { DeleteDialog } from "../ui/delete-dialog";
import { EditDialog } from "../ui/edit-dialog";
import { Blank, ErrorNotice } from "../ui/notice";
import { useVideoProgress } from "../ui/processing";
import css from "./watch.module.css";
import { CopyLink, Description, MoreFilms } from "./watch-parts";
import { Stage, StageBox } from "./watch-stage";

/** What a list already told about this video, shown until the whole answer is here. */
function useKnown(id: string): () => Video | undefined {
  const client = useQueryClient();
  return () =>
    client
      .getQueriesData<{ pages: VideoPage[] }>({ queryKey: ["videos"] })
      .flatMap(([, data]) => data?.pages ?? [])
      .flatMap((page) => page.items)
      .find((video) => video.id === id);
}

export function WatchPage() {
  const { id = "" } = useParams();
  const query = useQuery({ ...videoQuery(id), placeholderData: useKnown(id) });
  const video = query.data;
  usePageTitle(video?.title ?? (query.isError ? "Not here" : null));
  if (query.isError && !video)
    return <Missing error={query.error} retry={() => void query.refetch()} />;
  if (!video) return <WatchSkeleton />;
  return (
    <Watch key={video.id} video={video} whole={!query.isPlaceholderData} refetch={query.refetch} />
  );
}

function Watch({
  video,
  whole,
  refetch,
}: {
  video: Video;
  whole: boolean;
  refetch: () => unknown;
}) {
  const { user } = useSession();
  const progress = useVideoProgress(video);
  const mine = user?.id === video.owner.id;
  const at = video.published_at_ms ?? video.created_at_ms;
  return (
    <>
      <Stage video={video} progress={progress} whole={whole} mine={mine} refetch={refetch} />
      <div className={css.page}>
        <header className={css.head}>
          <h1>{video.title}</h1>
          {mine && <OwnerButtons video={video} />}
          <CopyLink />
        </header>
        <div className={css.about}>
          <span className={css.avatar} aria-hidden="true">
            {Array.from(video.owner.display_name.trim())[0]?.toUpperCase()}
          </span>
          <div>
            <p className={css.owner}>{video.owner.display_name}</p>
            <p className={css.date}>
              <time dateTime={new Date(at).toISOString()} title={age(at)}>
                {day(at)}
              </time>
              {video.visibility !== "public" && <VisibilityChip visibility={video.visibility} />}
            </p>
          </div>
        </div>
        {video.description && <Description text={video.description} />}
        <MoreFilms besides={video.id} />
      </div>
    </>
  );
}

function OwnerButtons({ video }: { video: Video }) {
  const [open, setOpen] = useState<"edit" | "delete" | null>(null);
  const navigate = useNavigate();
  return (
    <>
      <Button small icon="edit" onClick={() => setOpen("edit")}>
        Edit
      </Button>
      <Button small icon="trash" onClick={() => setOpen("delete")}>
        Delete
      </Button>
      {open === "edit" && <EditDialog video={video} onClose={() => setOpen(null)} />}
      {open === "delete" && (
        <DeleteDialog
          video={video}
          onClose={() => setOpen(null)}
          onDeleted={() => navigate("/studio", { replace: true })}
        />
      )}
    </>
  );
}

function Missing({ error, retry }: { error: unknown; retry(): void }) {
  const { status } = useSession();
  const { pathname } = useLocation();
  const gone = error instanceof ApiError && [401, 403, 404, 410, 422, 400].includes(error.status);
  if (!gone) {
    return (
      <div className={css.page}>
        <ErrorNotice error={error} retry={retry} />
      </div>
    );
  }
  return (
    <Blank
      level={1}
      title="This film isn't showing"
      actions={
        <>
          <LinkButton to="/" look="primary">
            See what is showing
          </LinkButton>
          {status === "signed-out" && (
            <LinkButton to="/sign-in" state={{ next: pathname }}>
              Sign in
            </LinkButton>
          )}
        </>
      }
    >
      <p>
        It may be private, or it is no longer here.
        {status === "signed-out" && " If it is yours, sign in to see it."}
      </p>
    </Blank>
  );
}

function WatchSkeleton() {
  return (
    <>
      <StageBox shape={null} />
      <div className={css.page} aria-hidden="true">
        <div className={css.boneTitle} />
        <div className={css.boneLine} />
      </div>
      <p className="only-read" role="status">
        Loading
      </p>
    </>
  );
}
