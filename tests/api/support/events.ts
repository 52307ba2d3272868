/** Reading server-sent events with fetch. */
import { type Person, server } from "./check.ts";

export interface Progress {
  video_id: string;
  status: string;
  playable: boolean;
  stage: string;
  percent: number;
  message: string;
  eta_ms: number | null;
  error: string | null;
  updated_at_ms: number;
}

export interface Heard {
  id: string;
  event: string;
  data: Progress;
}

/** Listens until `enough` says so or the time is over; returns what was heard, in order. */
export async function listen(
  path: string,
  as: Person | undefined,
  enough: (heard: Heard[]) => boolean,
  limitMs = 60_000,
): Promise<Heard[]> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), limitMs);
  const heard: Heard[] = [];
  try {
    const answer = await fetch(server + path, {
      headers: as ? { Authorization: `Bearer ${as.token}` } : {},
      signal: stop.signal,
    });
    if (answer.status !== 200 || !answer.body) throw new Error(`${path}: ${answer.status}`);
    const type = answer.headers.get("Content-Type") ?? "";
    if (!type.startsWith("text/event-stream")) throw new Error(`${path} is ${type}`);
    for await (const block of blocks(answer.body as unknown as AsyncIterable<Uint8Array>)) {
      const one = parse(block);
      if (one) heard.push(one);
      if (enough(heard)) break;
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
  return heard;
}

/** Events are blocks of lines that end with an empty one. */
async function* blocks(parts: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const part of parts) {
    rest += decoder.decode(part, { stream: true });
    for (let at = rest.indexOf("\n\n"); at >= 0; at = rest.indexOf("\n\n")) {
      yield rest.slice(0, at);
      rest = rest.slice(at + 2);
    }
  }
}

function parse(block: string): Heard | null {
  const fields: Record<string, string> = {};
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) fields[line.slice(0, colon)] = line.slice(colon + 1).replace(/^ /, "");
  }
  if (!fields.data) return null;
  return {
    id: fields.id ?? "",
    event: fields.event ?? "",
    data: JSON.parse(fields.data) as Progress,
  };
}
