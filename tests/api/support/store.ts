/** What lies in the server's home: objects, stages, rows. Only the tests of crashes and deletion look. */
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { home } from "./check.ts";

function walk(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? walk(path) : [path];
  });
}

/** Paths of all files of the object store that have the text in them. */
export function filesOf(id: string): string[] {
  return walk(join(home, "storage")).filter((path) => path.includes(id));
}

/** Answers of the embedded database, one line a row. */
export function rows(sql: string): string[] {
  const run = spawnSync("sqlite3", ["-readonly", join(home, "matinee.db"), sql], {
    encoding: "utf8",
  });
  if (run.status !== 0) throw new Error(`sqlite3: ${run.stderr}`);
  return run.stdout.split("\n").filter((line) => line !== "");
}
