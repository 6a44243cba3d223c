// The page: what the project holds, one response with its lanes, and what is kept and asked for again.
import { downloadAddress, get, Refused, send } from "/static/api.js";
import { Axis, Lane } from "/static/lanes.js";
import { by, fill, made, Panels } from "/static/panels.js";
import { Transport } from "/static/transport.js";

const BUSY = 700, IDLE = 2500, AGAIN = 1500;
const panels = new Panels(), transport = new Transport();

// For tests and for who likes to look: what the page plays and shows.
export const studio = { transport, response: null, lanes: new Map(), span: null, kept: [], cursor: 0 };
let history = [], timer = 0, polled = 0, memoryShown = 0, busy = false;

const trouble = said => { by("error").textContent = said; by("error").hidden = !said; };

async function poll() {
  clearTimeout(timer);
  const mine = ++polled;
  let next = IDLE;
  try {
    const open = studio.response?.name ?? "";
    const state = await get("/api/state", { open });
    if (mine !== polled) return;
    if (by("connection").dataset.lost) { by("connection").textContent = ""; delete by("connection").dataset.lost; }
    panels.show(state);
    responses(state);
    busy = state.jobs.some(job => ["waiting", "running"].includes(job.state));
    if (busy) next = BUSY;
    if (open && studio.response?.name === open && JSON.stringify(state.kept) !== JSON.stringify(studio.kept)) {
      studio.kept = state.kept;
      shown();
    }
  } catch (error) {
    if (mine !== polled) return;
    next = AGAIN;
    by("connection").dataset.lost = "1";
    by("connection").textContent = error instanceof Refused ? error.message
      : "The studio does not answer. Is antiphon studio still running? Trying again.";
  }
  timer = setTimeout(poll, next);
}

function responses(state) {
  const names = state.responses;
  fill(by("response"), names.toReversed().map(name => [name, name]));
  by("empty").hidden = names.length > 0;
  by("response").disabled = !names.length;
  if (!by("formats").children.length) {
    by("formats").replaceChildren(...state.formats.map(name => {
      const label = made("label");
      label.append(made("input", "", { type: "checkbox", value: name, checked: name === "reaper" }), ` ${name}`);
      return label;
    }));
  }
  if (studio.response && !names.includes(studio.response.name)) close();
  if (!studio.response && names.length) open(names.at(-1));
}

function close() {
  transport.stop();
  for (const lane of studio.lanes.values()) lane.close();
  studio.lanes.clear();
  studio.response = null;
  by("open").hidden = true;
}

async function open(name) {
  try {
    const found = await get("/api/response", { name });
    close();
    trouble("");
    Object.assign(studio, { response: found, span: null, kept: found.kept, cursor: 0 });
    history = [];
    by("response").value = name;
    by("open").hidden = false;
    by("download").href = downloadAddress(name);
    by("testimony").replaceChildren(made("p", "Click a segment, or move to it with the arrow keys and press Enter.", { className: "note" }));
    lanes(found);
    shown();
  } catch (error) { trouble(error.message); }
}

function lanes(found) {
  const segments = found.segments.map(([start, length, token, played, share, part, from, to]) =>
    ({ start, end: start + length, token: played, asked: token, share, part, from, to, title: played === found.rest ? "rest" : `class ${played}` }));
  studio.segments = segments;
  const heard = found.guide.map((token, n) => ({ ...segments[n], token, share: 1, title: token === found.rest ? "rest" : `class ${token}` })).filter(each => each.end);
  memoryShown = Math.max(0, Math.min(memoryShown, found.memories.length - 1));
  const memory = found.memories[memoryShown];
  const used = segments.filter(each => each.part === memoryShown).map(each => ({ ...each, start: each.from, end: each.to, share: 1 })).sort((a, b) => a.start - b.start);
  const guides = found.guides.map(each => each.file).filter(Boolean);
  transport.open(found.rate, [
    { name: "Guide", group: "answer", files: guides, seconds: found.seconds },
    { name: "Response", group: "answer", files: [found.sound], seconds: found.seconds },
    { name: "Memory", group: "memory", files: memory?.file ? [memory.file] : [], seconds: memory?.seconds ?? 0 },
  ]);
  const axis = studio.axis = new Axis(found.seconds), far = new Axis(memory?.seconds || 1);
  by("lanes").replaceChildren(
    lane("Guide", found.guides.map(each => each.title).join(" + "), axis, guides, heard),
    lane("Response", `agent: ${found.agent || "base"}, seed ${found.seed}`, axis, [found.sound], segments),
    lane("Memory", memory ? `${memory.seconds.toFixed(1)} s; coloured where it is played` : "", far, memory?.file ? [memory.file] : [], used, found.memories),
  );
  for (const each of [...found.guides, ...found.memories]) if (!each.file) trouble(`${each.title} lies outside the project, and is not played here`);
}

function lane(name, about, axis, files, segments, choices = []) {
  const section = made("section", "", { className: "lane" }), top = made("header"), view = made("div", "", { className: "view" });
  section.setAttribute("aria-label", name);
  const track = transport.tracks.get(name);
  top.append(made("b", name), made("small", about));
  if (choices.length > 1) {
    const select = made("select");
    select.setAttribute("aria-label", "File of the memory");
    fill(select, choices.map((each, n) => [String(n), each.title]));
    select.value = String(memoryShown);
    select.addEventListener("change", () => { memoryShown = +select.value; lanes(studio.response); shown(); });
    top.append(select);
  }
  for (const [key, title] of [["muted", "Mute"], ["solo", "Solo"]]) {
    const button = made("button", title, { type: "button", ariaPressed: String(track[key]) });
    button.dataset.key = key;
    button.setAttribute("aria-label", `${title} ${name}`);
    button.addEventListener("click", () => toggle(name, key));
    top.append(button);
  }
  const level = made("input", "", { type: "range", min: "0", max: "1.5", step: "0.01", value: String(track.level) });
  level.setAttribute("aria-label", `Level of ${name}`);
  level.addEventListener("input", () => transport.set(name, { level: +level.value }));
  top.append(level);
  section.append(top, view);
  const found = new Lane(view, axis, { files, segments, rest: studio.response.rest, samples: file => transport.sounds.get(file) });
  studio.lanes.get(name)?.close();
  studio.lanes.set(name, found);
  found.section = section;
  found.tell(name, 0);
  found.addEventListener("press", ({ detail: { time } }) => {
    if (name === "Memory") { transport.play("memory", time); return; }
    moveTo(time, false);
    transport.play("answer", time);
    testify(name === "Response" || name === "Guide" ? found.at(time) : -1);
  });
  found.addEventListener("drag", ({ detail }) => { if (name !== "Memory") choose(...snapped(detail)); });
  found.canvas.addEventListener("keydown", event => keys(event, name, axis));
  return section;
}

function toggle(name, key) {
  const on = !transport.tracks.get(name)[key];
  transport.set(name, { [key]: on });
  studio.lanes.get(name).section.querySelector(`[data-key=${key}]`).ariaPressed = String(on);
}

// A span on the borders of segments, or free with Alt.
function snapped({ from, to, free }) {
  const seconds = studio.response.seconds;
  if (free) return [Math.max(from, 0), Math.min(to, seconds)];
  const hit = studio.segments.filter(each => each.end > from && each.start < to);
  return hit.length ? [hit[0].start, Math.min(hit.at(-1).end, seconds)] : [Math.max(from, 0), Math.min(to, seconds)];
}

function choose(start, end) {
  studio.span = end > start ? [start, end] : null;
  if (by("loop").ariaPressed === "true") transport.setLoop(studio.span);
  shown();
}

function shown() {
  const { span, kept, response } = studio;
  for (const name of ["Guide", "Response"]) Object.assign(studio.lanes.get(name), { span, kept: name === "Response" ? kept : [] }).redraw();
  const seconds = kept.reduce((sum, [start, end]) => sum + end - start, 0);
  by("span").textContent = (span ? `Span ${span[0].toFixed(2)} to ${span[1].toFixed(2)} s. ` : "Drag over a lane to choose a span. ")
    + (kept.length ? `Kept: ${seconds.toFixed(1)} of ${response.seconds.toFixed(1)} s.` : "Nothing is kept yet.");
  for (const id of ["keep", "release", "redo-span", "loop"]) by(id).disabled = !span;
  for (const id of ["keep", "release", "redo-span", "redo-rest"]) if (response.edited) by(id).disabled = true;
  by("undo").disabled = !history.length && !response.parent;
}

const union = spans => spans.sort((a, b) => a[0] - b[0]).reduce((found, [start, end]) => {
  if (found.length && start <= found.at(-1)[1] + 1e-6) found.at(-1)[1] = Math.max(found.at(-1)[1], end);
  else found.push([start, end]);
  return found;
}, []);
const without = (spans, [from, to]) => spans.flatMap(([start, end]) => [[start, Math.min(end, from)], [Math.max(start, to), end]]).filter(([start, end]) => end - start > 1e-6);

async function setKept(spans, undoable = true) {
  if (undoable) history.push(studio.kept);
  studio.kept = spans;
  shown();
  polled++;  // What was asked before does not know of it.
  try { await send("/api/kept", { response: studio.response.name, spans }, "PUT"); } catch (error) { trouble(error.message); }
  poll();
}
const keep = () => studio.span && setKept(union([...studio.kept, studio.span].map(each => [...each])));
const release = () => studio.span && setKept(without(studio.kept, studio.span));

async function again(kept, carried) {
  const { name, seed } = studio.response;
  const id = await panels.ask("/api/again", { response: name, kept, seed: seed + 1 }, name);
  if (id) panels.ours.get(id).carried = carried;
}
const redoRest = () => again(studio.kept, studio.kept);
const redoSpan = () => studio.span && again(without([[0, studio.response.seconds]], studio.span), without(studio.kept, studio.span));

async function undo() {
  if (history.length) await setKept(history.pop(), false);
  else if (studio.response.parent) await open(studio.response.parent);
}

async function testify(index) {
  if (index < 0) return;
  const { name } = studio.response;
  try {
    const told = await get("/api/segment", { name, index });
    if (studio.response?.name !== name) return;
    const list = made("dl");
    for (const [label, value] of told.facts.filter(([label]) => !label.startsWith("rival"))) list.append(made("dt", label), made("dd", value));
    const rivals = made("div", "", { className: "rivals" });
    const segment = studio.segments[index];
    for (const [token, share] of [[segment.asked, segment.share], ...told.rivals]) {
      const row = made("div"), bar = made("progress", "", { max: 1, value: share });
      const title = token === studio.response.rest ? "rest" : `class ${token}`;
      bar.setAttribute("aria-label", `Probability of ${title}`);
      row.append(made("span", title), bar, made("span", share.toFixed(2)));
      rivals.append(row);
    }
    by("testimony").replaceChildren(made("p", "What the decision held possible here:", { className: "note" }), rivals, list);
    if (segment.part >= 0) {
      const hear = made("button", "Hear its source in the memory", { type: "button" });
      hear.addEventListener("click", async () => { source(segment); await transport.play("memory", segment.from, segment.to); });
      by("testimony").append(hear);
      source(segment);
    }
    studio.lanes.get("Response").lit = [segment.start, segment.end];
    studio.lanes.get("Response").redraw();
  } catch (error) { trouble(error.message); }
}

// Show where a segment comes from.
function source(segment) {
  if (segment.part !== memoryShown) return;
  const lane = studio.lanes.get("Memory");
  lane.lit = [segment.from, segment.to];
  lane.axis.follow(segment.from);
  lane.redraw();
}

function moveTo(time, sounding = true) {
  studio.cursor = Math.min(Math.max(time, 0), studio.response.seconds);
  studio.axis.follow(studio.cursor);
  if (sounding) transport.seek(studio.cursor);
}

async function playOrPause() {
  if (transport.playing) { transport.pause(); studio.cursor = transport.group === "answer" ? transport.position() : studio.cursor; return; }
  try { await transport.play("answer", studio.cursor); } catch (error) { trouble(error.message); }
}

function step(by, grow) {
  const segments = studio.segments, found = segments.findIndex(each => each.end > studio.cursor + 1e-6);
  const here = found < 0 ? segments.length : found;
  const next = segments[Math.min(Math.max(here + by, 0), segments.length - 1)];
  if (grow) {
    const anchor = studio.anchor ?? segments[Math.min(here, segments.length - 1)];
    studio.anchor = anchor;
    choose(Math.min(anchor.start, next.start), Math.max(anchor.end, next.end));
  } else studio.anchor = null;
  moveTo(next.start);
}

function loop() {
  const on = by("loop").ariaPressed !== "true" && studio.span;
  by("loop").ariaPressed = String(Boolean(on));
  transport.setLoop(on ? studio.span : null);
}

function keys(event, name, axis) {
  if (event.altKey || event.metaKey) return;
  const actions = {
    ArrowLeft: () => step(-1, event.shiftKey), ArrowRight: () => step(1, event.shiftKey), Home: () => moveTo(0), End: () => moveTo(studio.response.seconds),
    Enter: () => testify(studio.lanes.get("Response").at(studio.cursor)), m: () => toggle(name, "muted"), s: () => toggle(name, "solo"),
    "+": () => axis.zoom(2, studio.cursor), "=": () => axis.zoom(2, studio.cursor), "-": () => axis.zoom(0.5, studio.cursor), 0: () => axis.show(0, axis.seconds),
  };
  const action = actions[event.key];
  if (action && !event.ctrlKey) { event.preventDefault(); event.stopPropagation(); action(); }
}

document.addEventListener("keydown", event => {
  if (!studio.response || event.target.closest("input:not([type=range]), select, textarea, summary") || event.altKey || event.metaKey) return;
  if (event.key === " " && event.target.closest("button, a, input")) return;
  const actions = { " ": playOrPause, l: loop, k: keep, x: release, r: redoSpan, R: redoRest, u: undo, Escape: () => choose(0, 0) };
  const action = event.ctrlKey ? (event.key === "z" ? undo : null) : actions[event.key];
  if (action) { event.preventDefault(); action(); }
});

for (const [id, action] of Object.entries({
  play: playOrPause, loop, keep, release, "redo-span": redoSpan, "redo-rest": redoRest, undo,
  "zoom-in": () => studio.axis.zoom(2, studio.cursor), "zoom-out": () => studio.axis.zoom(0.5, studio.cursor), "zoom-fit": () => studio.axis.show(0, studio.axis.seconds),
})) by(id).addEventListener("click", action);
by("response").addEventListener("change", () => open(by("response").value));
by("export").addEventListener("submit", event => {
  event.preventDefault();
  const formats = [...by("formats").querySelectorAll("input:checked")].map(input => input.value);
  if (!formats.length) { by("export-said").textContent = "Choose a format."; return; }
  by("export-said").textContent = "writing";
  panels.ask("/api/export", { response: studio.response.name, formats });
});

panels.addEventListener("asked", poll);
panels.addEventListener("trouble", event => trouble(event.detail));
panels.addEventListener("open", event => open(event.detail));
panels.addEventListener("over", async ({ detail: { job, opens, carried } }) => {
  if (job.kind === "export") by("export-said").textContent = job.said.join(" ");
  if (job.state !== "done") { if (job.state === "failed") trouble(job.said.join(" ")); return; }
  if (carried?.length) await send("/api/kept", { response: job.result, spans: carried }, "PUT").catch(error => trouble(error.message));
  if (["answer", "again"].includes(job.kind) && (opens === "*" || opens === studio.response?.name)) await open(job.result);
});
transport.addEventListener("loading", event => { by("play").textContent = event.detail ? "Loading" : transport.playing ? "Pause" : "Play"; });
transport.addEventListener("change", () => { by("play").textContent = transport.playing ? "Pause" : "Play"; });

const meter = by("meter").getContext("2d");
function frame() {
  requestAnimationFrame(frame);
  if (!studio.response) return;
  if (transport.ended()) transport.pause();
  const now = transport.position(), answering = transport.group === "answer";
  if (transport.playing && answering) { studio.cursor = now; if (studio.axis.end - studio.axis.start < studio.axis.seconds) studio.axis.follow(now); }
  const told = `${studio.cursor.toFixed(2)} s of ${studio.response.seconds.toFixed(2)} s`;
  if (by("time").textContent !== told) {
    by("time").textContent = told;
    for (const name of ["Guide", "Response"]) studio.lanes.get(name).tell(name, studio.cursor);
  }
  for (const [name, lane] of studio.lanes) lane.place(name === "Memory" ? now : studio.cursor, name !== "Memory" || !answering);
  const level = transport.playing ? Math.max(0, 1 + Math.log10(Math.max(transport.level(), 1e-3)) / 3) : 0;
  meter.clearRect(0, 0, 120, 12);
  meter.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--accent");
  meter.fillRect(0, 0, 120 * level, 12);
}
frame();
poll();
