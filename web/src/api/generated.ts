// Made from the server's OpenAPI document by tools/generate-client.ts; do not edit.

export interface Job {
  id: string;
  video_id: string;
  state: string;
}

export interface JobNew {
  video_id: string;
}

export interface Login {
  email: string;
  password: string;
  want_refresh_token?: boolean;
}

export interface Logout {
  refresh_token?: string;
}

export interface Owner {
  id: string;
  display_name: string;
}

export interface Playback {
  /** Origin-relative; signed when the video is private. */
  hls: string | null;
  expires_at_ms: number | null;
}

/** RFC 9457 problem details. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  /** One sentence saying what to do. */
  detail?: string;
  code: "invalid" | "denied" | "not_found" | "conflict" | "quota" | "gone" | "busy" | "timeout" | "io" | "bug";
  /** The member that is wrong. */
  field?: string;
  request_id?: string;
}

export interface Progress {
  video_id: string;
  status: "uploading" | "processing" | "ready" | "failed";
  playable: boolean;
  stage: "uploading" | "queued" | "probing" | "encoding" | "storing" | "ready" | "failed";
  percent: number;
  /** A sentence. */
  message: string;
  eta_ms: number | null;
  error: string | null;
  updated_at_ms: number;
}

export interface Refresh {
  refresh_token?: string;
  want_refresh_token?: boolean;
}

export interface Register {
  email: string;
  password: string;
  display_name: string;
}

export interface Rendition {
  /** Such as 720p. */
  name: string;
  kind: "video" | "audio";
  width: number;
  height: number;
  frame_rate: number;
  /** Peak. */
  bandwidth_bps: number;
  average_bandwidth_bps: number;
  codecs: string;
  size_bytes: number;
}

export interface Session {
  access_token: string;
  token_type: "Bearer";
  /** Seconds. */
  expires_in: number;
  user: User;
  /** Only when asked for. */
  refresh_token?: string;
}

export interface User {
  id: string;
  email: string;
  display_name: string;
  role: "viewer" | "creator" | "moderator" | "admin";
  created_at_ms: number;
}

export interface Video {
  /** 11 URL-safe characters. */
  id: string;
  title: string;
  description: string;
  /** Who may watch. */
  visibility: "public" | "unlisted" | "private";
  status: "uploading" | "processing" | "ready" | "failed";
  playable: boolean;
  /** A sentence for people. */
  error: string | null;
  duration_ms: number | null;
  width: number | null;
  height: number | null;
  size_bytes: number;
  created_at_ms: number;
  published_at_ms: number | null;
  owner: Owner;
  thumbnail: string | null;
  progress: VideoProgress | null;
  renditions: Rendition[];
  playback: Playback;
}

export interface VideoChange {
  title?: string;
  description?: string;
  /** Who may watch. */
  visibility?: "public" | "unlisted" | "private";
}

export interface VideoNew {
  file: Blob;
  title?: string;
  description?: string;
  /** Who may watch. */
  visibility?: "public" | "unlisted" | "private";
}

export interface VideoPage {
  items: Video[];
  next_cursor: string | null;
}

export interface VideoProgress {
  stage: "uploading" | "queued" | "probing" | "encoding" | "storing" | "ready" | "failed";
  percent: number;
}

/** What every operation takes and answers, by `METHOD path`. */
export interface Operations {
  /** Signs in. */
  "POST /api/auth/login": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: Login;
    reply: Session;
  };
  /** Signs out. */
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
  /** Rotates the refresh token. */
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
    body: Register;
    reply: Session;
  };
  /** Lists videos, newest first. */
  "GET /api/v1/videos": {
    path: Record<string, never>;
    query: {
      /** 1 to 100; 24 when not given. */
      limit?: number;
      /** From next_cursor. */
      cursor?: string;
      /** me, or the id of a user. */
      owner?: string;
    };
    body: undefined;
    reply: VideoPage;
  };
  /** Uploads a video in one request. */
  "POST /api/v1/videos": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: VideoNew;
    reply: Video;
  };
  /** One video. */
  "GET /api/v1/videos/{id}": {
    path: {
      id: string;
    };
    query: Record<string, never>;
    body: undefined;
    reply: Video;
  };
  /** Changes a video. */
  "PATCH /api/v1/videos/{id}": {
    path: {
      id: string;
    };
    query: Record<string, never>;
    body: VideoChange;
    reply: Video;
  };
  /** Deletes a video. */
  "DELETE /api/v1/videos/{id}": {
    path: {
      id: string;
    };
    query: Record<string, never>;
    body: undefined;
    reply: undefined;
  };
  /** Submits a video for processing. */
  "POST /jobs": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: JobNew;
    reply: Job;
  };
  /** Progress of all videos the caller may see. */
  "GET /progress": {
    path: Record<string, never>;
    query: Record<string, never>;
    body: undefined;
    reply: unknown;
  };
  /** Progress of one video. */
  "GET /progress/{id}": {
    path: {
      id: string;
    };
    query: Record<string, never>;
    body: undefined;
    reply: unknown;
  };
}

/** How every operation sends its body. */
export const operations: { readonly [K in keyof Operations]: "json" | "form" | "raw" | "none" } = {
  "POST /api/auth/login": "json",
  "POST /api/auth/logout": "json",
  "GET /api/auth/me": "none",
  "POST /api/auth/refresh": "json",
  "POST /api/auth/register": "json",
  "GET /api/v1/videos": "none",
  "POST /api/v1/videos": "form",
  "GET /api/v1/videos/{id}": "none",
  "PATCH /api/v1/videos/{id}": "json",
  "DELETE /api/v1/videos/{id}": "none",
  "POST /jobs": "json",
  "GET /progress": "none",
  "GET /progress/{id}": "none",
};
