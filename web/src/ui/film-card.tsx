import { Link } from "react-router-dom";
import type { Video } from "../api/types";
import { prefetch } from "../app/pages";
import { age, spokenDuration } from "../format/format";
import css from "./film-card.module.css";
import { Icon } from "./icon";
import { Thumb } from "./thumb";

export function FilmCard({ video, eager }: { video: Video; eager?: boolean }) {
  return (
    <article
      className={css.card}
      onPointerEnter={() => prefetch("watch")}
      onFocus={() => prefetch("watch")}
    >
      <div className={css.picture}>
        <Thumb video={video} eager={eager} />
        <span className={css.play} aria-hidden="true">
          <Icon name="play" size={26} />
        </span>
      </div>
      <h2 className={css.title}>
        <Link to={`/watch/${video.id}`}>
          {video.title}
          {video.duration_ms !== null && (
            <span className="only-read">, {spokenDuration(video.duration_ms)}</span>
          )}
        </Link>
      </h2>
      <p className={css.meta}>
        {video.owner.display_name}
        <span aria-hidden="true"> · </span>
        <time dateTime={new Date(video.published_at_ms ?? video.created_at_ms).toISOString()}>
          {age(video.published_at_ms ?? video.created_at_ms)}
        </time>
      </p>
    </article>
  );
}

export function FilmGridSkeleton({ count }: { count: number }) {
  return (
    <div className={css.grid} aria-hidden="true">
      {Array.from({ length: count }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the places have no other name
        <div key={index} className={css.skeleton}>
          <div className={css.bonePicture} />
          <div className={css.boneLine} />
          <div className={css.boneShort} />
        </div>
      ))}
    </div>
  );
}

export const filmGridClass = css.grid;
