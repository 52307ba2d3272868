import type { ReactNode } from "react";
import css from "./account.module.css";

/** The card both account pages stand on. */
export function Ticket({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className={css.page}>
      <div className={css.ticket}>
        <div className={css.stub} aria-hidden="true">
          <div className={css.stubWords}>
            Admit one
            <small>Matinee</small>
          </div>
        </div>
        <div className={css.body}>
          <h1>{title}</h1>
          {children}
        </div>
      </div>
    </div>
  );
}
