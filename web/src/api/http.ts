/** Sends one operation of the generated table. Knows nothing about sessions. */
import { connection } from "./connection";
import { type Operations, operations } from "./generated";
import { problemOf, unreachable } from "./problem";

export type OperationKey = keyof Operations;
export type Reply<K extends OperationKey> = Operations[K]["reply"];

type Given<Name extends string, T> = T extends undefined
  ? object
  : T extends Record<string, never>
    ? object
    : { [key in Name]: T };
type Query<T> = T extends Record<string, never> ? object : { query?: T };

export type Arguments<K extends OperationKey> = Given<"path", Operations[K]["path"]> &
  Query<Operations[K]["query"]> &
  Given<"body", Operations[K]["body"]> & { signal?: AbortSignal; keepalive?: boolean };

interface AnyArguments {
  path?: Record<string, string>;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  signal?: AbortSignal;
  keepalive?: boolean;
}

/** Puts path and query parameters into an operation's path. */
export function urlOf(key: OperationKey, args: AnyArguments): string {
  const path = key
    .slice(key.indexOf(" ") + 1)
    .replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(args.path?.[name] ?? ""));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(args.query ?? {})) {
    if (value !== undefined) query.set(name, String(value));
  }
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}

/** Fetches and keeps the connection notice up to date; throws `unreachable` when nothing answers. */
export async function reach(url: string, init: RequestInit): Promise<Response> {
  try {
    const response = await fetch(url, init);
    if (response.status < 502 || response.status === 503) connection.answered();
    else connection.failed();
    return response;
  } catch (error) {
    if (init.signal?.aborted) throw error;
    connection.failed();
    throw unreachable();
  }
}

export async function send<K extends OperationKey>(
  key: K,
  args: Arguments<K>,
  token: string | null,
): Promise<Reply<K>> {
  const { signal, body, keepalive, ...rest } = args as AnyArguments;
  const headers: Record<string, string> = { Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (operations[key] === "json") headers["Content-Type"] = "application/json";
  const response = await reach(urlOf(key, rest), {
    method: key.slice(0, key.indexOf(" ")),
    headers,
    body: operations[key] === "json" ? JSON.stringify(body ?? {}) : (body as BodyInit | undefined),
    credentials: "same-origin",
    signal,
    keepalive,
  });
  if (!response.ok) throw await problemOf(response);
  const json = /json/.test(response.headers.get("Content-Type") ?? "");
  return (response.status === 204 || !json ? undefined : await response.json()) as Reply<K>;
}
