/** Who may play what: every kind of caller against every visibility and every address. */
import {
  admin,
  ask,
  assert,
  check,
  end,
  server,
  settled,
  someone,
  upload,
  video,
} from "../support/check.ts";
import { film } from "../support/films.ts";

const ann = await someone("Ann");
const ben = await someone("Ben");
const root = await admin();

async function ready(visibility: string): Promise<string> {
  const sent = await upload(ann, film("web.webm"), { title: visibility, visibility }, "web.webm");
  assert.equal(sent.status, 201, JSON.stringify(sent.body));
  const made = await settled(ann, sent.body.id);
  assert.equal(made.status, "ready", made.error ?? "");
  return made.id;
}

const ids = {
  public: await ready("public"),
  unlisted: await ready("unlisted"),
  private: await ready("private"),
};
const callers = { nobody: undefined, owner: ann, other: ben, moderator: root } as const;

async function firstRendition(id: string): Promise<string> {
  const [first] = (await video(ann, id)).renditions;
  assert.ok(first);
  return first.name;
}

await check("every caller against every visibility and address", async () => {
  for (const [visibility, id] of Object.entries(ids)) {
    const name = await firstRendition(id);
    const addresses = [
      `/api/v1/videos/${id}`,
      `/media/${id}/master.m3u8`,
      `/media/${id}/thumbnail.jpg`,
      `/media/${id}/${name}/index.m3u8`,
      `/media/${id}/${name}/init.mp4`,
      `/media/${id}/${name}/0.m4s`,
    ];
    for (const [caller, as] of Object.entries(callers)) {
      const allowed = visibility !== "private" || caller === "owner" || caller === "moderator";
      for (const address of addresses) {
        const answer = await ask("GET", address, { as });
        assert.equal(answer.status, allowed ? 200 : 404, `${caller} ${visibility} ${address}`);
      }
    }
  }
});

await check("lists show what their reader may see", async () => {
  const page = async (path: string, as?: typeof ann): Promise<string[]> => {
    const answer = await ask<{ items: { id: string }[] }>("GET", path, { as });
    assert.equal(answer.status, 200);
    return answer.body.items.map((one) => one.id);
  };
  const everybody = await page("/api/v1/videos?limit=100");
  assert.ok(everybody.includes(ids.public));
  assert.ok(!everybody.includes(ids.unlisted) && !everybody.includes(ids.private));
  const mine = await page("/api/v1/videos?owner=me", ann);
  for (const id of Object.values(ids)) assert.ok(mine.includes(id));
  const hers = await page(`/api/v1/videos?owner=${ann.id}`, ben);
  assert.deepEqual(hers, [ids.public]);
  const moderated = await page(`/api/v1/videos?owner=${ann.id}`, root);
  assert.equal(moderated.length, 3);
  assert.equal((await ask("GET", "/api/v1/videos?owner=me")).status, 401);
});

await check("a private video's signed address opens it for a while, and all below it", async () => {
  const own = await video(ann, ids.private);
  assert.ok(own.playback.hls?.includes("?exp=") && own.playback.hls.includes("&sig="));
  assert.ok((own.playback.expires_at_ms ?? 0) > Date.now());
  const hls = own.playback.hls ?? "";
  const master = await ask<string>("GET", hls);
  assert.equal(master.status, 200);
  assert.match(master.headers.get("cache-control") ?? "", /private|no-store/);
  const uris = master.body.split("\n").filter((line) => line && !line.startsWith("#"));
  const quoted = [...master.body.matchAll(/URI="([^"]+)"/g)].map((match) => match[1] ?? "");
  assert.ok(uris.length > 0);
  for (const uri of [...uris, ...quoted]) {
    assert.match(uri, /\?exp=\d+&sig=[\w-]+/);
    const url = new URL(uri, `${server}${hls}`);
    const list = await ask<string>("GET", url.pathname + url.search);
    assert.equal(list.status, 200);
    const parts = [
      ...list.body.split("\n").filter((line) => line && !line.startsWith("#")),
      ...[...list.body.matchAll(/URI="([^"]+)"/g)].map((match) => match[1] ?? ""),
    ];
    for (const part of parts) {
      const address = new URL(part, url);
      assert.equal((await fetch(address)).status, 200, part);
      address.search = "";
      assert.equal((await fetch(address)).status, 404, `${part} without its signature`);
    }
  }
  assert.ok(own.thumbnail);
  assert.equal((await fetch(server + own.thumbnail)).status, 200);
});

await check("a token opens the playlist, whose addresses are signed then", async () => {
  const master = await ask<string>("GET", `/media/${ids.private}/master.m3u8`, { as: ann });
  const uri = master.body.split("\n").find((line) => line && !line.startsWith("#"));
  assert.ok(uri?.includes("sig="));
  const list = await ask("GET", `/media/${ids.private}/${uri}`);
  assert.equal(list.status, 200);
});

await check("a signature is good for its video and time only", async () => {
  const own = await video(ann, ids.private);
  const other = await ready("private");
  const url = new URL(server + own.playback.hls);
  const tries: [string, (search: URLSearchParams) => void][] = [
    ["another time", (search) => search.set("exp", String(Number(search.get("exp")) + 1))],
    ["another signature", (search) => search.set("sig", `A${search.get("sig")?.slice(1)}`)],
    ["no signature", (search) => search.delete("sig")],
    ["no time", (search) => search.delete("exp")],
    ["an empty signature", (search) => search.set("sig", "")],
    ["a longer one", (search) => search.set("sig", `${search.get("sig")}A`)],
    ["nonsense", (search) => search.set("exp", "never")],
  ];
  for (const [what, change] of tries) {
    const changed = new URL(url);
    change(changed.searchParams);
    if (changed.search === url.search) continue;
    assert.equal((await fetch(changed)).status, 403, what);
  }
  const moved = new URL(url);
  moved.pathname = moved.pathname.replace(ids.private, other);
  assert.equal((await fetch(moved)).status, 403);
});

await check("making a video private shuts it at once, and public opens it", async () => {
  const id = await ready("public");
  const name = await firstRendition(id);
  const segment = `/media/${id}/${name}/0.m4s`;
  assert.equal((await ask("GET", segment)).status, 200);
  const shut = await ask("PATCH", `/api/v1/videos/${id}`, {
    as: ann,
    json: { visibility: "private" },
  });
  assert.equal(shut.status, 200);
  assert.equal((await ask("GET", segment)).status, 404);
  assert.equal((await ask("GET", `/api/v1/videos/${id}`)).status, 404);
  await ask("PATCH", `/api/v1/videos/${id}`, { as: ann, json: { visibility: "public" } });
  assert.equal((await ask("GET", segment)).status, 200);
});

await check("other sites may play only if they are on the list", async () => {
  const address = `${server}/media/${ids.public}/master.m3u8`;
  const listed = await fetch(address, { headers: { Origin: "https://films.example" } });
  assert.equal(listed.headers.get("access-control-allow-origin"), "https://films.example");
  const stranger = await fetch(address, { headers: { Origin: "https://evil.example" } });
  assert.equal(stranger.headers.get("access-control-allow-origin"), null);
});

end();
