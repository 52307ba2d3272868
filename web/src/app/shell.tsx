/** The frame around every page: header, notices, the page, footer. */
import { Suspense, useEffect, useRef, useSyncExternalStore } from "react";
import { Outlet, useLocation, useNavigationType } from "react-router-dom";
import { connection } from "../api/connection";
import { Button } from "../ui/button";
import { Icon } from "../ui/icon";
import { CrashBoundary } from "./crash";
import { Header } from "./header";
import { PageDrop } from "./page-drop";
import css from "./shell.module.css";

export function Shell() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const type = useNavigationType();
  const first = useRef(pathname);
  useEffect(() => {
    // After a change of route the reader goes on at the top of the new page.
    if (first.current === pathname) return;
    first.current = "";
    main.current?.focus({ preventScroll: true });
    // Going back keeps the place; the browser sees to that.
    if (type !== "POP") window.scrollTo(0, 0);
  }, [pathname, type]);
  return (
    <>
      <a className={css.skip} href="#main">
        Skip to the page
      </a>
      <Header />
      <ConnectionNotice />
      <main id="main" ref={main} tabIndex={-1} className={css.main}>
        <CrashBoundary place={pathname}>
          <Suspense fallback={<div className={css.waiting} />}>
            <Outlet />
          </Suspense>
        </CrashBoundary>
      </main>
      <footer className={css.footer}>
        <p>Matinee — films from people, on a server of their own.</p>
      </footer>
      <PageDrop />
    </>
  );
}

function useConnectionDown(): boolean {
  return useSyncExternalStore(connection.subscribe, () => connection.isDown);
}

function ConnectionNotice() {
  const down = useConnectionDown();
  return (
    <div role="status" className={css.connection}>
      {down && (
        <div className={css.connectionInside}>
          <Icon name="offline" />
          <span>Matinee can't be reached right now. Trying again by itself.</span>
          <Button small look="quiet" onClick={() => void connection.check()}>
            Try now
          </Button>
        </div>
      )}
    </div>
  );
}
