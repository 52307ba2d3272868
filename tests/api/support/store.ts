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

/** Runs a statement beside the server, on whichever engine it uses; answers one line a row. */
export function rows(sql: string): string[] {
  const url = process.env.DATABASE_URL;
  const run = url
    ? spawnSync("psql", ["-XqAt", "-d", url, "-c", sql], { encoding: "utf8" })
    : spawnSync("sqlite3", ["-cmd", ".timeout 5000", join(home, "matinee.db"), sql], {
        encoding: "utf8",
      });
  if (run.status !== 0) throw new Error(`${sql}: ${run.stderr}`);
  return run.stdout.split("\n").filter((line) => line !== "");
}
