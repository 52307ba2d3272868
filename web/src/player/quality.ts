/** Which qualities a player offers, and choosing one. Pure over what Video.js keeps of them. */
export interface Level {
  width?: number;
  height?: number;
}

export interface Levels extends ArrayLike<Level> {
  selectedIndex: number;
}

/** The part of Video.js's HLS engine that switches a rendition on and off. */
export interface Representation extends Level {
  playlist: { disabled?: boolean };
  enabled(enable: boolean): boolean;
}

export interface Choice {
  label: string;
  height: number;
  width: number;
}

export type Name = (width: number, height: number) => string;

/** One choice for each size, the largest first. */
export function choices(levels: Levels, name: Name): Choice[] {
  const seen = new Map<string, Choice>();
  for (const { width = 0, height = 0 } of Array.from(levels)) {
    if (height > 0) seen.set(`${width}x${height}`, { width, height, label: name(width, height) });
  }
  return [...seen.values()].sort((a, b) => b.height * b.width - a.height * a.width);
}

/**
 * Plays only this size; null lets the player choose for the line and the window.
 *
 * The engine switches at once to whatever becomes enabled, and only then. So a size that was
 * enabled already is switched off before it is switched on; and for null the marks are taken off
 * without a word, or the engine would run through every size in turn.
 */
export function choose(all: readonly Representation[], choice: Choice | null): void {
  if (choice === null) {
    for (const { playlist } of all) delete playlist.disabled;
    return;
  }
  for (const one of all) one.enabled(false);
  for (const one of all) {
    if (one.width === choice.width && one.height === choice.height) one.enabled(true);
  }
}

/** What of the engine's controller `finish` looks at; missing in versions that do without. */
export interface Controller {
  waitingForFastQualityPlaylistReceived_?: boolean;
  media(): unknown;
  runFastQualitySwitch_?(): void;
}

/**
 * Completes a switch to a size whose playlist is here already. The engine then tells of the new
 * playlist before it notes that it waits for one, and would go on playing what it has buffered.
 */
export function finish(controller: Controller, all: readonly Representation[]): void {
  const chosen = all.filter(({ playlist }) => !playlist.disabled);
  const here = chosen.some(({ playlist }) => playlist === controller.media());
  if (here && controller.waitingForFastQualityPlaylistReceived_) {
    controller.runFastQualitySwitch_?.();
  }
}

/** The label of what plays now, or null before it is known. */
export function playing(levels: Levels, name: Name): string | null {
  const level = levels[levels.selectedIndex];
  return level?.height ? name(level.width ?? 0, level.height) : null;
}
