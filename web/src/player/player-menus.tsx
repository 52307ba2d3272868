import { useEffect, useReducer, useState } from "react";
import { Menu, type MenuEntry } from "../ui/menu";
import type { VideoJs } from "./player";
import {
  type Choice,
  type Controller,
  choices,
  choose,
  finish,
  type Levels,
  playing,
  type Representation,
} from "./quality";

interface Events {
  on(name: string, hear: () => void): void;
  off(name: string, hear: () => void): void;
}

/** The levels Video.js's quality plugin keeps; its types leave the plugin out. */
function levelsOf(player: VideoJs): Levels & Events {
  return (player as unknown as { qualityLevels(): Levels & Events }).qualityLevels();
}

interface HlsTech {
  vhs?: { representations(): Representation[]; playlistController_: Controller };
}

/** The engine waits 100 ms for further wishes before it switches. */
const SETTLED_MS = 150;

/** Makes the HLS engine play one size, or choose by itself. There is none in Safari. */
function switchTo(player: VideoJs, choice: Choice | null): void {
  const tech = player.tech({ IWillNotUseThisInPlugins: true }) as unknown as HlsTech | undefined;
  if (!tech?.vhs) return;
  const { vhs } = tech;
  choose(vhs.representations(), choice);
  if (choice) setTimeout(() => finish(vhs.playlistController_, vhs.representations()), SETTLED_MS);
}

const LEVEL_EVENTS = ["change", "addqualitylevel", "removequalitylevel"];

export function QualityMenu({
  player,
  nameOf,
}: {
  player: VideoJs;
  nameOf(width: number, height: number): string;
}) {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const [chosen, setChosen] = useState<Choice | null>(null);
  const levels = levelsOf(player);
  useEffect(() => {
    for (const name of LEVEL_EVENTS) levels.on(name, redraw);
    return () => {
      for (const name of LEVEL_EVENTS) levels.off(name, redraw);
    };
  }, [levels]);

  const offered = choices(levels, nameOf);
  if (offered.length === 0) return null;
  const now = playing(levels, nameOf);
  const pick = (choice: Choice | null) => {
    setChosen(choice);
    switchTo(player, choice);
  };
  const auto: MenuEntry = {
    kind: "choice",
    label: "Auto",
    checked: chosen === null,
    run: () => pick(null),
  };
  const fixed = offered.map(
    (choice): MenuEntry => ({
      kind: "choice",
      label: choice.label,
      checked: chosen?.label === choice.label,
      run: () => pick(choice),
    }),
  );
  const word = chosen ? chosen.label : "Auto";
  const said = chosen || !now ? word : `Auto, now ${now}`;
  return <Menu up label={`Quality: ${said}`} button={word} entries={[auto, ...fixed]} />;
}

const RATES = [2, 1.5, 1.25, 1, 0.75, 0.5];

export function SpeedMenu({ player }: { player: VideoJs }) {
  const [rate, setRate] = useState(1);
  useEffect(() => {
    const look = () => setRate(player.playbackRate() ?? 1);
    player.on("ratechange", look);
    return () => player.off("ratechange", look);
  }, [player]);
  const entries = RATES.map(
    (value): MenuEntry => ({
      kind: "choice",
      label: value === 1 ? "Normal" : `${value}×`,
      checked: rate === value,
      run: () => player.playbackRate(value),
    }),
  );
  return <Menu up label={`Speed: ${rate}×`} button={`${rate}×`} entries={entries} />;
}
