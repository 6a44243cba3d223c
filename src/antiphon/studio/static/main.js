// The page: what the project holds now, which view is seen, and what moves with the sound.
import { get, keep, Refused } from "/static/api.js";
import * as alphabet from "/static/alphabet.js";
import * as answer from "/static/answer.js";
import * as dials from "/static/dials.js";
import * as drafts from "/static/drafts.js";
import * as live from "/static/live.js";
import * as map from "/static/map.js";
import * as takes from "/static/takes.js";
import * as testimony from "/static/testimony.js";
import { by, fill, made, Panels } from "/static/panels.js";
import { on, say, studio, transport, trouble } from "/static/session.js";

// For tests and for who likes to look: what the page plays and shows.
export { live, map, studio };

const BUSY = 700, IDLE = 1500, AGAIN = 1500;
const panels = new Panels();
let timer = 0, polled = 0, seen = "", opened = "", names = "";

async function poll() {
  clearTimeout(timer);
  const mine = ++polled;
  let next = IDLE;
  try {
    const open = studio.response?.name ?? "";
    const state = await get("/api/state", { open, since: open === opened ? seen : "" });
    if (mine !== polled) return;
    if (by("connection").dataset.lost) { by("connection").textContent = ""; delete by("connection").dataset.lost; }
    opened = open;
    seen = state.version;
    if (state.jobs) show(state, open);
    if (studio.state?.jobs.some(job => ["waiting", "running"].includes(job.state))) next = BUSY;
  } catch (error) {
    if (mine !== polled) return;
    next = AGAIN;
    by("connection").dataset.lost = "1";
    by("connection").textContent = error instanceof Refused ? error.message
      : "The studio does not answer. Is antiphon studio still running? Trying again.";
  }
  timer = setTimeout(poll, next);
}

function show(state, open) {
  studio.state = state;
  panels.show(state);
  responses(state);
  const told = JSON.stringify(state.names);
  if (told !== names) { names = told; say("named"); }
  if (state.marks && open && studio.response?.name === open && JSON.stringify(state.marks) !== JSON.stringify(studio.marks)) {
    studio.marks = state.marks;
    say("marks", state.marks);
  }
  say("state", state);
}

function responses(state) {
  const found = state.responses;
  fill(by("response"), found.toReversed().map(name => [name, name]));
  by("empty").hidden = found.length > 0;
  by("response").disabled = !found.length;
  if (!by("formats").children.length) {
    by("formats").replaceChildren(...state.formats.map(name => {
      const label = made("label");
      label.append(made("input", "", { type: "checkbox", value: name, checked: name === "reaper" }), ` ${name}`);
      return label;
    }));
  }
  if (studio.response && !found.includes(studio.response.name)) answer.close();
  if (!studio.response && found.length) answer.open(found.at(-1));
}

// Views: one is seen, the arrow keys go from one to the next.
const tabs = [...document.querySelectorAll(".tabs [role=tab]")];
function view(tab) {
  for (const each of tabs) {
    const is = each === tab;
    each.setAttribute("aria-selected", String(is));
    each.tabIndex = is ? 0 : -1;
    by(each.getAttribute("aria-controls")).hidden = !is;
  }
  say("shown", tab.id.replace("tab-", ""));
}
for (const [n, tab] of tabs.entries()) {
  tab.addEventListener("click", () => view(tab));
  tab.addEventListener("keydown", event => {
    const next = { ArrowRight: tabs[(n + 1) % tabs.length], ArrowLeft: tabs.at(n - 1), Home: tabs[0], End: tabs.at(-1) }[event.key];
    if (next) { event.preventDefault(); event.stopPropagation(); view(next); next.focus(); }
  });
}

by("response").addEventListener("change", () => answer.open(by("response").value));
by("export").addEventListener("submit", event => {
  event.preventDefault();
  const formats = [...by("formats").querySelectorAll("input:checked")].map(input => input.value);
  if (!formats.length) { by("export-said").textContent = "Choose a format."; return; }
  by("export-said").textContent = "writing";
  panels.ask("/api/export", { response: studio.response.name, formats });
});

on("asked", poll);
on("open", name => answer.open(name));
// Another response may have other marks: what was asked before does not know of it.
on("opened", () => { polled += 1; seen = ""; poll(); });
on("marks", () => { polled += 1; });
panels.addEventListener("asked", poll);
panels.addEventListener("trouble", event => trouble(event.detail));
panels.addEventListener("open", event => answer.open(event.detail));
panels.addEventListener("over", async ({ detail: { job, opens, carried } }) => {
  if (job.kind === "export") by("export-said").textContent = job.said.join(" ");
  if (job.kind === "alphabet") { if (job.state === "done") say("sheet"); else by("sheet-said").textContent = job.said.join(" ") || job.state; }
  if (job.state !== "done") { if (job.state === "failed") trouble(job.said.join(" ")); return; }
  if (carried) await keep("/api/marks", { response: job.result, ...carried }).catch(error => trouble(error.message));
  if (["answer", "again"].includes(job.kind) && (opens === "*" || opens === studio.response?.name)) await answer.open(job.result, opens === "*" ? 0 : studio.cursor);
});
transport.addEventListener("loading", event => { by("play").textContent = event.detail ? "Loading" : transport.playing ? "Pause" : "Play"; });
transport.addEventListener("change", () => {
  by("play").textContent = transport.playing ? "Pause" : "Play";
  by("compare-play").textContent = transport.playing && transport.group === "compare" ? "Pause" : "Play";
});

const meter = by("meter").getContext("2d");
function frame() {
  requestAnimationFrame(frame);
  if (!studio.response) return;
  if (transport.ended()) transport.pause();
  const now = transport.position(), answering = transport.group !== "memory";
  if (transport.playing && answering) { studio.cursor = now; if (studio.axis.end - studio.axis.start < studio.axis.seconds) studio.axis.follow(now); }
  const told = `${studio.cursor.toFixed(2)} s of ${studio.response.seconds.toFixed(2)} s`;
  if (by("time").textContent !== told) {
    by("time").textContent = told;
    for (const name of ["Guide", "Response"]) studio.lanes.get(name).tell(name, studio.cursor);
  }
  for (const [name, lane] of studio.lanes) lane.place(name === "Memory" ? now : studio.cursor, name !== "Memory" || !answering);
  takes.place(studio.cursor);
  map.follow();
  if (!transport.playing && !meter.lit) return;
  const level = transport.playing ? Math.max(0, 1 + Math.log10(Math.max(transport.level(), 1e-3)) / 3) : 0;
  meter.lit = level > 0;
  meter.clearRect(0, 0, 120, 12);
  meter.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--accent");
  meter.fillRect(0, 0, 120 * level, 12);
}

for (const part of [answer, testimony, dials, map, live]) part.listen();
takes.listen(panels);
drafts.listen(panels);
alphabet.listen(panels);
frame();
poll();
