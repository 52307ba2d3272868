/** Which files are taken, and the title a file suggests. */
const FILM_ENDINGS =
  /\.(mp4|m4v|mov|mkv|webm|avi|ts|mts|m2ts|mpg|mpeg|ogv|ogg|wmv|flv|3gp|3g2|mxf|asf|vob)$/i;

export const FILM_ACCEPT = "video/*,.mkv,.mov,.webm,.avi,.ts,.mts,.m2ts,.mxf,.flv,.ogv";

export interface FileLike {
  name: string;
  size: number;
  type: string;
}

/** Why a file cannot be a film, as a sentence; null when the server shall decide. */
export function refusal(file: FileLike): string | null {
  if (file.size === 0) return `“${file.name}” is empty, so there is nothing to upload.`;
  const mayBe =
    file.type === "" ||
    file.type.startsWith("video/") ||
    file.type === "application/octet-stream" ||
    FILM_ENDINGS.test(file.name);
  return mayBe ? null : `“${file.name}” does not look like a film.`;
}

const TITLE_LENGTH = 200;

/** `my_summer-film.final.mp4` becomes `my summer film final`. */
export function titleOf(filename: string): string {
  const bare = filename.replace(/\.[A-Za-z0-9]{1,5}$/, "");
  const words = bare
    .replace(/[_.]+/g, " ")
    .replace(/(\p{L})-(?=\p{L})/gu, "$1 ")
    .replace(/\s+/g, " ")
    .trim();
  return (words || filename).slice(0, TITLE_LENGTH);
}
