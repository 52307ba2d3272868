import { useInfiniteQuery } from "@tanstack/react-query";
import { videoListQuery } from "../api/queries";
import { usePageTitle } from "../app/page-title";
import { useSession } from "../session/use-session";
import { Button, LinkButton } from "../ui/button";
import { FilmCard, FilmGridSkeleton, filmGridClass } from "../ui/film-card";
import { Blank, ErrorNotice } from "../ui/notice";
import css from "./home.module.css";

/** Pictures in view when the page opens; the rest load when scrolled to. */
const EAGER = 8;

export function HomePage() {
  usePageTitle(null);
  const list = useInfiniteQuery(videoListQuery());
  const films = list.data?.pages.flatMap((page) => page.items) ?? [];
  const empty = list.isSuccess && films.length === 0;
  return (
    <div className={css.page}>
      {empty ? (
        <EmptyHouse />
      ) : (
        <header className={css.head}>
          <h1>Now showing</h1>
          <span className={css.bulbs} aria-hidden="true" />
        </header>
      )}
      {list.isPending && <FilmGridSkeleton count={8} />}
      {list.isError && <ErrorNotice error={list.error} retry={() => void list.refetch()} />}
      {films.length > 0 && (
        <ul className={filmGridClass}>
          {films.map((video, index) => (
            <li key={video.id}>
              <FilmCard video={video} eager={index < EAGER} />
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
    </div>
  );
}

function EmptyHouse() {
  const { user } = useSession();
  return (
    <Blank
      level={1}
      title="Nothing is showing yet"
      actions={
        <>
          <LinkButton to="/upload" look="primary" icon="upload">
            Upload the first film
          </LinkButton>
          {!user && <LinkButton to="/sign-up">Make an account</LinkButton>}
        </>
      }
    >
      <p>Drop a film anywhere on this page. It can be watched as soon as it has arrived.</p>
    </Blank>
  );
}
