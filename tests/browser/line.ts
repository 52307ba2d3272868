/**
 * A line between browser and server that can be slow and can break: a TCP relay which holds back
 * what the browser sends and, when cut, resets every connection and takes no new one.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Line {
  url: string;
  /** Bytes a second from the browser to the server, over all connections; Infinity is no limit. */
  rate: number;
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

const PIECE_BYTES = 16_384;

/** Resolves when a socket takes more, or never will. */
function room(socket: Socket): Promise<void> {
  return new Promise((done) => {
    const go = () => {
      socket.off("drain", go);
      socket.off("close", go);
      done();
    };
    socket.on("drain", go);
    socket.on("close", go);
  });
}

/** Passes what one side sends on to the other, no faster than the line allows. */
function relay(from: Socket, to: Socket, pause: (bytes: number) => Promise<void>): void {
  from.on("data", async (data: Buffer) => {
    from.pause();
    for (let at = 0; at < data.length; at += PIECE_BYTES) {
      const piece = data.subarray(at, at + PIECE_BYTES);
      await pause(piece.length);
      if (to.destroyed) return;
      if (!to.write(piece)) await room(to);
    }
    from.resume();
  });
  from.on("end", () => to.end());
  from.on("error", () => to.destroy());
  from.on("close", () => to.destroy());
}

export async function openLine(target: string): Promise<Line> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let broken = false;
  let free = 0;

  /** Waits for a turn on the line, which all connections share. */
  const pause = async (bytes: number) => {
    if (line.rate === Number.POSITIVE_INFINITY) return;
    const now = Date.now();
    free = Math.max(now, free) + (bytes * 1000) / line.rate;
    await new Promise((done) => setTimeout(done, free - now));
  };

  const server = createServer((client) => {
    if (broken) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
    relay(client, upstream, pause);
    relay(upstream, client, async () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const line: Line = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    rate: Number.POSITIVE_INFINITY,
    cut() {
      broken = true;
      for (const socket of sockets) socket.resetAndDestroy();
    },
    mend() {
      broken = false;
    },
    async close() {
      line.cut();
      server.close();
      await once(server, "close");
    },
  };
  return line;
}
