/** tus 1.0 as bare requests, so that tests can also do it wrong. */
import { request } from "node:http";

import { type Person, server } from "./check.ts";

export interface TusAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Sends one request. `stall`: announces all of the body but breaks off after so many bytes. */
export function tus(
  method: string,
  path: string,
  options: {
    as?: Person;
    headers?: Record<string, string>;
    body?: Uint8Array;
    breakAfter?: number;
    plain?: boolean;
  } = {},
): Promise<TusAnswer> {
  const headers: Record<string, string> = options.plain ? {} : { "Tus-Resumable": "1.0.0" };
  if (options.as) headers.Authorization = `Bearer ${options.as.token}`;
  if (options.body) headers["Content-Length"] = String(options.body.length);
  Object.assign(headers, options.headers);
  return new Promise((resolve, reject) => {
    const sent = request(server + path, { method, headers, agent: false }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          body: Buffer.concat(parts).toString("utf8"),
        }),
      );
      answer.on("error", reject);
    });
    sent.on("error", (error) => {
      if (options.breakAfter === undefined) reject(error);
      else resolve({ status: 0, headers: {}, body: "" });
    });
    if (options.body && options.breakAfter !== undefined) {
      sent.write(options.body.subarray(0, options.breakAfter), () =>
        setTimeout(() => sent.destroy(), 300),
      );
    } else {
      sent.end(options.body);
    }
  });
}

export function metadata(pairs: Record<string, string>): string {
  return Object.entries(pairs)
    .map(([key, value]) => `${key} ${Buffer.from(value).toString("base64")}`)
    .join(",");
}

/** Begins an upload and tells where it lies. */
export async function begin(
  as: Person,
  length: number,
  pairs: Record<string, string> = { filename: "film.mp4" },
): Promise<{ path: string; id: string; answer: TusAnswer }> {
  const answer = await tus("POST", "/api/v1/uploads", {
    as,
    headers: { "Upload-Length": String(length), "Upload-Metadata": metadata(pairs) },
  });
  return {
    path: String(answer.headers.location ?? ""),
    id: String(answer.headers["matinee-video-id"] ?? ""),
    answer,
  };
}

export function patch(
  as: Person,
  path: string,
  offset: number,
  body: Uint8Array,
  more: { headers?: Record<string, string>; breakAfter?: number } = {},
): Promise<TusAnswer> {
  return tus("PATCH", path, {
    as,
    body,
    breakAfter: more.breakAfter,
    headers: {
      "Content-Type": "application/offset+octet-stream",
      "Upload-Offset": String(offset),
      ...more.headers,
    },
  });
}

/** The offset that the server tells. */
export async function offset(as: Person, path: string): Promise<number> {
  const answer = await tus("HEAD", path, { as });
  if (answer.status !== 200) throw new Error(`HEAD answered ${answer.status}`);
  return Number(answer.headers["upload-offset"]);
}
