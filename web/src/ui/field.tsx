/** Labelled form controls. The error belongs to the control, so that a reader hears both. */
import {
  type InputHTMLAttributes,
  type ReactNode,
  type TextareaHTMLAttributes,
  useId,
} from "react";
import type { Visibility } from "../api/types";
import css from "./field.module.css";
import { Icon, type IconName } from "./icon";

interface Around {
  label: string;
  hint?: string;
  error?: string | null;
}

function useParts({ hint, error }: Around) {
  const id = useId();
  const described = [hint && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(" ");
  return { id, describedBy: described || undefined };
}

function Frame({ label, hint, error, id, children }: Around & { id: string; children: ReactNode }) {
  return (
    <div className={css.field}>
      <label className={css.label} htmlFor={id}>
        {label}
      </label>
      {children}
      {hint && !error && (
        <p className={css.hint} id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {error && (
        <p className={css.error} id={`${id}-error`}>
          <Icon name="alert" size={16} />
          {error}
        </p>
      )}
    </div>
  );
}

export function TextField({
  label,
  hint,
  error,
  ...rest
}: Around & InputHTMLAttributes<HTMLInputElement>) {
  const { id, describedBy } = useParts({ label, hint, error });
  return (
    <Frame label={label} hint={hint} error={error} id={id}>
      <input
        {...rest}
        id={id}
        className={css.input}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy}
      />
    </Frame>
  );
}

export function TextArea({
  label,
  hint,
  error,
  ...rest
}: Around & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const { id, describedBy } = useParts({ label, hint, error });
  return (
    <Frame label={label} hint={hint} error={error} id={id}>
      <textarea
        rows={3}
        {...rest}
        id={id}
        className={css.input}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy}
      />
    </Frame>
  );
}

export const VISIBILITIES: Record<Visibility, { word: string; icon: IconName; hint: string }> = {
  public: { word: "Public", icon: "globe", hint: "Everyone sees it" },
  unlisted: { word: "Unlisted", icon: "link", hint: "Only with the link" },
  private: { word: "Private", icon: "lock", hint: "Only you" },
};

export function VisibilityField({
  value,
  onChange,
}: {
  value: Visibility;
  onChange(value: Visibility): void;
}) {
  const name = useId();
  return (
    <fieldset className={css.choices}>
      <legend className={css.label}>Who may watch</legend>
      {(Object.keys(VISIBILITIES) as Visibility[]).map((key) => (
        <label key={key} className={css.choice}>
          <input
            type="radio"
            name={name}
            value={key}
            checked={value === key}
            onChange={() => onChange(key)}
            aria-describedby={`${name}-${key}`}
          />
          <Icon name={VISIBILITIES[key].icon} />
          <span className={css.choiceWord}>{VISIBILITIES[key].word}</span>
          <span className={css.choiceHint} id={`${name}-${key}`}>
            {VISIBILITIES[key].hint}
          </span>
        </label>
      ))}
    </fieldset>
  );
}
