/** The chosen theme: light, dark, or whatever the system says. Kept on this device. */
export type Theme = "system" | "light" | "dark";

const KEY = "matinee.theme";
const listeners = new Set<() => void>();

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === "light" || value === "dark" ? value : "system";
  } catch {
    return "system";
  }
}

let current: Theme = stored();

function apply(theme: Theme): void {
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
}

export function readTheme(): Theme {
  return current;
}

export function subscribeTheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function chooseTheme(theme: Theme): void {
  current = theme;
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // The choice then lasts until the page is closed.
  }
  apply(theme);
  for (const listener of [...listeners]) listener();
}

// A choice made in another tab holds here too.
window.addEventListener("storage", (event) => {
  if (event.key !== KEY) return;
  current = stored();
  apply(current);
  for (const listener of [...listeners]) listener();
});
