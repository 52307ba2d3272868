/** One resumable upload by tus 1.0. Loaded only when the first file is chosen. */
import { type DetailedError, type HttpRequest, type HttpResponse, Upload } from "tus-js-client";
import { connection } from "../api/connection";
import { session } from "../session/session";
import type { Transfer, TransferRequest } from "./store";

const ENDPOINT = "/api/v1/uploads";
const RETRY_DELAYS_MS = [300, 1000, 2500];

function statusOf(error: Error | DetailedError): number {
  return ("originalResponse" in error && error.originalResponse?.getStatus()) || 0;
}

/** Answers that may be different next time: silence, lock, conflict of offsets, overload. */
function isTransient(status: number): boolean {
  return status === 0 || status === 409 || status === 423 || status === 429 || status >= 500;
}

function sentenceOf(error: Error | DetailedError): string {
  const body = "originalResponse" in error ? error.originalResponse?.getBody() : undefined;
  try {
    const problem = JSON.parse(body ?? "") as { detail?: string; title?: string };
    if (problem.detail || problem.title) return problem.detail || problem.title || "";
  } catch {
    // Not a problem document; the status has to do.
  }
  const status = statusOf(error);
  if (status === 413) return "This film is larger than this server takes.";
  if (status === 401 || status === 403) return "You may not upload here. Please sign in again.";
  return "The server refused this film.";
}

async function authorize(request: HttpRequest): Promise<void> {
  const token = await session.token();
  if (token) request.setHeader("Authorization", `Bearer ${token}`);
}

export function openTransfer({ file, details, uploadUrl, events }: TransferRequest): Transfer {
  let refusedToken: string | null = null;
  const upload = new Upload(file, {
    endpoint: ENDPOINT,
    uploadUrl,
    retryDelays: RETRY_DELAYS_MS,
    storeFingerprintForResuming: false,
    metadata: {
      filename: file.name,
      filetype: file.type || "application/octet-stream",
      title: details.title,
      description: details.description,
      visibility: details.visibility,
    },
    onBeforeRequest: authorize,
    async onAfterResponse(request: HttpRequest, response: HttpResponse) {
      connection.answered();
      const videoId = response.getHeader("Matinee-Video-Id");
      if (videoId) events.onVideo(videoId);
      const sent = request.getHeader("Authorization")?.slice("Bearer ".length);
      if (response.getStatus() !== 401 || !sent || sent === refusedToken) return;
      refusedToken = sent;
      await session.renew(sent).catch(() => null);
    },
    onUploadUrlAvailable() {
      if (upload.url) events.onUrl(upload.url);
    },
    onProgress: (sent) => events.onProgress(sent),
    onSuccess: () => events.onSent(),
    onShouldRetry(error) {
      const status = statusOf(error);
      if (status === 0) connection.failed();
      return isTransient(status) || (status === 401 && refusedToken !== null);
    },
    onError(error) {
      if (isTransient(statusOf(error))) events.onInterrupted();
      else events.onRefused(sentenceOf(error));
    },
  });
  return {
    start: () => upload.start(),
    stop: () => upload.abort(),
    terminate: () => upload.abort(true),
  };
}
