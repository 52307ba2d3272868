/** The pages that are loaded when they are first needed, or a moment before. */
export const loadPage = {
  watch: () => import("../pages/watch"),
  upload: () => import("../pages/upload"),
  studio: () => import("../pages/studio"),
  signIn: () => import("../pages/sign-in"),
  signUp: () => import("../pages/sign-up"),
};

/** Fetches a page's code ahead; a failure shows itself when the page is really opened. */
export function prefetch(page: keyof typeof loadPage): void {
  loadPage[page]().catch(() => undefined);
}
