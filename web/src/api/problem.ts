/** What a failed request is told as: one error class for refusals and for silence. */
import type { Problem } from "./generated";

export type ProblemCode = Problem["code"] | "unreachable" | "unauthenticated";

export class ApiError extends Error {
  /** HTTP status, or 0 when no answer came at all. */
  readonly status: number;
  readonly code: ProblemCode;
  /** The member of the request that is wrong, where the server names one. */
  readonly field: string | undefined;
  readonly requestId: string | undefined;
  /** How long the server asks us to wait before the next try. */
  readonly retryAfterMs: number | undefined;

  constructor(status: number, code: ProblemCode, message: string, more: Partial<ApiError> = {}) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.field = more.field;
    this.requestId = more.requestId;
    this.retryAfterMs = more.retryAfterMs;
  }

  /** True when the same request may succeed later without any change. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }
}

const FALLBACKS: Record<number, [ProblemCode, string]> = {
  400: ["invalid", "Something in the request is not right."],
  401: ["unauthenticated", "Please sign in."],
  403: ["denied", "You are not allowed to do this."],
  404: ["not_found", "This does not exist, or you may not see it."],
  409: ["conflict", "Something else changed this in the meantime. Please try again."],
  410: ["gone", "This is no longer here."],
  413: ["quota", "This is too large."],
  422: ["invalid", "Something in the form is not right."],
  429: ["busy", "That was too many tries in a short time. Please wait a moment."],
  503: ["busy", "The server is busy. Please try again in a moment."],
};

const UNREACHABLE = "Matinee can't be reached. Check the connection; we keep trying.";

export function unreachable(): ApiError {
  return new ApiError(0, "unreachable", UNREACHABLE);
}

/** Seconds or a date, as RFC 9110 has it, in milliseconds from now. */
export function parseRetryAfter(value: string | null, now = Date.now()): number | undefined {
  if (!value) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function fallback(status: number): [ProblemCode, string] {
  return (
    FALLBACKS[status] ?? [
      status >= 500 ? "bug" : "invalid",
      status >= 500
        ? "The server could not do this. Please try again."
        : "The request was refused.",
    ]
  );
}

/** Reads the problem document of a refused request; survives a reply that is none. */
export async function problemOf(response: Response): Promise<ApiError> {
  const [code, sentence] = fallback(response.status);
  const retryAfterMs = parseRetryAfter(response.headers.get("Retry-After"));
  const type = response.headers.get("Content-Type") ?? "";
  if (!/json/.test(type)) return new ApiError(response.status, code, sentence, { retryAfterMs });
  try {
    const problem = (await response.json()) as Partial<Problem>;
    const message = problem.detail || problem.title || sentence;
    const chosen = response.status === 401 ? "unauthenticated" : (problem.code ?? code);
    return new ApiError(response.status, chosen, message, {
      field: problem.field,
      requestId: problem.request_id,
      retryAfterMs,
    });
  } catch {
    return new ApiError(response.status, code, sentence, { retryAfterMs });
  }
}

/** A sentence for people about anything that was thrown. */
export function sentenceOf(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return "Something went wrong on this page. Please try again.";
}
