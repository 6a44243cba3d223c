// The live view: begins a run, shows what it says, tells it cues and dials. Names of events and controls are those of OSC.
import { get, send, token } from "/static/api.js";
import { LiveLanes } from "/static/live_lanes.js";
import { PageSound } from "/static/live_sound.js";
import { by, fill, made } from "/static/panels.js";
import { on, say, studio, transport, trouble } from "/static/session.js";

const AGAIN = 1500, SILENT_MS = 2000, SOON = 60, CLOCKS = 24, MOST_WORDS = 60;
const HERE = "", HOST = "host", OSC = "osc:", DEVICE = "device:";
const steady = matchMedia("(prefers-reduced-motion: reduce)");

// For tests: what was heard of the run, and what sounds here.
export const live = { run: null, asked: null, about: null, values: {}, counts: {}, heartbeat: null, said: [], commits: [], tokens: 0, planned: 0 };
export const sound = new PageSound();
let lanes = null, source = null, clocks = [], rows = new Map(), turned = {}, devices = null, steps = [], last = 0, lastBeat = 0, written = "", asking = 0, soon = new Map();

const nameOf = each => studio.state?.names?.[live.about?.alphabet]?.[each] ?? "";
const names = {
  long: each => each === live.about?.rest ? "rest" : nameOf(each) ? `${nameOf(each)} (class ${each})` : `class ${each}`,
  short: each => each === live.about?.rest ? "–" : nameOf(each) || String(each),
};
const isOn = () => ["loading", "on", "ending"].includes(live.run?.state);
const shown = () => !by("live").hidden;
const secondsOf = frame => frame / live.run.rate;

// Which second of the run it is, by the message that came the soonest of the last ones.
const now = () => clocks.length && live.run?.state === "on" ? performance.now() / 1000 - Math.min(...clocks) : live.stopped ?? 0;
function clock(seconds) {
  clocks.push(performance.now() / 1000 - seconds);
  if (clocks.length > CLOCKS) clocks.shift();
  sound.clock(seconds);
}

// Two things to see: a response, or a live run.
function mode(which) {
  by("live").hidden = which !== "live";
  by("work").hidden = which === "live";
  for (const each of ["work", "live"]) by(`mode-${each}`).ariaPressed = String(each === which);
  history.replaceState(null, "", `${location.pathname}${location.search}${which === "live" ? "#live" : ""}`);
  if (which !== "live") return;
  if (transport.playing) transport.pause();
  look();
  hear();
  if (devices === null) search();
}

// What an agent's dials stand at; where the run stands.
async function look() {
  const mine = ++asking, agent = isOn() ? live.asked?.agent ?? "" : by("live-agent").value;
  try {
    const { run, asked, cues, dials } = await get("/api/live", { agent });
    if (mine !== asking) return;
    live.about = dials;
    if (!live.run) { live.run = run; live.asked = asked; }
    cueButtons(cues);
    build();
    state();
    if (isOn() && live.asked?.agent !== agent) look();
  } catch (error) { trouble(error.message); }
}

async function search() {
  devices = [];
  by("live-devices-said").textContent = "looking for sound devices";
  try {
    const found = await get("/api/live/devices");
    devices = found.devices;
    const ins = devices.filter(each => each.inputs).length, outs = devices.filter(each => each.outputs).length;
    by("live-devices-said").textContent = found.said ?? `${ins} input${ins === 1 ? "" : "s"}, ${outs} output${outs === 1 ? "" : "s"}`;
    choices();
  } catch (error) { by("live-devices-said").textContent = error.message; }
}

function choices() {
  const { state: project } = studio;
  if (!project) return;
  const sounds = project.sounds.map(each => [each, each]), first = !by("live-memory").options.length && sounds.length > 0, titled = each => `${each.name} (${each.system})`;
  fill(by("live-guide"), [...sounds, ...(devices ?? []).filter(each => each.inputs).map(each => [DEVICE + each.number, `Input: ${titled(each)}`]), [OSC, "By OSC, from another program"]]);
  fill(by("live-memory"), sounds);
  if (first) { by("live-memory").selectedIndex = -1; by("live-memory").options[Math.min(1, sounds.length - 1)].selected = true; }
  fill(by("live-agent"), [["", "the live agent that comes with Antiphon"], ...project.agents.map(each => [each, each.split("/").at(-1)])]);
  fill(by("live-output"), [[HERE, "In this page, 0.3 s behind"], ...(devices ?? []).filter(each => each.outputs).map(each => [each.number, `Output: ${titled(each)}`]), [HOST, "Nowhere: another program plays, by OSC"]]);
  by("live-repeats").disabled = !project.sounds.includes(by("live-guide").value);
}

async function begin(event) {
  event.preventDefault();
  const guide = by("live-guide").value, output = by("live-output").value, isSound = studio.state.sounds.includes(guide);
  const body = {
    memories: [...by("live-memory").selectedOptions].map(each => each.value), agent: by("live-agent").value,
    guide: isSound ? guide : "", input: guide.startsWith(DEVICE) ? guide.slice(DEVICE.length) : null, output: [HERE, HOST].includes(output) ? null : output,
    repeats: isSound && by("live-repeats").checked, seed: +by("live-seed").value, tempo: by("live-tempo").value ? +by("live-tempo").value : null, controls: turned,
  };
  trouble("");
  by("live-begin").disabled = true;
  try {
    await send("/api/live/begin", body);
    written = "";
    hear();
    // The browser lets sound begin with a press of a button, and not later.
    if (output === HERE) listen_here(true); else await listen_here(false);
  } catch (error) { trouble(error.message); }
  by("live-begin").disabled = isOn();
}

async function tell(name, ...values) {
  try { await send("/api/live/tell", { name, values }); } catch (error) { trouble(error.message); }
}

// Events, from the first that is kept of the run on; a stream that breaks begins again where it was.
function hear() {
  if (source && source.readyState !== EventSource.CLOSED) return;
  source = new EventSource(`/api/live/events?${new URLSearchParams({ token, after: last })}`);
  source.onmessage = event => {
    last = +event.lastEventId;
    for (const [name, values] of JSON.parse(event.data)) HEARD[name]?.(values);
    if (steady.matches) draw();
  };
  source.onerror = () => {
    by("live-hear-said").textContent = "The studio is lost; trying again.";
    if (source.readyState === EventSource.CLOSED) { source = null; setTimeout(hear, AGAIN); }
  };
  source.onopen = () => { if (by("live-hear-said").textContent.startsWith("The studio is lost")) by("live-hear-said").textContent = ""; };
}

const span = told => ({ start: secondsOf(told.frame), end: secondsOf(told.frame) + told.duration });
const step = told => ({ ...span(told), number: told.number, token: told.file ? told.played : live.about?.rest ?? told.played, asked: told.token, share: told.probability, file: told.file, source: told.source, late: told.late });

const HEARD = {
  run(about) {
    if (about.id !== live.run?.id) fresh();
    const before = live.run?.state;
    if (before !== about.state && ["loading", "over"].includes(about.state)) by("live-setup").open = about.state === "over";
    live.run = about;
    sound.frames = about.rate;
    if (about.state === "over" && before !== "over") { live.stopped = now(); sound.leave(); }
    if (about.state === "on" && about.guide_frame !== null && live.asked?.guide) lanes?.setGuide(live.asked.guide, secondsOf(about.guide_frame), live.asked.repeats);
    state();
    if (before !== about.state || about.guide_frame !== null) refresh();
  },
  hello() {},
  token(told) {
    live.tokens += 1;
    lanes.hear({ start: told.time, end: told.time + told.duration, token: told.token, level: told.level });
    live.heard = told;
    words();
  },
  plan(told) {
    steps = [];
    live.planned += 1;
    if (!told.steps) lanes.planned([]);
  },
  "plan/step"(told) { steps = [...steps, step(told)]; lanes.planned(steps); words(); },
  commit(told) {
    clock(secondsOf(told.frame) - told.in);
    live.commits.push(told);
    live.counts.late = (live.counts.late ?? 0) + told.late;
    lanes.commit(step(told));
    sound.commit(told);
    words();
  },
  silence(told) { lanes.silence(secondsOf(told.frame)); sound.silence(told); words(); },
  status(told) { line(told.kind, told.words, ["late", "refused", "device"].includes(told.kind)); },
  error(told) { line(told.code, told.words, true); },
  value({ name, value }) {
    live.values[name] = value;
    const row = rows.get(name);
    if (row) { row.box.dataset.taken = value; dial(row); }
    line("changed", `${name} is ${value}`);
  },
  heartbeat(told) {
    live.heartbeat = told;
    lastBeat = performance.now();
    clock(secondsOf(told.frame));
    if (live.run?.guide_frame !== null && live.asked?.guide) sound.guide(live.asked.guide, secondsOf(live.run.guide_frame), live.asked.repeats);
    beat();
  },
};

// Another run than the one that was seen.
function fresh() {
  Object.assign(live, { values: {}, counts: {}, heartbeat: null, said: [], commits: [], tokens: 0, planned: 0, heard: null, stopped: 0, asked: null });
  clocks = []; steps = [];
  lanes.reset();
  by("live-words").replaceChildren();
  by("live-written").hidden = true;
  by("live-now").textContent = "Nothing was heard yet.";
  for (const { box } of rows.values()) delete box.dataset.taken;
}

async function refresh() {
  const { asked, dials } = await get("/api/live", { agent: live.asked?.agent ?? by("live-agent").value }).catch(() => ({}));
  if (!asked) return;
  live.asked = asked;
  if (asked.agent === by("live-agent").value) live.about = dials; else look();
  lanes.rest = live.about?.rest;
  if (live.run?.guide_frame !== null && asked.guide) lanes.setGuide(asked.guide, secondsOf(live.run.guide_frame), asked.repeats);
  state();
}

function state() {
  const { run } = live, running = isOn(), failed = run?.state === "over" && !run.said.startsWith("ended");
  by("live-lamp").hidden = !running;
  by("live-said").textContent = !run || run.state === "none" ? "No live run yet." : run.state === "on" ? "On." : `${run.said.charAt(0).toUpperCase()}${run.said.slice(1)}.`;
  by("live-said").classList.toggle("failed", failed);
  by("live-progress").hidden = run?.state !== "loading";
  by("live-progress").value = run?.done ?? 0;
  by("live-begin").disabled = running;
  by("live-run").hidden = !run || run.state === "none" || (run.state === "over" && !run.rate);
  for (const each of by("live-run").querySelectorAll(".transport button")) each.disabled = run?.state !== "on";
  by("live-hearing").hidden = Boolean(live.asked?.output) || !running;
  if (lanes) lanes.rest = live.about?.rest;
  if (run?.state === "over" && live.heartbeat) by("live-beat").replaceChildren(...pairs({ ...live.heartbeat, playing: 0 }));
  keeping();
}

// The response that a run became, by its job.
function keeping() {
  const job = studio.state?.jobs.find(each => each.kind === "live" && each.asked.run === live.run?.id);
  by("live-written").hidden = !job;
  if (!job) return;
  written = job.state === "done" ? job.result : "";
  by("live-written").firstElementChild.textContent = { waiting: "What was played waits to be written.", running: "What was played is being written.",
    done: `What was played is written: ${job.result}`, failed: `What was played could not be written: ${job.said.join(" ")}`, stopped: "Writing what was played was stopped." }[job.state];
  by("live-open").hidden = job.state !== "done";
}

function words() {
  const time = now(), { heard } = live, here = lanes.at(time);
  const told = [heard ? `Heard: ${names.long(heard.token)}, ${heard.level.toFixed(0)} dBFS.` : "Nothing was heard yet."];
  told.push(here?.file ? `Plays: ${names.long(here.token)} from ${here.file} at ${(here.source + time - here.start).toFixed(1)} s.` : "Plays: nothing.");
  if (lanes.plan.length) told.push(`Planned: ${lanes.plan.slice(0, 6).map(each => each.file ? names.short(each.token) : "rest").join(", ")}.`);
  by("live-now").textContent = told.join(" ");
}

function pairs(told) {
  const lost = live.run?.state === "on" && performance.now() - lastBeat > SILENT_MS ? (performance.now() - lastBeat) / 1000 : 0;
  const entries = [
    ["time", `${told.time.toFixed(0)} s`], ["playing", told.playing ? "yes" : "no"], ["decision", told.decision, told.decision !== "well"],
    ["device", told.device, told.device === "lost"], ["tempo", told.bpm ? `${told.bpm.toFixed(1)}` : "none"], ["late decisions", String(live.counts.late ?? 0), live.counts.late > 0],
    ["late spans", String(told.late), told.late > 0], ["gaps", String(told.gaps), told.gaps > 0], ["lost blocks", String(told.xruns), told.xruns > 0], ["refused", String(told.errors), told.errors > 0],
    ...(lost ? [["no heartbeat for", `${lost.toFixed(0)} s`, true]] : []),
  ];
  return entries.map(([name, value, wrong]) => {
    const box = made("div");
    box.append(made("dt", name), made("dd", value, { className: wrong ? "wrong" : "" }));
    return box;
  });
}
const beat = () => { if (live.heartbeat && shown()) by("live-beat").replaceChildren(...pairs(live.heartbeat)); };

function line(kind, said, wrong = false) {
  live.said.push([kind, said]);
  const item = made("li", "", { className: wrong ? "wrong" : "" });
  item.append(made("time", `${now().toFixed(0)} s`), `${kind}: ${said}`);
  by("live-words").prepend(item);
  while (by("live-words").children.length > MOST_WORDS) by("live-words").lastChild.remove();
}

function cueButtons(cues) {
  if (by("live-cues").children.length) return;
  by("live-cues").replaceChildren(...Object.entries(cues).map(([name, said]) => {
    const button = made("button", name.charAt(0).toUpperCase() + name.slice(1), { type: "button", id: `live-cue-${name}`, title: said, className: name === "panic" ? "panic" : "" });
    if (name === "panic") button.setAttribute("aria-keyshortcuts", "Escape");
    button.addEventListener("click", () => tell(name));
    return button;
  }));
}

// Dials, from the table of controls.
const standing = ({ name, default: usual, own }) => turned[name] ?? (isOn() ? live.values[name] : undefined) ?? usual ?? own ?? null;
const worded = (each, value) => value === null ? "as the agent has it" : typeof value === "number" || (value !== "off" && each.kind === "dial") ? `${+(+value).toFixed(2)}${each.unit ? ` ${each.unit}` : ""}` : String(value);
const fineness = ({ low, high }) => high - low <= 2 ? 0.01 : high - low <= 20 ? 0.1 : 0.5;

function build() {
  if (rows.size) { for (const row of rows.values()) { row.each = live.about.table.find(each => each.name === row.each.name); dial(row); } return; }
  by("live-dials").replaceChildren(...live.about.table.map(each => {
    const box = made("div", "", { className: "dial" }), id = `live-dial-${each.name}`, label = made("label", each.name.charAt(0).toUpperCase() + each.name.slice(1).replace("_", " "));
    label.htmlFor = id;
    const isDial = each.kind === "dial", input = isDial ? made("input", "", { id, type: "range", min: each.low, max: each.high, step: fineness(each) })
      : each.options.length ? made("select", "", { id }) : made("input", "", { id, type: "text", maxLength: 200 });
    if (!isDial && each.options.length) fill(input, each.options.map(option => [option, option]));
    const output = made("output"), note = made("p", each.words, { className: "note", id: `${id}-words` }), row = { each, box, input, output, off: null };
    output.htmlFor.add(id);
    input.setAttribute("aria-describedby", note.id);
    input.addEventListener(isDial ? "input" : "change", () => turn(row, isDial ? +input.value : input.value.trim()));
    box.append(label, output, input);
    if (each.can_be_off) {
      row.off = made("input", "", { type: "checkbox" });
      const boxed = made("label", "", { className: "check off" });
      row.off.addEventListener("change", () => turn(row, row.off.checked ? "off" : +input.value));
      boxed.append(row.off, ` ${each.name} off`);
      box.append(boxed);
    }
    box.append(note);
    rows.set(each.name, row);
    dial(row);
    return box;
  }));
}

function dial({ each, box, input, output, off }) {
  const value = standing(each), isOff = value === "off";
  if (document.activeElement !== input) input.value = each.kind === "dial" ? String(isOff || value === null ? Math.max(0, each.low) : value) : String(value ?? input.value);
  if (off) off.checked = isOff;
  output.textContent = worded(each, each.kind === "dial" || each.options.length ? value : "");
  if (each.kind === "dial") input.setAttribute("aria-valuetext", worded(each, value));
  box.classList.toggle("turned", each.name in turned || (isOn() && each.name in live.values));
}

function turn(row, value) {
  const { name } = row.each;
  turned = { ...turned, [name]: value };
  dial(row);
  if (live.run?.state !== "on") return;
  clearTimeout(soon.get(name));
  soon.set(name, setTimeout(() => tell(name, value), SOON));
}

function asTheAgent() {
  const before = Object.keys({ ...turned, ...(isOn() ? live.values : {}) });
  turned = {};
  for (const name of before) {
    const row = rows.get(name), value = row?.each.default ?? row?.each.own ?? null;
    if (row && live.run?.state === "on" && value !== null) { live.values[name] = value; tell(name, value); }
  }
  for (const row of rows.values()) dial(row);
}

async function listen_here(wanted) {
  by("live-hear").ariaPressed = String(wanted);
  if (!wanted) { await sound.end(); by("live-hear-said").textContent = ""; return; }
  try {
    const files = [...new Set([...by("live-memory").selectedOptions].map(each => each.value)), by("live-guide").value];
    const asked = isOn() && live.asked ? [...live.asked.memories, live.asked.guide] : files;
    await sound.begin(live.run?.rate || 48000, asked.filter(each => studio.state.sounds.includes(each)));
    by("live-hear-said").textContent = "";
  } catch (error) { by("live-hear").ariaPressed = "false"; by("live-hear-said").textContent = `It cannot sound here: ${error.message}`; }
}

function draw() { if (shown() && !by("live-run").hidden) lanes.draw(now()); }
function frame() {
  requestAnimationFrame(frame);
  if (!steady.matches) draw();
}

export function listen() {
  lanes = new LiveLanes(by("live-lanes"), names);
  by("mode-work").addEventListener("click", () => mode("work"));
  by("mode-live").addEventListener("click", () => mode("live"));
  by("live-form").addEventListener("submit", begin);
  by("live-look").addEventListener("click", search);
  by("live-end").addEventListener("click", () => send("/api/live/end", {}).catch(error => trouble(error.message)));
  by("live-tap").addEventListener("click", () => tell("tap"));
  by("live-open").addEventListener("click", () => { mode("work"); say("open", written); });
  by("live-hear").addEventListener("click", () => listen_here(by("live-hear").ariaPressed !== "true"));
  by("live-agent").addEventListener("change", look);
  by("live-guide").addEventListener("change", choices);
  by("live-dials-own").addEventListener("click", asTheAgent);
  for (const each of ["guide", "response"]) by(`live-level-${each}`).addEventListener("input", event => sound.setLevel(each, +event.target.value));
  document.addEventListener("keydown", event => {
    if (event.key === "Escape" && shown() && live.run?.state === "on") { event.preventDefault(); tell("panic"); }
  });
  on("state", () => { choices(); keeping(); });
  on("named", () => { if (shown()) { words(); draw(); } });
  setInterval(beat, 1000);
  // A run goes on without a page, and a page finds it again.
  get("/api/live").then(({ run }) => {
    if (["loading", "on", "ending"].includes(run.state)) { by("live-lamp").hidden = false; hear(); }
    if (location.hash === "#live") mode("live");
  }).catch(() => {});
  frame();
}
