/** What both account forms share: checking, sending, and putting errors where they belong. */
import { type FormEvent, useRef, useState } from "react";
import { ApiError, sentenceOf } from "../api/problem";

export type Errors = Record<string, string>;

function valuesOf(form: HTMLFormElement): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, value] of new FormData(form)) values[name] = String(value);
  return values;
}

export function useAccountForm(
  check: (values: Record<string, string>) => Errors,
  submit: (values: Record<string, string>) => Promise<void>,
) {
  const [errors, setErrors] = useState<Errors>({});
  const [failure, setFailure] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const form = useRef<HTMLFormElement>(null);

  function show(found: Errors): void {
    setErrors(found);
    const name = Object.keys(found)[0];
    const control = name && form.current?.elements.namedItem(name);
    if (control instanceof HTMLElement) control.focus();
  }

  function report(error: unknown, values: Record<string, string>): void {
    const field = error instanceof ApiError ? error.field : undefined;
    if (field && field in values) show({ [field]: sentenceOf(error) });
    else setFailure(sentenceOf(error));
  }

  async function onSubmit(event: FormEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    if (busy) return;
    const values = valuesOf(event.currentTarget);
    setFailure(null);
    const found = check(values);
    show(found);
    if (Object.keys(found).length > 0) return;
    setBusy(true);
    try {
      await submit(values);
    } catch (error) {
      report(error, values);
    } finally {
      setBusy(false);
    }
  }

  return { form, errors, failure, busy, onSubmit };
}

export function checkEmail(email: string | undefined): Errors {
  return /^\S+@\S+$/.test(email?.trim() ?? "")
    ? {}
    : { email: "Enter an e-mail address, such as name@example.org." };
}
