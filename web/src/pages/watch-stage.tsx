/** The dark band on the watch page: the player, or what stands there until it can play. */
import { lazy, type ReactNode, Suspense, useEffect, useState } from "react";
import { useRetryVideo } from "../api/queries";
import type { ProgressEvent, Video } from "../api/types";
import { Button } from "../ui/button";
import { Icon } from "../ui/icon";
import { Processing } from "../ui/processing";
import { ProgressBar } from "../ui/progress-bar";
import { useSource } from "./use-source";
import css from "./watch.module.css";

const loadPlayer = () => import("../player/player");
const Player = lazy(async () => ({ default: (await loadPlayer()).Player }));

export function StageBox({
  shape,
  children,
}: {
  shape: { width: number; height: number } | null;
  children?: ReactNode;
}) {
  const { width, height } = shape ?? { width: 16, height: 9 };
  return (
    <div className={css.stage}>
      <div
        className={css.screen}
        style={
          { "--shape": `${width} / ${height}`, "--ratio": width / height } as React.CSSProperties
        }
      >
        {children}
      </div>
    </div>
  );
}

interface StageProps {
  video: Video;
  progress: ProgressEvent | null;
  /** False while only a list's copy is known, which may lack the address to play. */
  whole: boolean;
  mine: boolean;
  refetch: () => unknown;
}

export function Stage({ video, progress, whole, mine, refetch }: StageProps) {
  const shape = video.width && video.height ? { width: video.width, height: video.height } : null;
  const source = useSource(video, refetch);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    // The player is fetched while the film is still being made.
    void loadPlayer();
  }, []);
  const nameOf = (width: number, height: number) =>
    video.renditions.find((item) => item.width === width && item.height === height)?.name ??
    `${Math.min(width || height, height)}p`;
  if (video.status === "failed" && !video.playable) {
    return (
      <StageBox shape={null}>
        <Failed video={video} mine={mine} />
      </StageBox>
    );
  }
  if (source.url) {
    return (
      <>
        <StageBox shape={shape}>
          <Suspense fallback={<Poster video={video} />}>
            <Player
              key={source.round}
              src={source.url}
              fresh={source.fresh ?? source.url}
              poster={video.thumbnail}
              title={video.title}
              nameOf={nameOf}
              onFailure={() => setFailed(true)}
            />
          </Suspense>
          {failed && (
            <Over>
              <p>The film stopped coming in.</p>
              <Button
                icon="retry"
                onClick={() => {
                  setFailed(false);
                  refetch();
                  source.begin();
                }}
              >
                Try again
              </Button>
            </Over>
          )}
        </StageBox>
        {video.status === "processing" && progress && <StillMaking progress={progress} />}
        {source.more && (
          <div className={css.ribbon}>
            <span role="status">Finer versions are ready.</span>
            <Button small onClick={source.begin}>
              Switch to them
            </Button>
          </div>
        )}
      </>
    );
  }
  return (
    <StageBox shape={shape}>
      <Poster video={video} />
      {whole && progress && video.status !== "ready" && (
        <div className={css.waiting}>
          <p className={css.waitingTitle}>The film starts here as soon as it can play</p>
          <Processing progress={progress} steps />
        </div>
      )}
    </StageBox>
  );
}

function Poster({ video }: { video: Video }) {
  return video.thumbnail ? <img className={css.poster} src={video.thumbnail} alt="" /> : null;
}

function Over({ children }: { children: ReactNode }) {
  return (
    <div className={css.over} role="alert">
      {children}
    </div>
  );
}

function StillMaking({ progress }: { progress: ProgressEvent }) {
  return (
    <div className={css.ribbon}>
      <span role="status">Finer versions are being made</span>
      <div className={css.ribbonBar}>
        <ProgressBar label="Finer versions" percent={progress.percent} />
      </div>
    </div>
  );
}

function Failed({ video, mine }: { video: Video; mine: boolean }) {
  const retry = useRetryVideo();
  return (
    <div className={css.over} role="alert">
      <span className={css.overIcon}>
        <Icon name="alert" size={30} />
      </span>
      <p className={css.waitingTitle}>This film could not be made playable</p>
      <p>{video.error ?? "Its processing failed."}</p>
      {mine && (
        <Button icon="retry" busy={retry.isPending} onClick={() => retry.mutate(video.id)}>
          Try again
        </Button>
      )}
      {retry.isError && <p>{retry.error.message}</p>}
    </div>
  );
}
