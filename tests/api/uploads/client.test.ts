/** The client that browsers use, tus-js-client, over a connection that breaks. */
import { randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { connect, createServer, type Socket } from "node:net";

import {
  assert,
  check,
  end,
  server,
  settled,
  someone,
  until,
  upload,
  video,
} from "../support/check.ts";
import { film } from "../support/films.ts";
import { filesOf, rows } from "../support/store.ts";

interface Options {
  endpoint: string;
  headers: Record<string, string>;
  metadata: Record<string, string>;
  retryDelays: number[];
  chunkSize?: number;
  uploadUrl?: string;
  uploadDataDuringCreation?: boolean;
  onError: (error: Error) => void;
  onSuccess: () => void;
  onProgress?: (sent: number) => void;
  onAfterResponse?: (request: unknown, response: Response) => void;
}
interface Response {
  getStatus(): number;
  getHeader(name: string): string | undefined;
}
interface Upload {
  url: string | null;
  start(): void;
  abort(terminate?: boolean): Promise<void>;
}
const load = createRequire(new URL("../../../web/package.json", import.meta.url));
const { Upload } = load("tus-js-client") as {
  Upload: new (file: Buffer, options: Options) => Upload;
};

const ann = await someone("Ann");
const small = Buffer.from(film("small.mp4"));

/** A film with a megabyte of padding behind it (an MP4 'free' box), so that there is time to break. */
function padded(megabytes: number): Buffer {
  const size = megabytes * 1024 * 1024;
  const box = Buffer.concat([Buffer.alloc(8), randomBytes(size - 8)]);
  box.writeUInt32BE(size, 0);
  box.write("free", 4);
  return Buffer.concat([small, box]);
}

/** Passes connections on to the server; the first `cuts` of them break after `bytes` sent. */
async function brokenLine(cuts: number, bytes: number): Promise<{ url: string; close(): void }> {
  const target = new URL(server);
  let left = cuts;
  const sockets = new Set<Socket>();
  const line = createServer((near) => {
    const far = connect(Number(target.port), target.hostname);
    let sent = 0;
    const drop = (): void => {
      near.destroy();
      far.destroy();
    };
    sockets.add(near);
    near.on("data", (part) => {
      sent += part.length;
      far.write(part);
      if (left > 0 && sent > bytes) {
        left -= 1;
        drop();
      }
    });
    far.on("data", (part) => near.write(part));
    near.on("error", drop).on("close", drop);
    far.on("error", drop).on("close", drop);
  });
  await new Promise<void>((resolve) => line.listen(0, "127.0.0.1", resolve));
  const address = line.address();
  if (!address || typeof address === "string") throw new Error("no port");
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      line.close();
    },
  };
}

function send(
  file: Buffer,
  more: Partial<Options> & { base?: string; stopAt?: number },
): Promise<{ upload: Upload; id: string; statuses: number[] }> {
  const { base = server, stopAt, ...options } = more;
  const statuses: number[] = [];
  let id = "";
  return new Promise((resolve, reject) => {
    const one = new Upload(file, {
      endpoint: `${base}/api/v1/uploads`,
      headers: { Authorization: `Bearer ${ann.token}` },
      metadata: { filename: "from the client.mp4", filetype: "video/mp4", visibility: "unlisted" },
      retryDelays: [100, 300, 1000, 2000, 3000],
      onError: reject,
      onSuccess: () => resolve({ upload: one, id, statuses }),
      onAfterResponse: (_request, response) => {
        statuses.push(response.getStatus());
        id = response.getHeader("Matinee-Video-Id") ?? id;
      },
      onProgress: (sent) => {
        if (stopAt === undefined || sent < stopAt) return;
        void one.abort().then(() => resolve({ upload: one, id, statuses }));
      },
      ...options,
    });
    one.start();
  });
}

async function arrived(id: string, file: Buffer): Promise<void> {
  const made = await settled(ann, id);
  assert.equal(made.status, "ready", made.error ?? "");
  assert.equal(made.size_bytes, file.length);
  assert.deepEqual(rows(`SELECT count(*) FROM jobs WHERE subject = '${id}'`), ["1"]);
}

await check("a whole film in one go", async () => {
  const { id } = await send(small, {});
  assert.equal((await video(ann, id)).title, "from the client");
  await arrived(id, small);
});

await check("in pieces, the first with the creation", async () => {
  const { id, statuses } = await send(small, {
    chunkSize: Math.ceil(small.length / 5),
    uploadDataDuringCreation: true,
  });
  assert.deepEqual(statuses, [201, 204, 204, 204, 204]);
  await arrived(id, small);
});

await check("over a line that breaks three times", async () => {
  const file = padded(6);
  const line = await brokenLine(3, 1_500_000);
  const { id, statuses } = await send(file, { base: line.url });
  line.close();
  assert.equal(statuses.filter((one) => one === 201).length, 1, "one creation only");
  await arrived(id, file);
});

await check("stopped and gone on with later, from where it was", async () => {
  const file = padded(8);
  const first = await send(file, { stopAt: 2_000_000, chunkSize: 1_000_000 });
  assert.ok(first.upload.url);
  const { statuses } = await send(file, { uploadUrl: first.upload.url, chunkSize: 4_000_000 });
  assert.ok(!statuses.includes(201));
  await arrived(first.id, file);
});

await check("given up by the client leaves nothing", async () => {
  const file = padded(4);
  const first = await send(file, { stopAt: 1_500_000, chunkSize: 500_000 });
  await first.upload.abort(true);
  await until("the bytes to go", async () => filesOf(first.id).length === 0);
  assert.deepEqual(rows(`SELECT id FROM videos WHERE id = '${first.id}'`), []);
});

await check("the same film by form and by client gives the same renditions", async () => {
  const form = await settled(ann, (await upload(ann, small, { title: "form" })).body.id);
  const { id } = await send(small, {});
  const client = await settled(ann, id);
  const shape = (one: typeof form) => one.renditions.map((each) => [each.name, each.codecs]);
  assert.deepEqual(shape(client), shape(form));
});

end();
