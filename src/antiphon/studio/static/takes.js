// Versions side by side, as loud as the softest: one is heard, the others run along; blind, in an order nobody knows.
import { get } from "/static/api.js";
import { Lane } from "/static/lanes.js";
import { by, fill, made } from "/static/panels.js";
import { classTitle, on, segmentsOf, shortTitle, studio, transport, trouble } from "/static/session.js";

const names = { long: classTitle, short: shortTitle };
let versions = [], order = [], heard = 0, lanes = [], added = [], votes = new Map(), visible = false, made_for = "", panels = null;

// Everything that can be compared: the response, its takes, a draft of it, and responses that were added.
function collect() {
  const { response, draft } = studio;
  return [
    { title: "the response", sound: response.sound, segments: studio.original.segments },
    ...response.takes.map((each, n) => ({ title: each.name, take: n + 2, sound: each.sound, segments: segmentsOf(each.segments) })),
    ...(draft ? [{ title: "the draft", sound: draft.sound, segments: draft.segments }] : []),
    ...added,
  ];
}

async function show() {
  if (!studio.response || !visible) return;
  const found = collect(), key = JSON.stringify(found.map(each => each.sound));
  if (key !== made_for) {
    made_for = key;
    versions = found;
    heard = 0;
    shuffle();
    try {
      await match();
    } catch (error) { trouble(error.message); }
    if (key !== made_for) return;
    transport.setGroup("compare", versions.map((each, n) => ({ name: `version ${n}`, files: [each.sound], seconds: studio.response.seconds, level: each.gain })));
  }
  others();
  draw();
  hearOnly();
}

// Gains that make all as loud as the softest, by integrated loudness (ITU-R BS.1770).
async function match() {
  const found = await Promise.all(versions.map(each => get("/api/loudness", { file: each.sound })));
  const softest = Math.min(...found.map(each => each.lufs ?? Infinity));
  versions.forEach((each, n) => {
    each.lufs = found[n].lufs;
    each.gain = each.lufs === null || !Number.isFinite(softest) ? 1 : 10 ** ((softest - each.lufs) / 20);
  });
}

function shuffle() {
  order = versions.map((_, n) => n);
  if (!by("blind").checked) return;
  for (let n = order.length - 1; n > 0; n -= 1) {
    const other = crypto.getRandomValues(new Uint32Array(1))[0] % (n + 1);
    [order[n], order[other]] = [order[other], order[n]];
  }
}

const blind = () => by("blind").checked;
const titleOf = place => blind() ? `number ${place + 1}` : versions[order[place]].title;

function draw() {
  for (const lane of lanes) lane.close();
  lanes = [];
  by("versions").replaceChildren(...order.map((number, place) => {
    const version = versions[number], row = made("div", "", { className: "version" });
    row.setAttribute("aria-label", titleOf(place));
    row.setAttribute("role", "group");
    const hear = made("button", `${place + 1}`, { type: "button", ariaPressed: String(place === heard) });
    hear.setAttribute("aria-label", blind() ? `${place + 1}: hear it` : `${place + 1}: hear ${titleOf(place)}`);
    hear.dataset.place = String(place);
    hear.addEventListener("click", () => choose(place));
    const prefer = made("button", "I prefer this", { type: "button" });
    prefer.setAttribute("aria-label", `I prefer this: ${titleOf(place)}`);
    prefer.addEventListener("click", () => vote(place));
    const gain = 20 * Math.log10(version.gain ?? 1);
    const said = blind() ? `Number ${place + 1}` : `${version.title[0].toUpperCase()}${version.title.slice(1)}`;
    row.append(hear, made("b", said), made("small", blind() ? "" : version.lufs === null ? "silent" : `${version.lufs.toFixed(1)} LUFS, ${gain.toFixed(1)} dB here`), prefer);
    if (!blind()) {
      const view = made("div", "", { className: "view small" });
      row.append(view);
      const lane = new Lane(view, studio.axis, { files: [version.sound], segments: version.segments, rest: studio.response.rest, samples: file => transport.sounds.get(file), names });
      lane.canvas.tabIndex = -1;
      lane.canvas.setAttribute("role", "img");
      lane.canvas.setAttribute("aria-label", `Waveform of ${version.title}`);
      lane.addEventListener("press", ({ detail: { time } }) => { choose(place); play(time); });
      lanes.push(lane);
      if (version.take && !studio.response.edited) {
        const on = made("button", "Go on with this", { type: "button" });
        on.setAttribute("aria-label", `Go on with ${version.title}`);
        on.addEventListener("click", () => goOn(version));
        view.before(on);
      }
    }
    return row;
  }));
}

export function place(time) { for (const lane of lanes) lane.place(time, true); }

function hearOnly() {
  order.forEach((number, at) => { if (transport.tracks.has(`version ${number}`)) transport.set(`version ${number}`, { muted: at !== heard }); });
  for (const button of by("versions").querySelectorAll("[data-place]")) button.ariaPressed = String(+button.dataset.place === heard);
}

function choose(at) {
  if (at >= order.length) return;
  heard = at;
  hearOnly();
}

async function play(time) {
  try { await transport.play("compare", time); } catch (error) { trouble(error.message); }
}

function playOrPause() {
  if (transport.playing && transport.group === "compare") { studio.cursor = transport.position(); transport.pause(); } else play(studio.span?.[0] ?? studio.cursor);
}

function vote(at) {
  const title = versions[order[at]].title;
  votes.set(title, (votes.get(title) ?? 0) + 1);
  const count = [...votes].map(([each, times]) => `${each} ${times}`).join(", ");
  by("compare-said").textContent = blind() ? `You chose number ${at + 1}, which is ${title}. In all: ${count}. The order is new now.` : `You chose ${title}. In all: ${count}.`;
  if (blind()) { shuffle(); draw(); hearOnly(); }
}

// A take as a response of its own, sample by sample, that can be kept, redone and written.
async function goOn({ take, title }) {
  const { response } = studio;
  const id = await panels.ask("/api/again", { response: response.name, take, kept: [[0, response.seconds]], seed: response.seed, name: `${response.name.split("/").at(-1)} ${title}` }, response.name);
  if (id) by("compare-said").textContent = `${title} becomes a response, which opens when it is written.`;
}

function others() {
  const known = new Set([studio.response.name, ...added.map(each => each.name)]);
  fill(by("compare-with"), [["", "none"], ...(studio.state?.responses ?? []).filter(name => !known.has(name)).map(name => [name, name])]);
}

async function add(name) {
  if (!name) return;
  try {
    const found = await get("/api/response", { name });
    if (found.rate !== studio.response.rate) by("compare-said").textContent = `${name} has another sample rate, and is converted for hearing.`;
    added.push({ name, title: name, sound: found.sound, segments: segmentsOf(found.segments) });
    await show();
  } catch (error) { trouble(error.message); }
}

export function listen(shared) {
  panels = shared;
  on("shown", id => { visible = id === "takes"; show(); });
  on("opened", () => { added = []; made_for = ""; votes = new Map(); by("compare-said").textContent = ""; show(); });
  on("closed", () => { for (const lane of lanes) lane.close(); lanes = []; made_for = ""; });
  on("version", show);
  on("state", () => { if (studio.response && visible) others(); });
  by("blind").addEventListener("change", () => { shuffle(); draw(); choose(0); });
  by("compare-play").addEventListener("click", playOrPause);
  by("compare-with").addEventListener("change", () => add(by("compare-with").value));
  document.addEventListener("keydown", event => {
    if (!visible || event.defaultPrevented || event.target.closest("input, select, textarea") || event.ctrlKey || event.altKey || event.metaKey) return;
    if (/^[1-9]$/.test(event.key)) choose(+event.key - 1);
    else if (event.key === "n") choose((heard + 1) % Math.max(order.length, 1));
    else return;
    event.preventDefault();
  });
}
