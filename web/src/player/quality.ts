/** Which qualities a player offers, and choosing one. Pure over Video.js's list of levels. */
export interface Level {
  width?: number;
  height?: number;
  bitrate?: number;
  enabled: boolean;
}

export interface Levels extends ArrayLike<Level> {
  selectedIndex: number;
}

export interface Choice {
  label: string;
  height: number;
  width: number;
}

export type Name = (width: number, height: number) => string;

function all(levels: Levels): Level[] {
  return Array.from(levels);
}

/** One choice for each size, the largest first. */
export function choices(levels: Levels, name: Name): Choice[] {
  const seen = new Map<string, Choice>();
  for (const { width = 0, height = 0 } of all(levels)) {
    if (height > 0) seen.set(`${width}x${height}`, { width, height, label: name(width, height) });
  }
  return [...seen.values()].sort((a, b) => b.height * b.width - a.height * a.width);
}

/** Plays only this size; null lets the player choose for the line and the window. */
export function choose(levels: Levels, choice: Choice | null): void {
  const fits = (level: Level) =>
    choice === null || (level.width === choice.width && level.height === choice.height);
  // Enabling first: at no moment may every level be off.
  for (const level of all(levels)) if (fits(level)) level.enabled = true;
  for (const level of all(levels)) if (!fits(level)) level.enabled = false;
}

/** The label of what plays now, or null before it is known. */
export function playing(levels: Levels, name: Name): string | null {
  const level = levels[levels.selectedIndex];
  return level?.height ? name(level.width ?? 0, level.height) : null;
}
