/** The pages that are loaded when they are first needed, or a moment before. */
import { type ComponentType, lazy } from "react";

interface LazyPage {
  load(): Promise<unknown>;
  /** The page itself when its code is here; else one that waits for it, and blinks. */
  component(): ComponentType;
}

function page(load: () => Promise<ComponentType>): LazyPage {
  let loaded: ComponentType | null = null;
  const fetchPage = async () => {
    loaded = await load();
    return { default: loaded };
  };
  const later = lazy(fetchPage);
  return { load: fetchPage, component: () => loaded ?? later };
}

export const pages = {
  watch: page(async () => (await import("../pages/watch")).WatchPage),
  upload: page(async () => (await import("../pages/upload")).UploadPage),
  studio: page(async () => (await import("../pages/studio")).StudioPage),
  "sign-in": page(async () => (await import("../pages/sign-in")).SignInPage),
  "sign-up": page(async () => (await import("../pages/sign-up")).SignUpPage),
};

export type PageName = keyof typeof pages;

/** Fetches a page's code ahead; a failure shows itself when the page is really opened. */
export async function prefetch(name: PageName): Promise<void> {
  await pages[name].load().catch(() => undefined);
}

/** Fetches the code of the page at a path; at once done for paths that need none. */
export async function loadFor(path: string): Promise<void> {
  const name = path.split("/")[1] ?? "";
  if (Object.hasOwn(pages, name)) await prefetch(name as PageName);
}
