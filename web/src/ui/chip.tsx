import type { Video, Visibility } from "../api/types";
import css from "./chip.module.css";
import { VISIBILITIES } from "./field";
import { Icon } from "./icon";

export function VisibilityChip({ visibility }: { visibility: Visibility }) {
  const { word, icon } = VISIBILITIES[visibility];
  return (
    <span className={css.chip}>
      <Icon name={icon} size={15} />
      {word}
    </span>
  );
}

const STATUS: Record<Video["status"], { word: string; tone: string }> = {
  uploading: { word: "Uploading", tone: "warm" },
  processing: { word: "Processing", tone: "warm" },
  ready: { word: "Ready", tone: "good" },
  failed: { word: "Failed", tone: "bad" },
};

export function StatusChip({ status }: { status: Video["status"] }) {
  return (
    <span className={css.chip} data-tone={STATUS[status].tone}>
      {STATUS[status].word}
    </span>
  );
}
