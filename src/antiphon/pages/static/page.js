// A page that stands alone: its lanes sound from one clock, guide and response together, of several versions the one that
// is chosen, and the memory by itself.
const WIDTH = 1200, MOST_ZOOM = 200;
const by = id => document.getElementById(id);
const made = (tag, text, values = {}) => Object.assign(document.createElement(tag), { textContent: text }, values);

const lanes = [...document.querySelectorAll("section.lane")].map(section => {
  const { name, part, seconds, rate } = section.dataset, audio = section.querySelector("audio");
  const regions = [...section.querySelectorAll("rect")].map(rect => {
    const start = +rect.getAttribute("x") / WIDTH * seconds;
    return { start, end: start + rect.getAttribute("width") / WIDTH * seconds, said: rect.querySelector("title").textContent };
  });
  return { name, part, section, regions, seconds: +seconds, rate: +rate, source: audio?.src ?? "", wave: section.querySelector(".wave"), level: 1, muted: false, solo: false };
});
const answers = lanes.filter(lane => lane.part !== "memory"), versions = lanes.filter(lane => lane.part === "version");
const groupOf = lane => lane.part === "memory" ? "memory" : "answer";
const seconds = Math.max(...answers.map(lane => lane.seconds));
const axis = { start: 0, end: seconds };
const sources = new Map(lanes.map(lane => [lane.name, lane.source]));
const transport = new Transport({ bytes: async name => (await fetch(sources.get(name))).arrayBuffer() });
let cursor = 0, heard = versions[0], balance = 0;

transport.open(answers[0].rate, lanes.map(lane => ({ name: lane.name, group: groupOf(lane), files: lane.source ? [lane.name] : [], seconds: lane.seconds })));

// Balance turns one side down; of several versions the one that is chosen is heard.
function levels() {
  for (const lane of lanes) {
    const side = lane.part === "version" ? Math.min(1, 1 + balance) : lane.part === "answer" ? Math.min(1, 1 - balance) : 1;
    const chosen = lane.part !== "version" || lane === heard || versions.some(each => each.solo);
    transport.set(lane.name, { level: lane.level * side, muted: lane.muted || !chosen, solo: lane.solo });
    for (const [key, value] of [["muted", lane.muted], ["solo", lane.solo], ["heard", lane === heard]]) {
      lane.section.querySelector(`[data-key=${key}]`)?.setAttribute("aria-pressed", String(value));
    }
  }
}

const trouble = error => { by("reading").textContent = `It cannot be played here: ${error.message}`; };
const play = (lane, time) => transport.play(groupOf(lane), time).catch(trouble);

function playOrPause() {
  if (transport.playing) { transport.pause(); return; }
  play(answers[0], cursor);
}

function moveTo(time) {
  cursor = Math.min(Math.max(time, 0), seconds);
  if (cursor < axis.start || cursor > axis.end) show(cursor - 0.05 * (axis.end - axis.start), cursor + 0.95 * (axis.end - axis.start));
  transport.seek(cursor)?.catch?.(trouble);
}

function show(start, end) {
  const width = Math.min(Math.max(end - start, seconds / MOST_ZOOM), seconds);
  axis.start = Math.min(Math.max(start, 0), seconds - width);
  axis.end = axis.start + width;
  for (const svg of document.querySelectorAll(".lane:not([data-part=memory]) svg, .map svg")) {
    svg.setAttribute("viewBox", `${axis.start / seconds * WIDTH} 0 ${width / seconds * WIDTH} ${svg.getAttribute("viewBox").split(" ")[3]}`);
  }
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600].find(each => width / each <= Math.max(innerWidth / 130, 3)) ?? 1800;
  for (const scale of document.querySelectorAll(".lane:not([data-part=memory]) .ticks, .map .ticks")) {
    const marks = [];
    for (let number = Math.ceil(axis.start / step); number * step <= axis.end; number += 1) {
      const mark = made("span", `${+(number * step).toFixed(1)} s`);
      mark.style.left = `${100 * (number * step - axis.start) / width}%`;
      marks.push(mark);
    }
    scale.replaceChildren(...marks);
  }
  const slider = by("scroll");
  slider.disabled = width > seconds - 1e-9;
  slider.max = String(seconds - width);
  slider.value = String(axis.start);
  slider.setAttribute("aria-valuetext", `${axis.start.toFixed(1)} to ${axis.end.toFixed(1)} seconds`);
}

function zoom(factor, around = cursor) {
  const here = Math.min(Math.max(around, axis.start), axis.end), share = (here - axis.start) / (axis.end - axis.start), width = (axis.end - axis.start) / factor;
  show(here - share * width, here + (1 - share) * width);
}

const regionAt = (lane, time) => lane.regions.find(each => each.start <= time + 1e-6 && time + 1e-6 < each.end);

function step(lane, by) {
  const { regions } = lane.part === "memory" || !lane.regions.length ? answers.find(each => each.regions.length) ?? lane : lane;
  if (!regions.length) { moveTo(cursor + by); return; }
  const found = regions.findIndex(each => each.end > cursor + 1e-6), here = found < 0 ? regions.length : found;
  moveTo(regions[Math.min(Math.max(here + by, 0), regions.length - 1)].start);
}

function choose(version) { if (version) { heard = version; levels(); told(); } }

let saying = "";
function told() {
  const at = transport.playing && transport.group === "memory" ? null : cursor;
  const said = [answers[0], heard].filter((lane, n, all) => lane && all.indexOf(lane) === n)
    .map(lane => { const region = at === null ? null : regionAt(lane, at); return region ? `${lane.name}: ${region.said}` : ""; }).filter(Boolean).join(". ");
  const now = `${cursor.toFixed(1)}${said}`;
  if (now === saying) return;
  saying = now;
  by("time").textContent = `${cursor.toFixed(1)} of ${seconds.toFixed(1)} s`;
  by("reading").textContent = said;
  for (const lane of lanes) {
    const time = lane.part === "memory" ? transport.group === "memory" ? transport.position() : 0 : cursor, region = regionAt(lane, time);
    lane.wave.setAttribute("aria-valuenow", time.toFixed(1));
    lane.wave.setAttribute("aria-valuetext", `${time.toFixed(1)} seconds${region ? `, ${region.said}` : ""}`);
  }
}

function place(head, share) {
  head.hidden = share < 0 || share > 1;
  head.style.left = `${100 * share}%`;
}

function frame() {
  requestAnimationFrame(frame);
  if (transport.ended()) transport.pause();
  const now = transport.position(), memory = transport.group === "memory";
  if (transport.playing && !memory) {
    cursor = now;
    if (now > axis.end || now < axis.start) show(now, now + axis.end - axis.start);
  }
  const share = (cursor - axis.start) / (axis.end - axis.start);
  for (const lane of lanes) place(lane.wave.querySelector(".head"), lane.part === "memory" ? memory ? now / lane.seconds : -1 : share);
  for (const head of document.querySelectorAll(".map .head")) place(head, share);
  told();
}

function keys(event, lane) {
  const actions = {
    ArrowLeft: () => step(lane, -1), ArrowRight: () => step(lane, 1), Home: () => moveTo(0), End: () => moveTo(seconds),
    "+": () => zoom(2), "=": () => zoom(2), "-": () => zoom(0.5), 0: () => show(0, seconds),
    m: () => { lane.muted = !lane.muted; levels(); }, s: () => { lane.solo = !lane.solo; levels(); }, Enter: () => play(lane, lane.part === "memory" ? 0 : cursor),
  };
  if (event.ctrlKey || event.altKey || event.metaKey || !actions[event.key]) return;
  event.preventDefault();
  event.stopPropagation();
  actions[event.key]();
}

for (const lane of lanes) {
  const controls = lane.section.querySelector(".controls"), { wave } = lane;
  const button = (key, title, act) => {
    const found = made("button", title, { type: "button" });
    found.dataset.key = key;
    found.setAttribute("aria-label", `${title} ${lane.name}`);
    found.addEventListener("click", act);
    controls.append(found);
  };
  if (lane.part === "version" && versions.length > 1) button("heard", "Hear", () => choose(lane));
  if (lane.part === "memory") button("alone", "Play", () => transport.playing && transport.group === "memory" ? transport.pause() : play(lane, 0));
  else for (const [key, title] of [["muted", "Mute"], ["solo", "Solo"]]) button(key, title, () => { lane[key] = !lane[key]; levels(); });
  const level = made("input", "", { type: "range", min: "0", max: "1.5", step: "0.01", value: "1" });
  level.setAttribute("aria-label", `Level of ${lane.name}`);
  level.addEventListener("input", () => { lane.level = +level.value; levels(); });
  controls.append(level);
  if (lane.source) { controls.hidden = false; lane.section.querySelector("audio").remove(); }
  Object.assign(wave, { tabIndex: 0 });
  for (const [key, value] of [["role", "slider"], ["aria-label", lane.name], ["aria-valuemin", "0"], ["aria-valuemax", lane.seconds.toFixed(1)]]) wave.setAttribute(key, value);
  wave.querySelector("svg").setAttribute("aria-hidden", "true");
  wave.addEventListener("click", event => {
    const box = wave.getBoundingClientRect(), share = (event.clientX - box.left) / box.width;
    if (lane.part === "memory") { play(lane, share * lane.seconds); return; }
    cursor = axis.start + share * (axis.end - axis.start);
    if (lane.part === "version") choose(lane);
    play(lane, cursor);
  });
  wave.addEventListener("keydown", event => keys(event, lane));
  wave.addEventListener("wheel", event => {
    if (!event.ctrlKey || lane.part === "memory") return;
    event.preventDefault();
    const box = wave.getBoundingClientRect();
    zoom(Math.exp(-event.deltaY / 250), axis.start + (event.clientX - box.left) / box.width * (axis.end - axis.start));
  }, { passive: false });
}

document.addEventListener("keydown", event => {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input:not([type=range]), select, textarea, summary")) return;
  if (event.key === " " && !event.target.closest("button, a")) { event.preventDefault(); playOrPause(); }
  else if (/^[1-9]$/.test(event.key)) choose(versions[+event.key - 1]);
});
for (const [id, act] of Object.entries({ play: playOrPause, "zoom-in": () => zoom(2), "zoom-out": () => zoom(0.5), "zoom-all": () => show(0, seconds) })) by(id).addEventListener("click", act);
by("balance").addEventListener("input", () => { balance = +by("balance").value; levels(); });
by("scroll").addEventListener("input", () => { const start = +by("scroll").value; show(start, start + axis.end - axis.start); });
transport.addEventListener("loading", event => { by("play").textContent = event.detail ? "Loading" : transport.playing ? "Pause" : "Play"; });
transport.addEventListener("change", () => {
  by("play").textContent = transport.playing ? "Pause" : "Play";
  const alone = document.querySelector("[data-key=alone]");
  if (alone) alone.textContent = transport.playing && transport.group === "memory" ? "Pause" : "Play";
});
addEventListener("resize", () => show(axis.start, axis.end));
document.querySelector(".transport").hidden = !answers.some(lane => lane.source);
// For tests and for who likes to look.
document.antiphon = { transport, axis, lanes, heard: () => heard.name, cursor: () => cursor };
levels();
show(0, seconds);
frame();
