// One response: its lanes, what is heard of them, marks on it, and what is asked for again.
import { downloadAddress, get, keep } from "/static/api.js";
import { Axis, Lane } from "/static/lanes.js";
import { by, fill, made } from "/static/panels.js";
import { bus, classTitle, on, say, segmentsOf, shortTitle, studio, transport, trouble, union, withoutAll } from "/static/session.js";

const names = { long: classTitle, short: shortTitle };
let history = [], memoryShown = 0;

export function close() {
  transport.stop();
  for (const lane of studio.lanes.values()) lane.close();
  studio.lanes.clear();
  Object.assign(studio, { response: null, draft: null, version: null });
  by("open").hidden = true;
  say("closed");
}

export async function open(name, at = 0) {
  try {
    const found = await get("/api/response", { name });
    close();
    trouble("");
    const version = { sound: found.sound, segments: segmentsOf(found.segments) };
    Object.assign(studio, { response: found, version, original: version, span: null, marks: found.marks, cursor: Math.min(at, found.seconds), regions: found.regions });
    history = [];
    by("response").value = name;
    by("open").hidden = false;
    by("download").href = downloadAddress(name);
    lanes();
    shown();
    say("opened", found);
  } catch (error) { trouble(error.message); }
}

function lanes() {
  const found = studio.response;
  studio.segments = studio.version.segments;
  memoryShown = Math.max(0, Math.min(memoryShown, found.memories.length - 1));
  const guides = found.guides.map(each => each.file).filter(Boolean);
  transport.open(found.rate, [
    { name: "Guide", group: "answer", files: guides, seconds: found.seconds },
    { name: "Response", group: "answer", files: [studio.version.sound], seconds: found.seconds },
  ]);
  const axis = studio.axis = new Axis(found.seconds);
  axis.addEventListener("change", scrolled);
  by("lanes").replaceChildren(
    lane("Guide", found.guides.map(each => each.title).join(" + "), axis, guides, heardOf(studio.segments)),
    lane("Response", "", axis, [studio.version.sound], studio.segments),
    memoryLane(),
  );
  scrolled();
  about();
  for (const each of [...found.guides, ...found.memories]) if (!each.file) trouble(`${each.title} lies outside the project, and is not played here`);
}

function memoryLane() {
  const memories = studio.response.memories, memory = memories[memoryShown], files = memory?.file ? [memory.file] : [];
  const before = transport.tracks.get("Memory"), { level = 1, muted = false, solo = false } = before ?? {};
  transport.setGroup("memory", [{ name: "Memory", files, seconds: memory?.seconds ?? 0, level, muted, solo }]);
  return lane("Memory", memory ? `${memory.seconds.toFixed(1)} s; coloured where it is played` : "", new Axis(memory?.seconds || 1), files, playedOf(studio.segments), memories);
}

const heardOf = segments => studio.response.guide.map((token, n) => ({ ...segments[n], token, share: 1 })).filter(each => each.end);
const playedOf = segments => segments.filter(each => each.part === memoryShown)
  .map(each => ({ ...each, start: each.from, end: each.to, share: 1 })).sort((a, b) => a.start - b.start);

function about() {
  const { response, draft } = studio;
  const said = draft && studio.version === draft ? `draft, seed ${draft.seed}, not kept` : `agent: ${response.agent || "base"}, seed ${response.seed}`;
  studio.lanes.get("Response").section.querySelector("small").textContent = said;
}

// The response lane with another version, which plays on from where it is.
export async function showVersion(version) {
  studio.version = version;
  studio.segments = version.segments;
  studio.lanes.get("Response").show([version.sound], version.segments);
  studio.lanes.get("Guide").segments = heardOf(version.segments);
  studio.lanes.get("Memory").segments = playedOf(version.segments);
  for (const each of studio.lanes.values()) { each.lit = []; each.redraw(); }
  about();
  shown();
  say("version", version);
  await transport.replace("Response", [version.sound]);
}

function lane(name, said, axis, files, segments, choices = []) {
  const section = made("section", "", { className: "lane" }), top = made("header"), view = made("div", "", { className: "view" });
  section.setAttribute("aria-label", name);
  const track = transport.tracks.get(name);
  top.append(made("b", name), made("small", said));
  if (choices.length > 1) {
    const select = made("select");
    select.setAttribute("aria-label", "File of the memory");
    fill(select, choices.map((each, n) => [String(n), each.title]));
    select.value = String(memoryShown);
    select.addEventListener("change", () => showMemory(+select.value));
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
  studio.lanes.get(name)?.close();
  const found = new Lane(view, axis, { files, segments, rest: studio.response.rest, samples: file => transport.sounds.get(file), names });
  studio.lanes.set(name, found);
  found.section = section;
  found.tell(name, 0);
  found.addEventListener("press", ({ detail: { time } }) => {
    if (name === "Memory") { transport.play("memory", time).catch(error => trouble(error.message)); return; }
    moveTo(time, false);
    transport.play("answer", time).catch(error => trouble(error.message));
    say("pointed", found.at(time));
  });
  found.addEventListener("drag", ({ detail }) => { if (name !== "Memory") choose(...snapped(detail)); });
  found.canvas.addEventListener("keydown", event => keys(event, name, axis));
  return section;
}

export function showMemory(number) {
  if (number === memoryShown || !studio.response.memories[number]) return;
  memoryShown = number;
  const old = studio.lanes.get("Memory").section;
  old.replaceWith(memoryLane());
}

// Show where a segment comes from.
export function source(segment) {
  if (segment.part < 0) return;
  showMemory(segment.part);
  const lane = studio.lanes.get("Memory");
  lane.lit = [[segment.from, segment.to]];
  lane.axis.follow(segment.from);
  lane.redraw();
}

function toggle(name, key) {
  const now = !transport.tracks.get(name)[key];
  transport.set(name, { [key]: now });
  studio.lanes.get(name).section.querySelector(`[data-key=${key}]`).ariaPressed = String(now);
}

// A span on the borders of segments, or free with Alt.
function snapped({ from, to, free }) {
  const { seconds } = studio.response;
  if (free) return [Math.max(from, 0), Math.min(to, seconds)];
  const hit = studio.segments.filter(each => each.end > from && each.start < to);
  return hit.length ? [hit[0].start, Math.min(hit.at(-1).end, seconds)] : [Math.max(from, 0), Math.min(to, seconds)];
}

function choose(start, end) {
  studio.span = end > start ? [start, end] : null;
  if (by("loop").ariaPressed === "true") transport.setLoop(studio.span);
  shown();
}

const total = spans => spans.reduce((sum, [start, end]) => sum + end - start, 0);

export function shown() {
  const { span, marks, response } = studio;
  for (const name of ["Guide", "Response"]) {
    const each = studio.lanes.get(name);
    Object.assign(each, { span, marks: name === "Response" ? marks : {} });
    each.redraw();
  }
  const said = [["kept", "Kept"], ["locked", "Locked"], ["rejected", "Rejected"]].filter(([kind]) => marks[kind].length)
    .map(([kind, title]) => `${title}: ${total(marks[kind]).toFixed(1)} of ${response.seconds.toFixed(1)} s.`);
  by("span").textContent = (span ? `Span ${span[0].toFixed(2)} to ${span[1].toFixed(2)} s. ` : "Drag over a lane to choose a span. ")
    + (said.join(" ") || "Nothing is kept yet.");
  for (const id of ["keep", "lock", "reject", "release", "redo-span", "loop"]) by(id).disabled = !span;
  for (const id of ["keep", "lock", "reject", "release", "redo-span", "redo-rest"]) if (response.edited) by(id).disabled = true;
  by("undo").disabled = !history.length && !response.parent && !studio.draft;
}

async function setMarks(marks, undoable = true) {
  if (undoable) history.push(studio.marks);
  studio.marks = marks;
  shown();
  say("marks", marks);
  try { await keep("/api/marks", { response: studio.response.name, ...marks }); } catch (error) { trouble(error.message); }
  say("asked");
}

const stays = ({ kept, locked }) => union([...kept, ...locked]);

// A span is one thing alone: what it becomes, it no longer is otherwise; what is locked stays so until it is released.
function become(kind) {
  const { span, marks } = studio;
  if (!span) return undefined;
  const free = kind === "locked" || !kind ? [span] : withoutAll([span], marks.locked);
  const found = Object.fromEntries(Object.entries(marks).map(([each, spans]) => [each, withoutAll(spans, free)]));
  if (kind) found[kind] = union([...found[kind], ...free]);
  return JSON.stringify(found) === JSON.stringify(marks) ? undefined : setMarks(found);
}

const redone = (kept, rejected, carried) => say("redo", { kept, rejected, carried });

export function redoRest() {
  const { marks } = studio;
  redone(stays(marks), marks.rejected, { ...marks, rejected: [] });
}

export function redoSpan() {
  const { marks, span, response } = studio;
  if (!span) return;
  const free = withoutAll([span], marks.locked);
  redone(withoutAll([[0, response.seconds]], free), marks.rejected, { kept: withoutAll(marks.kept, free), locked: marks.locked, rejected: withoutAll(marks.rejected, free) });
}

async function undo() {
  if (studio.draft) say("dropped");
  else if (history.length) await setMarks(history.pop(), false);
  else if (studio.response.parent) await open(studio.response.parent);
}

function moveTo(time, sounding = true) {
  studio.cursor = Math.min(Math.max(time, 0), studio.response.seconds);
  studio.axis.follow(studio.cursor);
  if (sounding) transport.seek(studio.cursor)?.catch?.(error => trouble(error.message));
}

async function playOrPause() {
  if (transport.playing) { transport.pause(); studio.cursor = transport.group === "memory" ? studio.cursor : transport.position(); return; }
  try { await transport.play("answer", studio.cursor); } catch (error) { trouble(error.message); }
}

function step(by, grow) {
  const { segments } = studio, found = segments.findIndex(each => each.end > studio.cursor + 1e-6);
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
  const now = by("loop").ariaPressed !== "true" && studio.span;
  by("loop").ariaPressed = String(Boolean(now));
  transport.setLoop(now ? studio.span : null);
}

function scrolled() {
  const { axis } = studio, width = axis.end - axis.start, slider = by("scroll");
  slider.disabled = width >= axis.seconds - 1e-9;
  slider.max = String(Math.max(axis.seconds - width, 0));
  slider.value = String(axis.start);
  slider.setAttribute("aria-valuetext", `${axis.start.toFixed(2)} to ${axis.end.toFixed(2)} seconds`);
}

function keys(event, name, axis) {
  if (event.altKey || event.metaKey) return;
  const actions = {
    ArrowLeft: () => step(-1, event.shiftKey), ArrowRight: () => step(1, event.shiftKey), Home: () => moveTo(0), End: () => moveTo(studio.response.seconds),
    Enter: () => say("pointed", studio.lanes.get("Response").at(studio.cursor)), m: () => toggle(name, "muted"), s: () => toggle(name, "solo"),
    "+": () => axis.zoom(2, studio.cursor), "=": () => axis.zoom(2, studio.cursor), "-": () => axis.zoom(0.5, studio.cursor), 0: () => axis.show(0, axis.seconds),
    PageUp: () => axis.scroll(-0.8 * (axis.end - axis.start)), PageDown: () => axis.scroll(0.8 * (axis.end - axis.start)),
  };
  const action = actions[event.key];
  if (action && !event.ctrlKey) { event.preventDefault(); event.stopPropagation(); action(); }
}

export function listen() {
  document.addEventListener("keydown", event => {
    if (!studio.response || by("work").hidden || event.defaultPrevented || event.target.closest("input:not([type=range]), select, textarea, summary") || event.altKey || event.metaKey) return;
    if (event.key === " " && event.target.closest("button, a, input")) return;
    const actions = {
      " ": playOrPause, l: loop, k: () => become("kept"), o: () => become("locked"), j: () => become("rejected"), x: () => become(""),
      r: redoSpan, R: redoRest, u: undo, a: () => say("hear"), Escape: () => choose(0, 0),
    };
    const action = event.ctrlKey ? (event.key === "z" ? undo : null) : actions[event.key];
    if (action && !(event.key !== "Escape" && studio.response.edited && "kojxrR".includes(event.key))) { event.preventDefault(); action(); }
  });
  for (const [id, action] of Object.entries({
    play: playOrPause, loop, keep: () => become("kept"), lock: () => become("locked"), reject: () => become("rejected"), release: () => become(""),
    "redo-span": redoSpan, "redo-rest": redoRest, undo,
    "zoom-in": () => studio.axis.zoom(2, studio.cursor), "zoom-out": () => studio.axis.zoom(0.5, studio.cursor), "zoom-fit": () => studio.axis.show(0, studio.axis.seconds),
  })) by(id).addEventListener("click", action);
  by("scroll").addEventListener("input", () => { const { axis } = studio, start = +by("scroll").value; axis.show(start, start + axis.end - axis.start); });
  on("named", () => { for (const each of studio.lanes.values()) each.redraw(); });
  bus.addEventListener("marks", () => studio.response && shown());
}
