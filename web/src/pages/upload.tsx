import { useEffect, useRef, useState } from "react";
import type { User } from "../api/types";
import { usePageTitle } from "../app/page-title";
import { bytes, percent } from "../format/format";
import { RequireSession } from "../session/require-session";
import { Button } from "../ui/button";
import { Icon } from "../ui/icon";
import { Notice } from "../ui/notice";
import { ProgressBar } from "../ui/progress-bar";
import { FILM_ACCEPT, refusal } from "../upload/films";
import { receive } from "../upload/offer";
import type { UploadRecord } from "../upload/records";
import { records, uploads, useUploads } from "../upload/uploads";
import css from "./upload.module.css";
import { UploadCard } from "./upload-card";

export function UploadPage() {
  usePageTitle("Upload");
  return <RequireSession>{(user) => <Upload user={user} />}</RequireSession>;
}

function Upload({ user }: { user: User }) {
  const items = useUploads();
  const [refused, setRefused] = useState<string[]>([]);
  const input = useRef<HTMLInputElement>(null);

  useEffect(
    () =>
      receive((files) => {
        const reasons = files.map(refusal);
        setRefused(reasons.filter((reason) => reason !== null));
        uploads.add(files.filter((_, index) => reasons[index] === null));
      }),
    [],
  );

  function choose(list: FileList | null) {
    const files = [...(list ?? [])];
    const reasons = files.map(refusal);
    setRefused(reasons.filter((reason) => reason !== null));
    uploads.add(files.filter((_, index) => reasons[index] === null));
    // The same file may be chosen again later.
    if (input.current) input.current.value = "";
  }

  const begun = items.length > 0;
  return (
    <div className={css.page}>
      <h1>{begun ? "Your uploads" : "Upload a film"}</h1>
      <section className={css.drop} data-small={begun || undefined} aria-label="Choose films">
        <span className={css.dropIcon}>
          <Icon name="upload" size={begun ? 24 : 34} />
        </span>
        <div className={css.dropWords}>
          <p className={css.dropTitle}>
            {begun ? "Drop more films anywhere" : "Drop films anywhere on this page"}
          </p>
          {!begun && <p>MP4, MOV, MKV, WebM and most others, of any size.</p>}
        </div>
        <Button look={begun ? "plain" : "primary"} onClick={() => input.current?.click()}>
          {begun ? "Choose more" : "Choose films"}
        </Button>
        <input
          ref={input}
          className="only-read"
          type="file"
          multiple
          accept={FILM_ACCEPT}
          tabIndex={-1}
          aria-label="Films to upload"
          onChange={(event) => choose(event.target.files)}
        />
      </section>
      {refused.map((reason) => (
        <Notice key={reason} tone="bad" icon="alert">
          {reason}
        </Notice>
      ))}
      {begun && (
        <ul className={css.cards}>
          {items.map((item) => (
            <li key={item.key}>
              <UploadCard item={item} />
            </li>
          ))}
        </ul>
      )}
      <Unfinished userId={user.id} onChoose={() => input.current?.click()} />
      {!begun && <Promises />}
    </div>
  );
}

function Promises() {
  return (
    <ul className={css.promises}>
      <li>
        <strong>Nothing is lost</strong>
        If the connection drops, the upload goes on from where it stopped.
      </li>
      <li>
        <strong>Yours until you publish</strong>
        While it uploads, only you can see the film.
      </li>
      <li>
        <strong>Ready for every screen</strong>
        We make the sizes that phones, laptops and televisions need.
      </li>
    </ul>
  );
}

/** Uploads that a reload or a crash cut off; the browser must be given the file once more. */
function Unfinished({ userId, onChoose }: { userId: string; onChoose(): void }) {
  const items = useUploads();
  const [count, setCount] = useState(0);
  const running = new Set(items.map((item) => `${item.filename}|${item.sizeBytes}`));
  const open = records
    .all(userId)
    .filter((record) => !running.has(`${record.filename}|${record.sizeBytes}`));
  if (open.length === 0) return null;
  // The records are plain storage; counting makes the list be read again.
  async function discard(record: UploadRecord) {
    const done = uploads.discard(record);
    setCount(count + 1);
    await done;
  }
  return (
    <section className={css.unfinished} aria-labelledby="unfinished">
      <h2 id="unfinished">Not finished yet</h2>
      <p>Choose or drop the same file again and it goes on from where it stopped.</p>
      <ul className={css.cards}>
        {open.map((record) => {
          const share = (100 * record.sentBytes) / Math.max(1, record.sizeBytes);
          return (
            <li key={record.key} className={css.record}>
              <div className={css.recordWords}>
                <strong>{record.title}</strong>
                <span>
                  {record.filename} · {bytes(record.sizeBytes)} · {percent(share)} sent
                </span>
                <ProgressBar label={`Sent of ${record.title}`} percent={share} tone="still" />
              </div>
              <Button small icon="upload" onClick={onChoose}>
                Go on
              </Button>
              <Button small look="quiet" icon="trash" iconOnly onClick={() => void discard(record)}>
                {`Discard ${record.title}`}
              </Button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
