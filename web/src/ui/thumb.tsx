import { useState } from "react";
import type { Video } from "../api/types";
import { duration } from "../format/format";
import { Icon } from "./icon";
import css from "./thumb.module.css";

/** A number from 0 to 359 that is always the same for the same film. */
function hue(id: string): number {
  let sum = 7;
  for (const letter of id) sum = (sum * 31 + letter.charCodeAt(0)) % 359;
  return sum;
}

/** A film's picture in a box of fixed shape, so that nothing moves when it arrives. */
export function Thumb({ video, eager }: { video: Video; eager?: boolean }) {
  const [broken, setBroken] = useState<string | null>(null);
  const source = video.thumbnail && video.thumbnail !== broken ? video.thumbnail : null;
  return (
    <div className={css.thumb} style={{ "--hue": hue(video.id) } as React.CSSProperties}>
      {source ? (
        <img
          src={source}
          alt=""
          loading={eager ? "eager" : "lazy"}
          decoding="async"
          onError={() => setBroken(source)}
        />
      ) : (
        <span className={css.none}>
          <Icon name="film" size={34} />
        </span>
      )}
      {video.duration_ms !== null && video.status === "ready" && (
        <span className={css.duration} aria-hidden="true">
          {duration(video.duration_ms)}
        </span>
      )}
    </div>
  );
}
