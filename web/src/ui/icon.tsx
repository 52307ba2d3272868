/** The icons, drawn on one 24-unit grid with one stroke. Decoration only: words say the rest. */
const PATHS = {
  play: "M8 5.2v13.6a.9.9 0 0 0 1.4.76l10.2-6.8a.9.9 0 0 0 0-1.52L9.4 4.44A.9.9 0 0 0 8 5.2z",
  pause: "M8 5v14M16 5v14",
  upload: "M12 16V4m0 0L7 9m5-5 5 5M4 15v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3",
  close: "M6 6l12 12M18 6L6 18",
  check: "M5 12.5l4.5 4.5L19 7.5",
  alert:
    "M12 8v5m0 3.2v.1M10.3 4.2L2.7 17.4A2 2 0 0 0 4.4 20.4h15.2a2 2 0 0 0 1.7-3L13.7 4.2a2 2 0 0 0-3.4 0z",
  sun: "M12 3v2m0 14v2M3 12h2m14 0h2M5.6 5.6l1.4 1.4m10 10l1.4 1.4m0-12.8L17 7M7 17l-1.4 1.4M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0z",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  screen: "M4 5h16a1 1 0 0 1 1 1v10a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1zm5 15h6m-3-3v3",
  edit: "M4 20l1-4.2L16.3 4.5a1.8 1.8 0 0 1 2.5 0l.7.7a1.8 1.8 0 0 1 0 2.5L8.2 19z",
  trash: "M4 7h16M9 7V4.5h6V7m3 0l-.8 12.1a1 1 0 0 1-1 .9H7.8a1 1 0 0 1-1-.9L6 7m4 4v5m4-5v5",
  retry: "M19.5 12a7.5 7.5 0 1 1-2.2-5.3L20 9.3M20 4.5v4.8h-4.8",
  globe:
    "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM3.5 9.5h17m-17 5h17M12 3c-4.5 5-4.5 13 0 18 4.5-5 4.5-13 0-18z",
  link: "M10 14a4 4 0 0 0 5.7 0l3.2-3.2a4 4 0 0 0-5.7-5.7L12 6.3M14 10a4 4 0 0 0-5.7 0l-3.2 3.2a4 4 0 0 0 5.7 5.7l1.2-1.2",
  lock: "M6 11h12v8.5a.5.5 0 0 1-.5.5h-11a.5.5 0 0 1-.5-.5zM8.5 11V7.5a3.5 3.5 0 0 1 7 0V11",
  film: "M4 5h16v14H4zM8 5v14M16 5v14M4 9.5h4m-4 5h4m8-5h4m-4 5h4",
  offline:
    "M4 4l16 16M8.5 8.7A9.5 9.5 0 0 0 4 11.2m3 3.3a6 6 0 0 1 3-1.8m3.5.2a6 6 0 0 1 3.5 1.6m3-3.3a9.5 9.5 0 0 0-8-3.1M12 18.5v.1",
  chevron: "M7 10l5 5 5-5",
  user: "M12 12.5a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20c.8-3.3 3.8-5 7.5-5s6.7 1.7 7.5 5",
  out: "M14 4H6a1 1 0 0 0-1 1v14a1 1 0 0 0 1 1h8M10 12h10m0 0l-3.5-3.5M20 12l-3.5 3.5",
  clock: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0zM12 7v5.2l3.3 2",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  const filled = name === "play";
  return (
    <svg
      aria-hidden="true"
      focusable="false"
      width={size}
      height={size}
      viewBox="0 0 24 24"
      fill={filled ? "currentColor" : "none"}
      stroke={filled ? "none" : "currentColor"}
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
