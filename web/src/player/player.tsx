/**
 * The player: Video.js around one HLS source, with our own menus in its control bar. Loaded only
 * by the watch page. It owns the Video.js player from mount to unmount.
 */
import "./no-dynamic-style";
import { useEffect, useRef, useState } from "react";
import { createPortal } from "react-dom";
import videojs from "video.js";
import "video.js/dist/video-js.css";
import { Button } from "../ui/button";
import { deedOf, isForPlayer } from "./hotkeys";
import "./player.css";
import css from "./player.module.css";
import { QualityMenu, SpeedMenu } from "./player-menus";
import { resign } from "./resign";

export type VideoJs = ReturnType<typeof videojs>;

export interface PlayerProps {
  src: string;
  /** The same address, signed last; what is fetched bears its signature. */
  fresh: string;
  poster: string | null;
  title: string;
  /** The server's name for a size, such as 720p. */
  nameOf(width: number, height: number): string;
  onFailure(): void;
}

const OPTIONS = {
  controls: true,
  fill: true,
  preload: "auto",
  playsinline: true,
  // Plays with sound where the browser allows it, else without; a button then brings it back.
  autoplay: "any",
  inactivityTimeout: 2500,
  errorDisplay: false,
  textTrackSettings: false,
  enableSmoothSeeking: true,
  html5: {
    vhs: {
      overrideNative: !videojs.browser.IS_ANY_SAFARI,
      useDevicePixelRatio: true,
      useBandwidthFromLocalStorage: true,
      // What the line has really carried says more than the browser's guess, which would win.
      useNetworkInformationApi: false,
    },
    nativeAudioTracks: videojs.browser.IS_ANY_SAFARI,
    nativeVideoTracks: videojs.browser.IS_ANY_SAFARI,
  },
  controlBar: {
    children: [
      "progressControl",
      "playToggle",
      "volumePanel",
      "currentTimeDisplay",
      "timeDivider",
      "durationDisplay",
      "pictureInPictureToggle",
      "fullscreenToggle",
    ],
    volumePanel: { inline: true },
  },
};

/** A place in the control bar, left of picture-in-picture, that React may fill. */
function menuPlace(player: VideoJs): HTMLElement {
  const place = document.createElement("div");
  place.className = "matinee-menus";
  const bar = player.getChild("ControlBar")?.el();
  bar?.insertBefore(place, bar.querySelector(".vjs-picture-in-picture-control"));
  return place;
}

function obey(player: VideoJs, event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if (!isForPlayer(event, { tagName: target.tagName, role: target.getAttribute("role") })) return;
  const deed = deedOf(event.key, {
    paused: () => player.paused(),
    currentTime: () => player.currentTime() ?? 0,
    duration: () => player.duration() ?? Number.NaN,
    volume: () => player.volume() ?? 1,
    muted: () => player.muted() ?? false,
    playbackRate: () => player.playbackRate() ?? 1,
  });
  if (!deed) return;
  event.preventDefault();
  if (deed.kind === "play") player.play()?.catch(() => undefined);
  else if (deed.kind === "pause") player.pause();
  else if (deed.kind === "seek") player.currentTime(deed.to);
  else if (deed.kind === "volume") player.volume(deed.to);
  else if (deed.kind === "mute") player.muted(deed.to);
  else if (deed.kind === "rate") player.playbackRate(deed.to);
  else if (player.isFullscreen()) void player.exitFullscreen();
  else void player.requestFullscreen();
}

interface HookedTech {
  vhs?: { xhr: { onRequest(hook: (request: { uri: string }) => { uri: string }): void } };
}

/** Lets everything the engine fetches bear the newest signature. */
function keepSigned(player: VideoJs, fresh: { current: string }): void {
  player.on("xhr-hooks-ready", () => {
    const tech = player.tech({ IWillNotUseThisInPlugins: true }) as unknown as HookedTech;
    tech.vhs?.xhr.onRequest((request) => {
      request.uri = resign(request.uri, fresh.current, window.location.origin);
      return request;
    });
  });
}

export function Player({ src, fresh, poster, title, nameOf, onFailure }: PlayerProps) {
  const box = useRef<HTMLDivElement>(null);
  const [player, setPlayer] = useState<VideoJs | null>(null);
  const [place, setPlace] = useState<HTMLElement | null>(null);
  const failure = useRef(onFailure);
  failure.current = onFailure;
  const signed = useRef(fresh);
  signed.current = fresh;

  useEffect(() => {
    const element = document.createElement("video-js");
    element.setAttribute("crossorigin", "anonymous");
    box.current?.append(element);
    const made = videojs(element, OPTIONS);
    made.on("error", () => failure.current());
    keepSigned(made, signed);
    setPlace(menuPlace(made));
    setPlayer(made);
    const onKey = (event: KeyboardEvent) => obey(made, event);
    document.addEventListener("keydown", onKey);
    return () => {
      document.removeEventListener("keydown", onKey);
      setPlayer(null);
      setPlace(null);
      made.dispose();
    };
  }, []);

  useEffect(() => {
    if (player) player.src({ src, type: "application/x-mpegURL" });
  }, [player, src]);

  useEffect(() => {
    if (player && poster) player.poster(poster);
  }, [player, poster]);

  return (
    <section className={css.box} aria-label={`Player: ${title}`} ref={box}>
      {player && <Unmute player={player} />}
      {player &&
        place &&
        createPortal(
          <>
            <SpeedMenu player={player} />
            <QualityMenu player={player} nameOf={nameOf} />
          </>,
          place,
        )}
    </section>
  );
}

/** Shown while a film that had to start silently still is silent. */
function Unmute({ player }: { player: VideoJs }) {
  const [silent, setSilent] = useState(false);
  useEffect(() => {
    let silenced = false;
    const look = () => {
      // Video.js mutes by itself only when the browser refused to start with sound.
      if (!player.muted()) silenced = false;
      setSilent(silenced && !player.paused());
    };
    const begin = () => {
      silenced = (player.muted() ?? false) && !player.userActive();
      look();
    };
    player.one("playing", begin);
    player.on(["volumechange", "pause", "play"], look);
    return () => {
      player.off("playing", begin);
      player.off(["volumechange", "pause", "play"], look);
    };
  }, [player]);
  if (!silent) return null;
  return (
    <div className={css.unmute}>
      <Button small onClick={() => player.muted(false)}>
        Turn the sound on
      </Button>
    </div>
  );
}
