/** Numbers and times as people read them. Pure; the language is English for now. */
const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** 1 536 000 → `1.5 MB` (powers of ten, as disks and file managers count). */
export function bytes(count: number): string {
  let value = Math.max(0, count);
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}

export function speed(bytesPerSecond: number): string {
  return `${bytes(bytesPerSecond)}/s`;
}

/** 3 723 000 → `1:02:03`, 63 000 → `1:03`; tells films shorter than a second as `0:01`. */
export function duration(ms: number): string {
  const total = Math.max(1, Math.round(ms / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = String(total % 60).padStart(2, "0");
  if (hours === 0) return `${minutes}:${seconds}`;
  return `${hours}:${String(minutes).padStart(2, "0")}:${seconds}`;
}

/** The same for a screen reader: `1 hour 2 minutes`. */
export function spokenDuration(ms: number): string {
  const total = Math.max(1, Math.round(ms / 1000));
  const parts: [number, string][] = [
    [Math.floor(total / 3600), "hour"],
    [Math.floor((total % 3600) / 60), "minute"],
    [total >= 3600 ? 0 : total % 60, "second"],
  ];
  return parts
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}${count === 1 ? "" : "s"}`)
    .join(" ");
}

/** Time left, rounded the more the further away it is. */
export function timeLeft(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds <= 5) return "a few seconds left";
  if (seconds < 60) return `${Math.ceil(seconds / 5) * 5} seconds left`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return minutes <= 1 ? "about a minute left" : `about ${minutes} minutes left`;
  const hours = Math.round(minutes / 60);
  if (hours < 48) return hours <= 1 ? "about an hour left" : `about ${hours} hours left`;
  return "more than two days left";
}

const AGES: [number, Intl.RelativeTimeFormatUnit][] = [
  [365 * 86_400, "year"],
  [30 * 86_400, "month"],
  [7 * 86_400, "week"],
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
];

const relative = new Intl.RelativeTimeFormat("en", { numeric: "always" });

/** `3 days ago`; a clock that runs ahead never makes it lie in the future. */
export function age(atMs: number, nowMs = Date.now()): string {
  const seconds = Math.max(0, (nowMs - atMs) / 1000);
  for (const [length, unit] of AGES) {
    if (seconds >= length) return relative.format(-Math.floor(seconds / length), unit);
  }
  return "just now";
}

const dayFormat = new Intl.DateTimeFormat("en", { dateStyle: "long" });

export function day(atMs: number): string {
  return dayFormat.format(atMs);
}

export function percent(value: number): string {
  return `${Math.floor(Math.min(100, Math.max(0, value)))} %`;
}
