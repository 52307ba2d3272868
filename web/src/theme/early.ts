// Runs before anything is painted; see earlyTheme in vite.config.ts. No imports, no exports.
try {
  const theme = localStorage.getItem("matinee.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Without storage the system's theme applies.
}
