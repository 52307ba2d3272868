/** The pages that are loaded when they are first needed, or a moment before. */
import { type ComponentType, createElement, lazy } from "react";

interface LazyPage {
  Page: ComponentType;
  load(): Promise<unknown>;
}

/** Draws at once when its code is here already; React.lazy alone would blink first. */
function page(load: () => Promise<ComponentType>): LazyPage {
  let loaded: ComponentType | null = null;
  const fetchOnce = async () => {
    loaded = await load();
    return { default: loaded };
  };
  const Later = lazy(fetchOnce);
  return { Page: () => createElement(loaded ?? Later), load: fetchOnce };
}

export const pages = {
  watch: page(async () => (await import("../pages/watch")).WatchPage),
  upload: page(async () => (await import("../pages/upload")).UploadPage),
  studio: page(async () => (await import("../pages/studio")).StudioPage),
  "sign-in": page(async () => (await import("../pages/sign-in")).SignInPage),
  "sign-up": page(async () => (await import("../pages/sign-up")).SignUpPage),
};

/** Fetches a page's code ahead; a failure shows itself when the page is really opened. */
export async function prefetch(name: keyof typeof pages): Promise<void> {
  await pages[name].load().catch(() => undefined);
}

/** Fetches the code of the page at a path; at once done for paths that need none. */
export async function loadFor(path: string): Promise<void> {
  const name = path.split("/")[1] ?? "";
  if (Object.hasOwn(pages, name)) await prefetch(name as keyof typeof pages);
}
