import { type FormEvent, type ReactNode, useState } from "react";
import type { Visibility } from "../api/types";
import { TextArea, TextField, VisibilityField } from "./field";

export interface DetailsValue {
  title: string;
  description: string;
  visibility: Visibility;
}

/** Title, description and visibility of a film; used when uploading and in the studio. */
export function DetailsForm({
  value,
  onChange,
  onSubmit,
  children,
  className,
}: {
  value: DetailsValue;
  onChange(value: DetailsValue): void;
  onSubmit(value: DetailsValue): void;
  children: ReactNode;
  className?: string;
}) {
  const [error, setError] = useState<string | null>(null);
  function submit(event: FormEvent) {
    event.preventDefault();
    const title = value.title.trim();
    setError(title ? null : "Give the film a title.");
    if (title) onSubmit({ ...value, title });
  }
  return (
    <form className={className} noValidate onSubmit={submit}>
      <TextField
        label="Title"
        name="title"
        maxLength={200}
        value={value.title}
        error={error}
        onChange={(event) => onChange({ ...value, title: event.target.value })}
      />
      <TextArea
        label="Description"
        name="description"
        maxLength={5000}
        value={value.description}
        onChange={(event) => onChange({ ...value, description: event.target.value })}
      />
      <VisibilityField
        value={value.visibility}
        onChange={(visibility) => onChange({ ...value, visibility })}
      />
      {children}
    </form>
  );
}
