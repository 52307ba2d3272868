/** One upload: how far it is, what it shall be called, and the way to watch it. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { videoQuery } from "../api/queries";
import type { Video } from "../api/types";
import { bytes, percent, speed, timeLeft } from "../format/format";
import { Button, LinkButton } from "../ui/button";
import { VisibilityChip } from "../ui/chip";
import { DetailsForm } from "../ui/details-form";
import { Icon } from "../ui/icon";
import { Notice } from "../ui/notice";
import { Processing, useVideoProgress } from "../ui/processing";
import { ProgressBar } from "../ui/progress-bar";
import type { UploadItem, UploadState } from "../upload/store";
import { uploads } from "../upload/uploads";
import css from "./upload.module.css";

export function UploadCard({ item }: { item: UploadItem }) {
  const query = useQuery({
    ...videoQuery(item.videoId ?? ""),
    enabled: item.state === "sent" && item.videoId !== null,
  });
  const video = item.state === "sent" ? query.data : undefined;
  const over = video?.status === "ready" || video?.status === "failed";
  return (
    <article className={css.card} aria-label={item.details.title || item.filename}>
      <header className={css.cardHead}>
        <span className={css.cardIcon}>
          <Icon name="film" size={22} />
        </span>
        <div className={css.cardNames}>
          <h2>{item.details.title || item.filename}</h2>
          <p>
            {item.filename} · {bytes(item.sizeBytes)}
          </p>
        </div>
        <CardButtons item={item} over={over} />
      </header>
      {item.state === "sent" ? <Processed video={video} /> : <Sending item={item} />}
      {item.error && (
        <Notice tone="bad" icon="alert">
          {item.error}
        </Notice>
      )}
      {video?.status !== "failed" && item.state !== "refused" && <CardDetails item={item} />}
    </article>
  );
}

function CardButtons({ item, over }: { item: UploadItem; over: boolean }) {
  const { key, state } = item;
  const name = item.details.title || item.filename;
  const [sure, setSure] = useState(false);
  if (sure) {
    return (
      <div className={css.cardButtons}>
        <Button small look="danger" onClick={() => void uploads.cancel(key)}>
          Yes, cancel it
        </Button>
        <Button small onClick={() => setSure(false)}>
          Keep going
        </Button>
      </div>
    );
  }
  return (
    <div className={css.cardButtons}>
      {(state === "sending" || state === "interrupted" || state === "waiting") && (
        <Button small icon="pause" iconOnly onClick={() => void uploads.pause(key)}>
          {`Pause ${name}`}
        </Button>
      )}
      {(state === "paused" || state === "refused") && (
        <Button
          small
          icon={state === "paused" ? "play" : "retry"}
          iconOnly
          onClick={() => uploads.resume(key)}
        >
          {state === "paused" ? `Resume ${name}` : `Try ${name} again`}
        </Button>
      )}
      {state !== "sent" && (
        <Button small look="quiet" icon="close" iconOnly onClick={() => setSure(true)}>
          {`Cancel ${name}`}
        </Button>
      )}
      {state === "sent" && over && (
        <Button small look="quiet" icon="close" iconOnly onClick={() => uploads.dismiss(key)}>
          {`Take ${name} off this list`}
        </Button>
      )}
    </div>
  );
}

const STATE_WORDS: Record<UploadState, string> = {
  waiting: "Waiting for the others",
  sending: "Uploading",
  paused: "Paused",
  interrupted: "Connection lost; going on as soon as it is back",
  sent: "Uploaded",
  refused: "Not uploaded",
};

function Sending({ item }: { item: UploadItem }) {
  const share = (100 * item.sentBytes) / Math.max(1, item.sizeBytes);
  const facts = [
    `${bytes(item.sentBytes)} of ${bytes(item.sizeBytes)}`,
    item.bytesPerSecond > 0 && speed(item.bytesPerSecond),
    item.leftMs !== null && timeLeft(item.leftMs),
  ];
  const all = item.state === "sending" && item.sentBytes >= item.sizeBytes;
  return (
    <div className={css.sending}>
      <p className={css.sendingLine}>
        <strong role="status">{all ? "Finishing" : STATE_WORDS[item.state]}</strong>
        <span>{percent(share)}</span>
      </p>
      <ProgressBar
        label="Upload"
        percent={share}
        valueText={percent(share)}
        tone={item.state === "sending" ? "moving" : item.state === "refused" ? "bad" : "still"}
      />
      <p className={css.sendingFacts}>{facts.filter(Boolean).join(" · ")}</p>
    </div>
  );
}

function Processed({ video }: { video: Video | undefined }) {
  const progress = useVideoProgress(video);
  if (!video || !progress) {
    return <ProgressBar label="Processing" percent={null} />;
  }
  const watch = (
    <LinkButton to={`/watch/${video.id}`} look="primary" icon="play" small>
      Watch
    </LinkButton>
  );
  if (video.status === "failed") {
    return (
      <Notice tone="bad" icon="alert">
        <strong>This film could not be made playable.</strong> {video.error}
      </Notice>
    );
  }
  if (video.status === "ready") {
    return (
      <Notice tone="good" icon="check" action={watch}>
        <strong>Ready to watch.</strong>
      </Notice>
    );
  }
  return (
    <>
      <Processing progress={progress} steps />
      {video.playable && (
        <Notice tone="good" icon="check" action={watch}>
          <strong>Playable already;</strong> finer versions follow.
        </Notice>
      )}
    </>
  );
}

function CardDetails({ item }: { item: UploadItem }) {
  const [value, setValue] = useState(item.details);
  const [open, setOpen] = useState(item.saved === "draft");
  const shown = open || item.saved === "draft";
  if (!shown) {
    return (
      <div className={css.saved}>
        <span className={css.savedWords} role="status">
          {item.saved === "saving" ? (
            "Saving …"
          ) : (
            <>
              <Icon name="check" size={18} />
              {item.details.visibility === "private" ? "Saved" : "Published"}
            </>
          )}
        </span>
        <VisibilityChip visibility={item.details.visibility} />
        <Button small look="quiet" icon="edit" onClick={() => setOpen(true)}>
          Edit
        </Button>
      </div>
    );
  }
  return (
    <DetailsForm
      className={css.form}
      value={value}
      onChange={setValue}
      onSubmit={(details) => {
        setOpen(false);
        void uploads.publish(item.key, details);
      }}
    >
      <div className={css.formEnd}>
        <p>
          {item.saved === "draft"
            ? "Only you can see it until you publish."
            : "It changes for everyone at once."}
        </p>
        <Button type="submit" look="primary">
          {value.visibility === "private" ? "Save" : item.saved === "draft" ? "Publish" : "Save"}
        </Button>
      </div>
    </DetailsForm>
  );
}
