import css from "./progress-bar.module.css";

interface ProgressBarProps {
  label: string;
  /** 0 to 100; null while nothing is known but that something happens. */
  percent: number | null;
  tone?: "moving" | "still" | "good" | "bad";
  valueText?: string;
}

export function ProgressBar({ label, percent, tone = "moving", valueText }: ProgressBarProps) {
  const value = percent === null ? undefined : Math.round(percent);
  return (
    <div
      className={css.track}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value}
      aria-valuetext={valueText}
      data-tone={tone}
      data-unknown={percent === null || undefined}
    >
      <div className={css.fill} style={{ transform: `scaleX(${(percent ?? 0) / 100})` }} />
    </div>
  );
}
