/** Progress as server-sent events: the present state at once, then every change, to those who may. */
import {
  admin,
  ask,
  assert,
  check,
  end,
  pause,
  settled,
  someone,
  upload,
} from "../support/check.ts";
import { type Heard, listen } from "../support/events.ts";
import { film } from "../support/films.ts";
import { begin, patch } from "../support/tus.ts";

const ann = await someone("Ann");
const ben = await someone("Ben");
const root = await admin();
const bytes = film("web.webm");
const order = ["uploading", "queued", "probing", "encoding", "storing", "ready"];
const last = (heard: Heard[]) => heard[heard.length - 1]?.data;

function checkOrder(heard: Heard[]): void {
  let stage = 0;
  let at = 0;
  let percent = 0;
  for (const { event, id, data } of heard) {
    assert.equal(event, "progress");
    assert.match(id, /^\d+$/);
    assert.ok(data.updated_at_ms >= at, "times grow");
    const now = order.indexOf(data.stage);
    assert.ok(now >= stage, `${data.stage} after ${order[stage]}`);
    if (now > stage) percent = 0;
    assert.ok(data.percent >= percent && data.percent <= 100, `${data.percent} after ${percent}`);
    assert.ok(data.message.length > 0);
    stage = now;
    at = data.updated_at_ms;
    percent = data.percent;
  }
}

await check("a listener hears every stage in order, from upload to ready", async () => {
  const { id, path } = await begin(ann, bytes.length, {
    filename: "a.webm",
    visibility: "unlisted",
  });
  const heard = listen(`/progress/${id}`, ann, (so_far) => last(so_far)?.status === "ready");
  await pause(300);
  await patch(ann, path, 0, bytes);
  const events = await heard;
  checkOrder(events);
  const stages = new Set(events.map((one) => one.data.stage));
  for (const stage of ["uploading", "probing", "encoding", "ready"])
    assert.ok(stages.has(stage), `${stage} among ${[...stages].join(" ")}`);
  const final = last(events);
  assert.equal(final?.percent, 100);
  assert.equal(final?.playable, true);
  assert.equal(final?.error, null);
  for (const one of events) assert.equal(one.data.video_id, id);
});

await check("a late listener gets the present state at once", async () => {
  const sent = await upload(ann, bytes, { title: "late", visibility: "unlisted" }, "w.webm");
  const made = await settled(ann, sent.body.id);
  const events = await listen(`/progress/${made.id}`, undefined, (heard) => heard.length > 0, 5000);
  assert.equal(events[0]?.data.status, "ready");
});

await check("a failure is told with its sentence", async () => {
  const noise = new Uint8Array(5000).map((_, at) => (at * 31 + (at >> 2)) & 255);
  const sent = await upload(ann, noise, { title: "noise", visibility: "unlisted" });
  const events = await listen(
    `/progress/${sent.body.id}`,
    ann,
    (heard) => last(heard)?.status === "failed",
  );
  assert.equal(last(events)?.stage, "failed");
  assert.match(last(events)?.error ?? "", /\w/);
});

await check("a private video's progress is its owner's", async () => {
  const { id } = await begin(ann, 1000, { visibility: "private" });
  assert.equal((await ask("GET", `/progress/${id}`)).status, 404);
  assert.equal((await ask("GET", `/progress/${id}`, { as: ben })).status, 404);
  const own = await listen(`/progress/${id}`, ann, (heard) => heard.length > 0, 5000);
  assert.equal(own[0]?.data.stage, "uploading");
  assert.equal((await ask("GET", "/progress/AAAAAAAAAAA", { as: ann })).status, 404);
});

await check("who listens to all hears what they may see", async () => {
  const hidden = await begin(ann, bytes.length, { visibility: "private", filename: "h.webm" });
  const open = await begin(ann, bytes.length, { visibility: "public", filename: "o.webm" });
  const both = (heard: Heard[]) => {
    const ready = new Set(
      heard.filter((one) => one.data.status === "ready").map((one) => one.data.video_id),
    );
    return ready.has(hidden.id) && ready.has(open.id);
  };
  const has = (heard: Heard[], id: string) => heard.some((one) => one.data.video_id === id);
  const hers = listen("/progress", ann, both);
  const moderators = listen("/progress", root, both);
  const his = listen("/progress", ben, (heard) =>
    heard.some((one) => one.data.video_id === open.id && one.data.status === "ready"),
  );
  await pause(300);
  await patch(ann, hidden.path, 0, bytes);
  await settled(ann, hidden.id);
  await patch(ann, open.path, 0, bytes);
  const [owner, moderator, other] = await Promise.all([hers, moderators, his]);
  assert.ok(has(owner, hidden.id) && has(owner, open.id));
  assert.ok(has(moderator, hidden.id));
  assert.ok(has(other, open.id) && !has(other, hidden.id));
});

end();
