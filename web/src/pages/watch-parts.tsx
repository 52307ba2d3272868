import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { videoListQuery } from "../api/queries";
import { pieces } from "../format/links";
import { Button } from "../ui/button";
import { FilmCard, filmGridClass } from "../ui/film-card";
import css from "./watch.module.css";

export function Description({ text }: { text: string }) {
  return (
    <p className={css.description}>
      {pieces(text).map(({ text: words, href }, index) =>
        href ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces never move
          <a key={index} href={href} rel="nofollow noopener noreferrer" target="_blank">
            {words}
          </a>
        ) : (
          words
        ),
      )}
    </p>
  );
}

/** Copies without the clipboard interface, which plain http outside localhost lacks. */
function copyByHand(text: string): boolean {
  const field = document.createElement("textarea");
  field.value = text;
  field.readOnly = true;
  field.className = "only-read";
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}

export function CopyLink() {
  const [copied, setCopied] = useState(false);
  async function copy() {
    const text = window.location.href;
    const done = navigator.clipboard
      ? await navigator.clipboard.writeText(text).then(
          () => true,
          () => copyByHand(text),
        )
      : copyByHand(text);
    if (!done) return;
    setCopied(true);
    setTimeout(() => setCopied(false), 2500);
  }
  return (
    <Button small icon={copied ? "check" : "link"} onClick={() => void copy()}>
      <span aria-live="polite">{copied ? "Copied" : "Copy link"}</span>
    </Button>
  );
}

const OTHERS = 8;

export function MoreFilms({ besides }: { besides: string }) {
  const list = useInfiniteQuery(videoListQuery());
  const films = (list.data?.pages.flatMap((page) => page.items) ?? [])
    .filter((video) => video.id !== besides)
    .slice(0, OTHERS);
  if (films.length === 0) return null;
  return (
    <section className={css.more} aria-labelledby="more">
      <h2 id="more">Also showing</h2>
      <ul className={filmGridClass}>
        {films.map((video) => (
          <li key={video.id}>
            <FilmCard video={video} />
          </li>
        ))}
      </ul>
    </section>
  );
}
