import type { ReactNode } from "react";
import { ApiError, sentenceOf } from "../api/problem";
import { Button } from "./button";
import { Icon, type IconName } from "./icon";
import css from "./notice.module.css";

/** A sentence that matters, inside the page it belongs to. */
export function Notice({
  tone = "plain",
  icon,
  children,
  action,
}: {
  tone?: "plain" | "bad" | "good" | "warm";
  icon?: IconName;
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={css.notice} data-tone={tone} role={tone === "bad" ? "alert" : "status"}>
      {icon && <Icon name={icon} />}
      <div className={css.words}>{children}</div>
      {action}
    </div>
  );
}

/** What went wrong with a query, and the way to try it again. */
export function ErrorNotice({ error, retry }: { error: unknown; retry?(): void }) {
  const silent = error instanceof ApiError && error.status === 0;
  return (
    <Notice
      tone="bad"
      icon={silent ? "offline" : "alert"}
      action={
        retry && (
          <Button small icon="retry" onClick={retry}>
            Try again
          </Button>
        )
      }
    >
      {sentenceOf(error)}
    </Notice>
  );
}

/** A whole page's worth of "there is nothing here", with a way on. */
export function Blank({
  title,
  children,
  actions,
  level = 2,
}: {
  title: string;
  children: ReactNode;
  actions?: ReactNode;
  level?: 1 | 2;
}) {
  const Heading = level === 1 ? "h1" : "h2";
  return (
    <section className={css.blank}>
      <EmptyHouse />
      <Heading>{title}</Heading>
      <div className={css.blankWords}>{children}</div>
      {actions && <div className={css.blankActions}>{actions}</div>}
    </section>
  );
}

/** A screen between two curtains, with a row of seats before it. */
function EmptyHouse() {
  return (
    <svg
      className={css.house}
      viewBox="0 0 240 132"
      aria-hidden="true"
      focusable="false"
      fill="none"
    >
      <path className={css.screen} d="M44 14h152v72H44z" />
      <path className={css.beam} d="M120 128 62 24h116z" />
      <path
        className={css.curtain}
        d="M12 6h38c2 26-4 58-20 88H12zM228 6h-38c-2 26 4 58 20 88h18z"
      />
      <path className={css.fold} d="M24 6v88M37 6c0 24-4 52-10 76M216 6v88M203 6c0 24 4 52 10 76" />
      <path
        className={css.valance}
        d="M8 2h224v9a14 10 0 0 1-28 0 14 10 0 0 1-28 0 14 10 0 0 1-28 0 14 10 0 0 1-28 0 14 10 0 0 1-28 0 14 10 0 0 1-28 0 14 10 0 0 1-28 0 14 10 0 0 1-28 0z"
      />
      <path
        className={css.seats}
        d="M26 132v-16a9 9 0 0 1 9-9h18a9 9 0 0 1 9 9v16zM74 132v-16a9 9 0 0 1 9-9h18a9 9 0 0 1 9 9v16zM130 132v-16a9 9 0 0 1 9-9h18a9 9 0 0 1 9 9v16zM178 132v-16a9 9 0 0 1 9-9h18a9 9 0 0 1 9 9v16z"
      />
    </svg>
  );
}
