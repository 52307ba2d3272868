/**
 * Server-sent events over fetch, because EventSource can't send an Authorization header. A pure
 * parser (WHATWG HTML, "Interpreting an event stream") and a reader that stays connected.
 */
export interface StreamEvent {
  event: string;
  data: string;
  id: string;
}

export class EventStreamParser {
  /** The last id seen, to be sent as Last-Event-ID when connecting again. */
  lastId = "";
  /** What the server asked us to wait before connecting again, if it did. */
  retryMs: number | undefined;
  private rest = "";
  private event = "";
  private data: string[] = [];
  private started = false;

  /** Takes the next piece of text, cut anywhere, and gives the events it completes. */
  push(piece: string): StreamEvent[] {
    let text = this.rest + piece;
    if (!this.started && text.length > 0) {
      this.started = true;
      if (text.startsWith("\uFEFF")) text = text.slice(1);
    }
    // A CR at the very end may be the first half of CRLF, so it waits for the next piece.
    const held = text.endsWith("\r") ? 1 : 0;
    const lines = text.slice(0, text.length - held).split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? "") + text.slice(text.length - held);
    const events: StreamEvent[] = [];
    for (const line of lines) {
      const event = this.line(line);
      if (event) events.push(event);
    }
    return events;
  }

  private line(line: string): StreamEvent | null {
    if (line === "") return this.dispatch();
    if (line.startsWith(":")) return null;
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.event = value;
    else if (field === "data") this.data.push(value);
    else if (field === "id" && !value.includes("\0")) this.lastId = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
    return null;
  }

  private dispatch(): StreamEvent | null {
    const { event, data } = this;
    this.event = "";
    this.data = [];
    if (data.length === 0) return null;
    return { event: event || "message", data: data.join("\n"), id: this.lastId };
  }
}

export interface StreamParts {
  url: string;
  signal: AbortSignal;
  onEvent(event: StreamEvent): void;
  /** Called when the stream opens and when it breaks. */
  onOpen?(open: boolean): void;
  token(): Promise<string | null>;
  renew(refused: string): Promise<string | null>;
  fetch?: typeof fetch;
  sleep?(ms: number, signal: AbortSignal): Promise<void>;
  /** Nothing heard for this long means the connection is dead (heartbeats come every 15 s). */
  silenceMs?: number;
}

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 20_000;
const SILENCE_MS = 40_000;

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      done();
    });
  });
}

/** Reads one connection until it ends; throws when it breaks or falls silent. */
async function readAll(
  body: ReadableStream<Uint8Array>,
  parser: EventStreamParser,
  parts: StreamParts,
  cut: AbortController,
): Promise<void> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  const silence = parts.silenceMs ?? SILENCE_MS;
  let watchdog = setTimeout(() => cut.abort(), silence);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      clearTimeout(watchdog);
      watchdog = setTimeout(() => cut.abort(), silence);
      for (const event of parser.push(decoder.decode(value, { stream: true }))) {
        parts.onEvent(event);
      }
    }
  } finally {
    clearTimeout(watchdog);
    reader.cancel().catch(() => undefined);
  }
}

type Outcome = "ended" | "refused" | "broken";

async function connect(parser: EventStreamParser, parts: StreamParts): Promise<Outcome> {
  const cut = new AbortController();
  const stop = () => cut.abort();
  parts.signal.addEventListener("abort", stop);
  const open = async (token: string | null) => {
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (token) headers.Authorization = `Bearer ${token}`;
    if (parser.lastId) headers["Last-Event-ID"] = parser.lastId;
    const send = parts.fetch ?? fetch;
    return send(parts.url, { headers, signal: cut.signal, cache: "no-store" });
  };
  try {
    const token = await parts.token();
    let response = await open(token);
    if (response.status === 401 && token) response = await open(await parts.renew(token));
    if (response.status >= 400 && response.status < 500 && response.status !== 429) {
      return "refused";
    }
    if (!response.ok || !response.body) return "broken";
    parts.onOpen?.(true);
    await readAll(response.body, parser, parts, cut);
    return "ended";
  } catch {
    return "broken";
  } finally {
    parts.signal.removeEventListener("abort", stop);
    parts.onOpen?.(false);
  }
}

/** Listens until aborted or refused; connects again after every break, slower each time. */
export async function listen(parts: StreamParts): Promise<void> {
  const parser = new EventStreamParser();
  const sleep = parts.sleep ?? pause;
  let wait = FIRST_PAUSE_MS;
  while (!parts.signal.aborted) {
    let heard = false;
    // A connection that ended may have cut an event in half; only the id is carried over.
    const fresh = new EventStreamParser();
    fresh.lastId = parser.lastId;
    const outcome = await connect(fresh, {
      ...parts,
      onEvent: (event) => {
        heard = true;
        parts.onEvent(event);
      },
    });
    parser.lastId = fresh.lastId;
    if (outcome === "refused" || parts.signal.aborted) return;
    wait = heard ? (fresh.retryMs ?? FIRST_PAUSE_MS) : Math.min(LONGEST_PAUSE_MS, wait * 2);
    await sleep(wait, parts.signal);
  }
}
