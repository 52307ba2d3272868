import { describe, expect, it } from "vitest";
import { EventStreamParser, listen, type StreamEvent } from "../src/progress/event-stream";

const WIRE =
  'retry: 2500\n\n: heartbeat\n\nevent: progress\nid: 7\ndata: {"a":1}\n\ndata: one\r\ndata: two\r\n\r\nid: 9\n\ndata\n\n';

function parse(pieces: string[]) {
  const parser = new EventStreamParser();
  return { parser, events: pieces.flatMap((piece) => parser.push(piece)) };
}

describe("EventStreamParser", () => {
  const expected = [
    { event: "progress", data: '{"a":1}', id: "7" },
    { event: "message", data: "one\ntwo", id: "7" },
    { event: "message", data: "", id: "9" },
  ];

  it("reads events, comments and retry", () => {
    const { parser, events } = parse([WIRE]);
    expect(events).toEqual(expected);
    expect(parser.retryMs).toBe(2500);
    expect(parser.lastId).toBe("9");
  });

  it("gives the same however the text is cut", () => {
    for (let size = 1; size < 12; size++) {
      const pieces = [];
      for (let at = 0; at < WIRE.length; at += size) pieces.push(WIRE.slice(at, at + size));
      expect(parse(pieces).events).toEqual(expected);
    }
  });

  it("takes one space after the colon, a mark at the start and lone carriage returns", () => {
    expect(parse(["\uFEFFdata:  x\r\rdata:y\r\r", "\n"]).events.map((e) => e.data)).toEqual([
      " x",
      "y",
    ]);
  });

  it("never gives half an event", () => {
    expect(parse(["event: progress\ndata: {"]).events).toEqual([]);
  });
});

function reply(text: string, status = 200): Response {
  return new Response(text, { status, headers: { "Content-Type": "text/event-stream" } });
}

interface Script {
  replies: (() => Response)[];
  token?: string | null;
}

/** Runs `listen` against prepared replies until they are used up. */
async function play({ replies, token = "t1" }: Script) {
  const stop = new AbortController();
  const heard: StreamEvent[] = [];
  const asked: Record<string, string>[] = [];
  const pauses: number[] = [];
  const renewed: string[] = [];
  await listen({
    url: "/progress",
    signal: stop.signal,
    token: async () => token,
    renew: async (refused) => {
      renewed.push(refused);
      return "t2";
    },
    onEvent: (event) => heard.push(event),
    fetch: (async (_: string, init: RequestInit) => {
      asked.push(init.headers as Record<string, string>);
      const next = replies.shift();
      if (!next) stop.abort();
      return next ? next() : reply("");
    }) as typeof fetch,
    sleep: async (ms) => {
      pauses.push(ms);
      if (replies.length === 0) stop.abort();
    },
  });
  return { heard, asked, pauses, renewed };
}

describe("listen", () => {
  it("connects again after the end and tells what it heard last", async () => {
    const { heard, asked } = await play({
      replies: [() => reply("id: 4\ndata: a\n\ndata: half"), () => reply("data: b\n\n")],
    });
    expect(heard.map((event) => event.data)).toEqual(["a", "b"]);
    expect(asked[0]).not.toHaveProperty("Last-Event-ID");
    expect(asked[1]).toMatchObject({ "Last-Event-ID": "4", Authorization: "Bearer t1" });
  });

  it("slows down while nothing comes, and is quick again once something did", async () => {
    const broken = () => reply("", 503);
    const { pauses } = await play({
      replies: [broken, broken, broken, () => reply("data: x\n\n")],
    });
    expect(pauses).toEqual([1000, 2000, 4000, 500]);
  });

  it("obeys the pause the server asks for", async () => {
    const { pauses } = await play({ replies: [() => reply("retry: 3000\ndata: x\n\n")] });
    expect(pauses).toEqual([3000]);
  });

  it("renews a refused token once", async () => {
    const { renewed, asked, heard } = await play({
      replies: [() => reply("", 401), () => reply("data: x\n\n")],
    });
    expect(renewed).toEqual(["t1"]);
    expect(asked[1]).toMatchObject({ Authorization: "Bearer t2" });
    expect(heard).toHaveLength(1);
  });

  it("gives up where there is nothing to hear", async () => {
    const { asked } = await play({ replies: [() => reply("", 404), () => reply("data: x\n\n")] });
    expect(asked).toHaveLength(1);
  });

  it("takes a silent connection for dead", async () => {
    const stop = new AbortController();
    let opened = 0;
    await listen({
      url: "/progress",
      signal: stop.signal,
      silenceMs: 20,
      token: async () => null,
      renew: async () => null,
      onEvent: () => undefined,
      fetch: (async (_: string, init: RequestInit) => {
        opened++;
        const body = new ReadableStream({
          start(controller) {
            init.signal?.addEventListener("abort", () => controller.error(new Error("cut")));
          },
        });
        return new Response(body);
      }) as typeof fetch,
      sleep: async () => {
        if (opened === 2) stop.abort();
      },
    });
    expect(opened).toBe(2);
  });
});
