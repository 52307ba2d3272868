/**
 * Real recordings, where the folder of clips is there (MATINEE_CLIPS, else ../shared/clips beside
 * the project): the long one must play; of the odd ones each must play cleanly or fail with a
 * sentence, and none may stay half-way. Of those the small ones, unless MATINEE_ALL_CLIPS is set.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import {
  ask,
  assert,
  check,
  end,
  type Person,
  server,
  settled,
  someone,
  upload,
  type Video,
} from "../support/check.ts";

const beside = fileURLToPath(new URL("../../../../shared/clips", import.meta.url));
const clips = process.env.MATINEE_CLIPS ?? beside;

/** Every rendition as a player reads it; a warning is a failure. */
function checkPlays(made: Video): void {
  for (const one of made.renditions) {
    const url = `${server}/media/${made.id}/${one.name}/index.m3u8`;
    const run = spawnSync("ffprobe", ["-v", "warning", "-count_packets", url], {
      encoding: "utf8",
      timeout: 60_000,
    });
    assert.equal(run.status, 0, run.stderr);
    assert.equal(run.stderr, "", `${one.name}: ${run.stderr}`);
  }
}

/** Uploads, waits, checks and deletes again, so that the quota holds all of them in turn. */
async function go(as: Person, path: string, name: string): Promise<Video> {
  const bytes = new Uint8Array(readFileSync(path));
  const sent = await upload(as, bytes, { title: name, visibility: "unlisted" }, name);
  assert.equal(sent.status, 201, JSON.stringify(sent.body));
  const made = await settled(as, sent.body.id, 400_000);
  if (made.status === "ready") {
    assert.ok(made.renditions.length > 0);
    checkPlays(made);
  } else {
    assert.match(made.error ?? "", /^[A-Z].{10,}\.$/);
    assert.equal(made.playable, false);
  }
  const gone = await ask("DELETE", `/api/v1/videos/${made.id}`, { as });
  assert.equal(gone.status, 204);
  return made;
}

if (existsSync(clips)) {
  const ann = await someone("Ann");
  for (const name of readdirSync(clips).filter((one) => /\.(mp4|mov|mkv|webm)$/i.test(one))) {
    await check(`${name} plays`, async () => {
      const made = await go(ann, join(clips, name), name);
      assert.equal(made.status, "ready", made.error ?? "");
    });
  }
  const odd = join(clips, "odd");
  const names = existsSync(odd) ? readdirSync(odd) : [];
  const most = process.env.MATINEE_ALL_CLIPS ? 30_000_000 : 400_000;
  for (const name of names.filter((one) => statSync(join(odd, one)).size < most)) {
    await check(`odd: ${name} plays cleanly or fails with a sentence`, async () => {
      const made = await go(ann, join(odd, name), name);
      if (made.status === "failed") process.stdout.write(`# ${made.error}\n`);
    });
  }
}

end();
