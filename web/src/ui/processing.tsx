import type { ProgressEvent, Stage, Video } from "../api/types";
import { percent, timeLeft } from "../format/format";
import { progressOf, STAGE_WORDS } from "../progress/reduce";
import { useProgress } from "../progress/use-progress";
import css from "./processing.module.css";
import { ProgressBar } from "./progress-bar";

/** Steps as people see them; several stages of the server may be one step. */
const STEPS: { word: string; stages: Stage[] }[] = [
  { word: "Upload", stages: ["uploading"] },
  { word: "Check", stages: ["queued", "probing"] },
  { word: "Convert", stages: ["encoding", "storing"] },
  { word: "Ready", stages: ["ready"] },
];

/** The live state of a video: the newest event, or what the video itself says. */
export function useVideoProgress(video: Video | undefined): ProgressEvent | null {
  const active = video !== undefined && video.status !== "ready" && video.status !== "failed";
  const event = useProgress(video?.id, active);
  if (!video) return null;
  return event && event.status === video.status ? event : progressOf(video);
}

function detail(progress: ProgressEvent): string {
  const left = progress.eta_ms !== null && progress.eta_ms > 0 ? timeLeft(progress.eta_ms) : "";
  const message = left ? progress.message.replace(/\.$/, "") : progress.message;
  return [message, left].filter(Boolean).join(" · ");
}

/** Stage, percent and time left of a film that is being processed. */
export function Processing({ progress, steps }: { progress: ProgressEvent; steps?: boolean }) {
  const { stage } = progress;
  const current = STEPS.findIndex((step) => step.stages.includes(stage));
  // Only sending and converting are counted from nothing on.
  const waiting = progress.percent === 0 && stage !== "uploading" && stage !== "encoding";
  return (
    <div className={css.processing}>
      {steps && (
        <ol className={css.steps} aria-hidden="true">
          {STEPS.map((step, index) => (
            <li
              key={step.word}
              data-state={index < current ? "done" : index === current ? "now" : "later"}
            >
              {step.word}
            </li>
          ))}
        </ol>
      )}
      <p className={css.line}>
        {/* Only the stage is spoken; every percent would be noise. */}
        <strong role="status">{STAGE_WORDS[stage]}</strong>
        {!waiting && <span className={css.percent}>{percent(progress.percent)}</span>}
      </p>
      <ProgressBar
        label={STAGE_WORDS[stage]}
        percent={waiting ? null : progress.percent}
        valueText={waiting ? undefined : percent(progress.percent)}
      />
      <p className={css.detail}>{detail(progress) || "\u00a0"}</p>
    </div>
  );
}
