// The alphabet: what each class sounds like, what answers what, and the names that a musician gives.
import { get, keep } from "/static/api.js";
import { colour } from "/static/lanes.js";
import { by, fill, made } from "/static/panels.js";
import { classTitle, nameOf, on, say, studio, transport, trouble } from "/static/session.js";

const PITCHES = ["C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B"];
const SHOWN = 8;
let sheet = null, visible = false, panels = null, playing = 0;

async function load() {
  const { response } = studio;
  if (!visible || !response) return;
  choices();
  classes();
  answers();
  const asked = { agent: response.agent_name ?? "", guide: by("sheet-guide").value, target: by("sheet-target").value };
  if (response.agent_name === null) { by("sheet-said").textContent = "The agent of this response lies outside the project."; return; }
  if (!asked.guide || !asked.target || asked.guide === asked.target) { sheet = null; cards(); return; }
  try {
    const found = (await get("/api/alphabet", asked)).sheet;
    if (studio.response !== response) return;
    sheet = found && found.alphabet_id === response.alphabet ? found : null;
    by("sheet-said").textContent = sheet ? `${sheet.classes.length} classes occur in the two sounds.` : "Nobody has listened to the alphabet in these two sounds yet.";
    cards();
    answers();
  } catch (error) { trouble(error.message); }
}

function choices() {
  const sounds = studio.state?.sounds ?? [], first = !by("sheet-guide").options.length;
  for (const id of ["sheet-guide", "sheet-target"]) fill(by(id), sounds.map(name => [name, name]));
  if (!first) return;
  const guide = studio.response.guides[0]?.file, memory = studio.response.memories[0]?.file;
  if (sounds.includes(guide)) by("sheet-guide").value = guide;
  by("sheet-target").value = sounds.includes(memory) && memory !== by("sheet-guide").value ? memory : sounds.find(name => name !== by("sheet-guide").value) ?? "";
}

async function listenTo(event) {
  event.preventDefault();
  const id = await panels.ask("/api/alphabet", { agent: studio.response.agent_name ?? "", guide: by("sheet-guide").value, target: by("sheet-target").value });
  if (id) by("sheet-said").textContent = "listening; the job shows how far it is";
}

// The classes that there is something to say of: those of the sheet, and without one those of the response.
function known() {
  if (sheet) return sheet.classes.map(each => each.id);
  const counts = new Map();
  for (const each of [...studio.segments.map(found => found.token), ...studio.response.guide]) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([id]) => id);
}

function classes() {
  const chosen = by("answers-of").value;
  fill(by("answers-of"), known().map(id => [String(id), classTitle(id)]));
  if (!by("answers-of").value && by("answers-of").options.length) by("answers-of").selectedIndex = 0;
  else if (chosen && [...by("answers-of").options].some(option => option.value === chosen)) by("answers-of").value = chosen;
}

async function name(token, input) {
  try {
    await keep("/api/names", { alphabet: studio.response.alphabet, token, name: input.value });
    say("asked");
  } catch (error) { trouble(error.message); }
}

function cards() {
  const about = new Map(sheet?.classes.map(each => [each.id, each]));
  by("classes").replaceChildren(...known().map(id => card(id, about.get(id))));
  classes();
}

function card(id, about) {
  const rests = id === studio.response.rest, box = made("article", "", { className: "card" }), top = made("header");
  const swatch = made("span", "", { className: "swatch" }), input = made("input", "", { type: "text", maxLength: 60, value: nameOf(id), placeholder: rests ? "rest" : `class ${id}` });
  swatch.style.background = colour(id, studio.response.rest);
  input.setAttribute("aria-label", `Name of ${rests ? "the rest" : `class ${id}`}`);
  input.dataset.token = String(id);
  input.disabled = rests;
  input.addEventListener("change", () => name(id, input));
  top.append(swatch, made("b", rests ? "rest" : String(id)), input);
  box.append(top);
  const examples = about ? about.examples.filter(each => each.file) : own(id);
  if (examples.length) {
    const hear = made("button", `Hear ${examples.length}`, { type: "button" });
    hear.setAttribute("aria-label", `Hear ${examples.length} of ${classTitle(id)}`);
    hear.addEventListener("click", () => inARow(examples));
    top.append(hear);
  }
  if (!about) return box;
  box.append(made("p", `${(100 * about.share).toFixed(1)} %, ${about.count} segments; ${about.level_dbfs.toFixed(0)} dBFS; runs of ${about.run_mean.toFixed(1)}`));
  if (!rests) box.append(bars(about.pitch_classes), made("p", `like ${about.neighbours.slice(0, 3).map(([each]) => classTitle(each)).join(", ") || "no other"}`));
  box.append(made("p", `then ${about.successors.slice(0, 3).map(([each, share]) => `${classTitle(each)} ${(100 * share).toFixed(0)} %`).join(", ") || "nothing"}`));
  return box;
}

// Of a class without a sheet: where the response plays it.
function own(id) {
  const memories = studio.response.memories;
  return studio.segments.filter(each => each.token === id && memories[each.part]?.file).slice(0, 4).map(each => ({ file: memories[each.part].file, start: each.from, end: each.to }));
}

function bars(values) {
  const box = made("div", "", { className: "pitches" }), most = Math.max(...values, 1e-9);
  box.setAttribute("role", "img");
  const strongest = values.map((value, n) => [value, PITCHES[n]]).sort((a, b) => b[0] - a[0]).slice(0, 3).map(([, pitch]) => pitch);
  box.setAttribute("aria-label", `Pitch classes, the strongest ${strongest.join(", ")}`);
  box.append(...values.map((value, n) => {
    const bar = made("span", PITCHES[n]);
    bar.style.setProperty("--tall", String(value / most));
    return bar;
  }));
  return box;
}

async function inARow(examples) {
  const mine = ++playing;
  for (const each of examples) {
    if (mine !== playing) return;
    try {
      const lasts = await transport.audition(each.file, each.start, each.end);
      await new Promise(done => setTimeout(done, 1000 * lasts + 150));
    } catch (error) { trouble(error.message); return; }
  }
}

// p(b|a) at a lag: of the sounds by the sheet, of the response by its own tokens.
function rowsOf(heard, lag) {
  if (by("answers-in").value === "sounds") {
    return (sheet?.answers[String(lag)] ?? []).filter(([each]) => each === heard).map(([, token, share, chance, times]) => ({ token, share, chance, times }));
  }
  const { guide } = studio.response, played = studio.segments.map(each => each.token), counts = new Map(), all = new Map();
  let occasions = 0, pairs = 0;
  for (let n = 0; n < guide.length; n += 1) {
    const answer = played[n + lag];
    if (answer === undefined) continue;
    pairs += 1;
    all.set(answer, (all.get(answer) ?? 0) + 1);
    if (guide[n] !== heard) continue;
    occasions += 1;
    counts.set(answer, (counts.get(answer) ?? 0) + 1);
  }
  return [...counts].map(([token, times]) => ({ token, times, share: times / occasions, chance: all.get(token) / pairs })).sort((a, b) => b.share - a.share);
}

function answers() {
  if (!studio.response || !by("answers-of").value) return;
  const heard = +by("answers-of").value, lag = +by("lag").value, sounds = by("answers-in").value === "sounds";
  const when = lag === 0 ? "at the same time" : `${Math.abs(lag)} segment${Math.abs(lag) > 1 ? "s" : ""} ${lag > 0 ? "later" : "earlier"}`;
  by("lag-said").textContent = when;
  by("lag").setAttribute("aria-valuetext", when);
  const rows = rowsOf(heard, lag).slice(0, SHOWN);
  by("answers-list").replaceChildren(...rows.map(({ token, share, chance, times }) => {
    const row = made("div"), bar = made("progress", "", { max: 1, value: share });
    bar.setAttribute("aria-label", `Share of ${classTitle(token)}`);
    row.append(made("span", classTitle(token)), bar, made("span", `${(100 * share).toFixed(0)} %`), made("small", `${times} times; ${(100 * chance).toFixed(0)} % of all`));
    return row;
  }));
  if (!rows.length) by("answers-list").append(made("p", sounds && !sheet ? "Listen to the alphabet first." : "It does not occur there.", { className: "note" }));
}

export function listen(shared) {
  panels = shared;
  on("shown", id => { visible = id === "alphabet"; load(); });
  on("opened", () => { sheet = null; load(); });
  on("version", () => { if (visible) { if (!sheet) cards(); answers(); } });
  on("named", () => {
    if (!visible || !studio.response) return;
    if (by("classes").contains(document.activeElement)) { for (const input of by("classes").querySelectorAll("input")) if (input !== document.activeElement) input.value = nameOf(+input.dataset.token); classes(); } else cards();
    answers();
  });
  on("sheet", load);
  by("sheet").addEventListener("submit", listenTo);
  for (const id of ["sheet-guide", "sheet-target"]) by(id).addEventListener("change", load);
  for (const id of ["answers-of", "answers-in", "lag"]) by(id).addEventListener("input", answers);
}
