// Made from the server's OpenAPI document by tools/generate-client.ts; do not edit.

/** A sign of life. */
export interface Health {
  /** The process answers. */
  status: "ok";
}

/** One part of the installation. */
export interface HealthCheck {
  /** Whether the part could be used just now. */
  status: "ok" | "failed";
  /** How long that took. */
  latency_ms: number;
  /** Why not, in one sentence. */
  error?: string;
}

/** Every part this server needs. */
export interface HealthChecks {
  /** Read and written. */
  database: HealthCheck;
  /** Written and read back. */
  cache: HealthCheck;
  /** Jobs were counted. */
  queue: HealthCheck;
  /** Written, read and deleted. */
  storage: HealthCheck;
}

/** A job in the queue. */
export interface Job {
  /** The job's id. */
  id: string;
  /** Which video. */
  video_id: string;
  /** ready: it waits for a worker. */
  state: string;
}

/** A video to process again. */
export interface JobNew {
  /** Which video. */
  video_id: string;
}

/** A public key that access tokens are signed with. */
export interface Jwk {
  /** Key type: "RSA". */
  kty: string;
  /** "sig". */
  use: string;
  /** "RS256". */
  alg: string;
  /** The key's id, as tokens name it. */
  kid: string;
  /** Modulus, base64url. */
  n: string;
  /** Exponent, base64url. */
  e: string;
}

/** The keys that access tokens may be signed with. */
export interface Jwks {
  /** The signing one first. */
  keys: Jwk[];
}

/** Who wants to sign in. */
export interface Login {
  email: string;
  password: string;
  /** Answer the refresh token in the body too, for clients without cookies. */
  want_refresh_token?: boolean;
}

/** Which sign-in is to end. */
export interface Logout {
  /** Instead of the cookie. */
  refresh_token?: string | null;
}

/** Who uploaded a video. */
export interface Owner {
  /** The account's id. */
  id: string;
  /** The name shown. */
  display_name: string;
}

/** Where to play a video. */
export interface Playback {
  /** Multivariant HLS playlist, relative to the origin; signed when private. */
  hls: string | null;
  /** When the signature lapses. */
  expires_at_ms: number | null;
}

/** Why a request failed (RFC 9457). */
export interface Problem {
  /** "about:blank": the status code says what kind of problem it is. */
  type: string;
  /** The status code's phrase. */
  title: string;
  /** The HTTP status code. */
  status: number;
  /** One sentence that says what to do. */
  detail: string;
  /** The kind of failure, for programs. */
  code: "invalid" | "denied" | "not_found" | "conflict" | "quota" | "gone" | "busy" | "timeout" | "no_memory" | "io" | "bug";
  /** The input member at fault. */
  field?: string;
  /** Names this request in the logs. */
  request_id: string;
}

/** Whether the server can do its work. */
export interface Readiness {
  /** ok when every check is. */
  status: "ok" | "failed";
  /** Part by part. */
  checks: HealthChecks;
  /** Since the server's start. */
  uptime_seconds: number;
  /** Of the program. */
  version: string;
}

/** Asks for new tokens. */
export interface Refresh {
  /** Instead of the cookie. */
  refresh_token?: string | null;
  /** Answer the new refresh token in the body too; always so when one came there. */
  want_refresh_token?: boolean;
}

/** A new account. */
export interface Registration {
  email: string;
  password: string;
  /** Shown beside what the user publishes. */
  display_name: string;
  /** Answer the refresh token in the body too, for clients without cookies. */
  want_refresh_token?: boolean;
}

/** One playable version. */
export interface Rendition {
  /** Such as 720p, or audio. */
  name: string;
  /** Whether it shows a picture. */
  kind: "video" | "audio";
  /** Pixels; 0 for audio. */
  width: number;
  /** Pixels; 0 for audio. */
  height: number;
  /** Frames a second; 0 for audio. */
  frame_rate: number;
  /** Peak bit rate. */
  bandwidth_bps: number;
  /** Average bit rate. */
  average_bandwidth_bps: number;
  /** As RFC 6381 spells it. */
  codecs: string;
  /** Size of its file. */
  size_bytes: number;
}

/** What signing in gives. */
export interface Session {
  /** For `Authorization: Bearer`. */
  access_token: string;
  /** "Bearer". */
  token_type: string;
  /** Seconds until the access token ends. */
  expires_in: number;
  user: User;
  /** Only when asked for; browsers have it in a cookie. */
  refresh_token?: string;
}

/** Somebody with an account. */
export interface User {
  id: string;
  /** In lower case; shown to the user alone. */
  email: string;
  display_name: string;
  role: "viewer" | "creator" | "moderator" | "admin";
  /** Milliseconds since 1970 UTC. */
  created_at_ms: number;
}

/** A film. */
export interface Video {
  /** 11 URL-safe characters. */
  id: string;
  /** Shown to viewers. */
  title: string;
  /** Shown below the film. */
  description: string;
  /** Who may watch: all, all who have the address, or the owner. */
  visibility: "public" | "unlisted" | "private";
  /** How far it is. */
  status: "uploading" | "processing" | "ready" | "failed";
  /** Whether it can be watched now. */
  playable: boolean;
  /** Why it failed, for people. */
  error: string | null;
  /** Length. */
  duration_ms: number | null;
  /** Of the largest rendition. */
  width: number | null;
  /** Of the largest rendition. */
  height: number | null;
  /** Of the file as uploaded. */
  size_bytes: number;
  /** When the upload began. */
  created_at_ms: number;
  /** When it first became playable. */
  published_at_ms: number | null;
  /** Who uploaded it. */
  owner: Owner;
  /** A still, relative to the origin; signed when private. */
  thumbnail: string | null;
  /** How far it is; null when there's nothing left to do. */
  progress: VideoProgress | null;
  /** The largest picture first, audio last. */
  renditions: Rendition[];
  /** Where to play it. */
  playback: Playback;
}

/** What to change; the rest stays. */
export interface VideoChange {
  /** Shown to viewers. */
  title?: string | null;
  /** Shown below the film. */
  description?: string | null;
  /** Who may watch. */
  visibility?: "public" | "unlisted" | "private" | null;
}

/** A new film with what is said of it. */
export interface VideoNew {
  /** Shown to viewers; left out: made from the file's name. */
  title?: string;
  /** Shown below the film. */
  description?: string;
  /** Who may watch; left out: public. */
  visibility?: "public" | "unlisted" | "private";
  /** The file; the last part of the form. */
  file: Blob;
}

/** A page of videos. */
export interface VideoPage {
  /** Newest first. */
  items: Video[];
  /** Leads to the next page; null on the last. */
  next_cursor: string | null;
}

/** How far a video is. */
export interface VideoProgress {
  /** What is being done. */
  stage: "uploading" | "queued" | "probing" | "encoding" | "storing" | "ready" | "failed";
  /** How much of it. */
  percent: number;
}

/** What every operation takes and answers, by `METHOD path`. */
export interface Operations {
  /** The public keys that access tokens are signed with (RFC 7517). */
  "GET /.well-known/jwks.json": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    reply: Jwks;
  };
  /** Signs in; the refresh token comes as a cookie. */
  "POST /api/auth/login": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Login;
    reply: Session;
  };
  /** Ends the sign-in, its access tokens included. */
  "POST /api/auth/logout": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Logout;
    reply: undefined;
  };
  /** Who is signed in. */
  "GET /api/auth/me": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    reply: User;
  };
  /** Exchanges the refresh token for new tokens; using one twice ends the sign-in. */
  "POST /api/auth/refresh": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Refresh;
    reply: Session;
  };
  /** Makes an account and signs in. */
  "POST /api/auth/register": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Registration;
    reply: Session;
  };
  /** This description of the API. */
  "GET /api/openapi.json": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    reply: Blob;
  };
  /** Begins a resumable upload (tus 1.0). */
  "POST /api/v1/uploads": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Blob;
    reply: undefined;
  };
  /** Tells which parts of tus 1.0 are spoken here. */
  "OPTIONS /api/v1/uploads": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    reply: undefined;
  };
  /** Continues an upload at its offset (tus 1.0). */
  "PATCH /api/v1/uploads/{id}": {
    path: {
      /** The video's id. */
      id: string;
    };
    query: Record<string, never>;
    body: Blob;
    reply: undefined;
  };
  /** Gives up an upload (tus 1.0). */
  "DELETE /api/v1/uploads/{id}": {
    path: {
      /** The video's id. */
      id: string;
    };
    query: Record<string, never>;
    body: undefined;
    reply: undefined;
  };
  /** Tells how much of an upload has arrived (tus 1.0). */
  "HEAD /api/v1/uploads/{id}": {
    path: {
      /** The video's id. */
      id: string;
    };
    query: Record<string, never>;
    body: undefined;
    reply: undefined;
  };
  /** Tells which parts of tus 1.0 are spoken here. */
  "OPTIONS /api/v1/uploads/{id}": {
    path: {
      /** The video's id. */
      id: string;
    };
    query: Record<string, never>;
    body: undefined;
    reply: undefined;
  };
  /** Lists videos, newest first: those everybody may watch, or an owner's. */
  "GET /api/v1/videos": {
    path: Record<string, never>;
    query: {
      /** Videos a page; else 24. */
      limit?: number;
      /** next_cursor of the page before. */
      cursor?: string;
      /** me, or a user's id. */
      owner?: string;
    };
    body: undefined;
    reply: VideoPage;
  };
  /** Uploads a film in one request. */
  "POST /api/v1/videos": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: VideoNew;
    reply: Video;
  };
  /** One video, with its renditions and where to play it. */
  "GET /api/v1/videos/{id}": {
    path: {
      /** The video's id. */
      id: string;
    };
    query: Record<string, never>;
    body: undefined;
    reply: Video;
  };
  /** Changes title, description or visibility. */
  "PATCH /api/v1/videos/{id}": {
    path: {
      /** The video's id. */
      id: string;
    };
    query: Record<string, never>;
    body: VideoChange;
    reply: Video;
  };
  /** Deletes a video with everything made of it. */
  "DELETE /api/v1/videos/{id}": {
    path: {
      /** The video's id. */
      id: string;
    };
    query: Record<string, never>;
    body: undefined;
    reply: undefined;
  };
  /** Tells that the process answers; touches nothing else. */
  "GET /health": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    reply: Health;
  };
  /** Uses each part once; 503 when one fails. */
  "GET /health/ready": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    reply: Readiness;
  };
  /** Submits a video for processing once more. */
  "POST /jobs": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: JobNew;
    reply: Job;
  };
  /** The HLS playlist of all renditions. */
  "GET /media/{id}/master.m3u8": {
    path: {
      /** The video's id. */
      id: string;
    };
    query: {
      /** Expiry of the signature. */
      exp?: string;
      /** Signature of a private video. */
      sig?: string;
      /** Version; lets caches keep the answer. */
      v?: string;
    };
    body: undefined;
    reply: unknown;
  };
  /** A still of the film. */
  "GET /media/{id}/thumbnail.jpg": {
    path: {
      /** The video's id. */
      id: string;
    };
    query: {
      /** Expiry of the signature. */
      exp?: string;
      /** Signature of a private video. */
      sig?: string;
      /** Version; lets caches keep the answer. */
      v?: string;
    };
    body: undefined;
    reply: unknown;
  };
  /** The HLS playlist of one rendition. */
  "GET /media/{id}/{rendition}/index.m3u8": {
    path: {
      /** The video's id. */
      id: string;
      /** Its name, as 720p. */
      rendition: string;
    };
    query: {
      /** Expiry of the signature. */
      exp?: string;
      /** Signature of a private video. */
      sig?: string;
      /** Version; lets caches keep the answer. */
      v?: string;
    };
    body: undefined;
    reply: unknown;
  };
  /** What a player needs before a rendition's segments. */
  "GET /media/{id}/{rendition}/init.mp4": {
    path: {
      /** The video's id. */
      id: string;
      /** Its name, as 720p. */
      rendition: string;
    };
    query: {
      /** Expiry of the signature. */
      exp?: string;
      /** Signature of a private video. */
      sig?: string;
      /** Version; lets caches keep the answer. */
      v?: string;
    };
    body: undefined;
    reply: unknown;
  };
  /** One segment of a rendition. */
  "GET /media/{id}/{rendition}/{n}.m4s": {
    path: {
      /** The video's id. */
      id: string;
      /** Its name, as 720p. */
      rendition: string;
      /** Number of the segment, from 0. */
      n: number;
    };
    query: {
      /** Expiry of the signature. */
      exp?: string;
      /** Signature of a private video. */
      sig?: string;
      /** Version; lets caches keep the answer. */
      v?: string;
    };
    body: undefined;
    reply: unknown;
  };
  /** Figures for Prometheus, in its text format. */
  "GET /metrics": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    reply: unknown;
  };
  /** Progress of all videos the caller may see, as server-sent events. */
  "GET /progress": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    reply: unknown;
  };
  /** Progress of one video, as server-sent events. */
  "GET /progress/{id}": {
    path: {
      /** The video's id. */
      id: string;
    };
    query: Record<string, never>;
    body: undefined;
    reply: unknown;
  };
}

/** How every operation sends its body. */
export const operations: { readonly [K in keyof Operations]: "json" | "form" | "raw" | "none" } = {
  "GET /.well-known/jwks.json": "none",
  "POST /api/auth/login": "json",
  "POST /api/auth/logout": "json",
  "GET /api/auth/me": "none",
  "POST /api/auth/refresh": "json",
  "POST /api/auth/register": "json",
  "GET /api/openapi.json": "none",
  "POST /api/v1/uploads": "raw",
  "OPTIONS /api/v1/uploads": "none",
  "PATCH /api/v1/uploads/{id}": "raw",
  "DELETE /api/v1/uploads/{id}": "none",
  "HEAD /api/v1/uploads/{id}": "none",
  "OPTIONS /api/v1/uploads/{id}": "none",
  "GET /api/v1/videos": "none",
  "POST /api/v1/videos": "form",
  "GET /api/v1/videos/{id}": "none",
  "PATCH /api/v1/videos/{id}": "json",
  "DELETE /api/v1/videos/{id}": "none",
  "GET /health": "none",
  "GET /health/ready": "none",
  "POST /jobs": "json",
  "GET /media/{id}/master.m3u8": "none",
  "GET /media/{id}/thumbnail.jpg": "none",
  "GET /media/{id}/{rendition}/index.m3u8": "none",
  "GET /media/{id}/{rendition}/init.mp4": "none",
  "GET /media/{id}/{rendition}/{n}.m4s": "none",
  "GET /metrics": "none",
  "GET /progress": "none",
  "GET /progress/{id}": "none",
};
