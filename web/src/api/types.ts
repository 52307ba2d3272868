/** The application's names for what the operations answer, whatever the document calls them. */
import type { Operations } from "./generated";

export type Session = Operations["POST /api/auth/login"]["reply"];
export type User = Session["user"];
export type VideoPage = Operations["GET /api/v1/videos"]["reply"];
export type Video = Operations["GET /api/v1/videos/{id}"]["reply"];
export type VideoChange = Operations["PATCH /api/v1/videos/{id}"]["body"];
export type Visibility = Video["visibility"];
export type VideoStatus = Video["status"];
export type Stage = NonNullable<Video["progress"]>["stage"];

/** One event of `/progress`. Written here because event streams have no typed reply in OpenAPI. */
export interface ProgressEvent {
  video_id: string;
  status: VideoStatus;
  playable: boolean;
  stage: Stage;
  percent: number;
  message: string;
  eta_ms: number | null;
  error: string | null;
  updated_at_ms: number;
}
