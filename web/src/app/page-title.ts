import { useEffect } from "react";

/** Names the page in the tab, and so for a screen reader after a change of route. */
export function usePageTitle(title: string | null): void {
  useEffect(() => {
    document.title = title ? `${title} · Matinee` : "Matinee";
  }, [title]);
}
