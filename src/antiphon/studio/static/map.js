// The memory in two dimensions: hear a point, see the way of the response, choose what may be played.
import { send } from "/static/api.js";
import { wish, wished } from "/static/drafts.js";
import { colour } from "/static/lanes.js";
import { by, made } from "/static/panels.js";
import { classTitle, nameOf, on, studio, transport, trouble } from "/static/session.js";

const MARGIN = 18, NEAR = 14, LONGEST = 60;
const canvas = () => by("map");
let found = null, visible = false, view = { x: 0, y: 0, scale: 1 }, due = 0, chosen = new Set(), lasso = null, pointed = -1, fading = 0, loading = "";

// For tests: how long the last frames took to draw.
export const frames = [];
export const points = () => found;
export { view };

async function load() {
  const { response } = studio;
  if (!visible || !response || found?.response === response || loading === response.name) return;
  loading = response.name;
  by("map-said").textContent = "listening to the memory";
  try {
    const told = await send("/api/map", { response: response.name });
    if (studio.response !== response) return;
    found = { ...told, response, order: told.ids.map((_, n) => n).sort((a, b) => told.ids[a] - told.ids[b]) };
    pointed = -1;
    chosen = new Set();
    index();
    legend();
    regions();
    fit();
  } catch (error) { by("map-said").textContent = ""; trouble(error.message); } finally { loading = ""; }
}

// Where the segments of each file begin, so that the way of the response is found among them.
function index() {
  found.places = new Map();
  found.ids.forEach((_, n) => {
    const part = found.parts[n];
    if (!found.places.has(part)) found.places.set(part, []);
    found.places.get(part).push(n);
  });
}

function pointOf(segment) {
  const there = found.places.get(segment.part);
  if (!there) return -1;
  const middle = (segment.from + segment.to) / 2;
  let low = 0, high = there.length - 1;
  while (low < high) {
    const half = (low + high + 1) >> 1;
    if (found.starts[there[half]] <= middle) low = half; else high = half - 1;
  }
  return there[low];
}

const width = () => canvas().clientWidth, height = () => canvas().clientHeight;
const x = n => MARGIN + (found.x[n] / 10000 * (width() - 2 * MARGIN) - view.x) * view.scale;
const y = n => MARGIN + ((1 - found.y[n] / 10000) * (height() - 2 * MARGIN) - view.y) * view.scale;

function fit() { Object.assign(view, { x: 0, y: 0, scale: 1 }); redraw(); }
function redraw() { if (!due && visible) due = requestAnimationFrame(() => { due = 0; draw(); }); }

function draw() {
  const began = performance.now(), ratio = devicePixelRatio || 1, wide = width(), tall = height();
  if (!found || !wide) return;
  if (canvas().width !== Math.round(wide * ratio) || canvas().height !== Math.round(tall * ratio)) {
    canvas().width = Math.round(wide * ratio);
    canvas().height = Math.round(tall * ratio);
  }
  const pen = canvas().getContext("2d", { alpha: true }), style = getComputedStyle(document.documentElement);
  const ink = style.getPropertyValue("--ink"), accent = style.getPropertyValue("--accent");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, wide, tall);
  dots(pen, wide, tall);
  way(pen, ink);
  if (chosen.size) {
    pen.strokeStyle = accent;
    pen.lineWidth = 1.5;
    for (const n of chosen) pen.strokeRect(x(n) - 3.5, y(n) - 3.5, 7, 7);
  }
  if (lasso?.length > 1) {
    pen.strokeStyle = accent;
    pen.setLineDash([5, 4]);
    pen.beginPath();
    lasso.forEach(([left, top], n) => n ? pen.lineTo(left, top) : pen.moveTo(left, top));
    pen.closePath();
    pen.stroke();
    pen.setLineDash([]);
  }
  if (pointed >= 0) {
    pen.strokeStyle = accent;
    pen.lineWidth = 2.5;
    pen.beginPath();
    pen.arc(x(pointed), y(pointed), 8, 0, 7);
    pen.stroke();
  }
  frames.push(performance.now() - began);
  if (frames.length > 600) frames.shift();
}

// All points, a class after the other, so that the colour changes seldom; what may not be played is faint.
function dots(pen, wide, tall) {
  const size = Math.min(2.5 + view.scale, 8), half = size / 2;
  const left = MARGIN - view.x * view.scale, across = (wide - 2 * MARGIN) / 10000 * view.scale;
  const top = MARGIN - view.y * view.scale + (tall - 2 * MARGIN) * view.scale, down = (tall - 2 * MARGIN) / 10000 * view.scale;
  let last = -1, faint = null;
  for (const n of found.order) {
    const at = left + found.x[n] * across - half, up = top - found.y[n] * down - half;
    if (at < -size || up < -size || at > wide || up > tall) continue;
    if (found.ids[n] !== last || found.barred[n] !== faint) {
      last = found.ids[n];
      faint = found.barred[n];
      pen.fillStyle = colour(last, found.response.rest, faint ? 0.15 : 0.85);
    }
    pen.fillRect(at, up, size, size);
  }
}

function way(pen, ink) {
  pen.strokeStyle = ink;
  pen.lineWidth = 1;
  pen.globalAlpha = 0.55;
  pen.beginPath();
  let going = false;
  for (const n of found.way ?? []) {
    if (n < 0) { going = false; continue; }
    if (going) pen.lineTo(x(n), y(n)); else pen.moveTo(x(n), y(n));
    going = true;
  }
  pen.stroke();
  pen.globalAlpha = 1;
  const here = studio.segments.findIndex(each => each.start <= studio.cursor && studio.cursor < each.end), now = found.way?.[here] ?? -1;
  if (now >= 0) {
    pen.fillStyle = ink;
    pen.beginPath();
    pen.arc(x(now), y(now), 5, 0, 7);
    pen.fill();
  }
}

// Which points the regions in force let be played.
function regions() {
  if (!found) return;
  const now = inForce();
  const inside = (n, spans, whole) => spans.some(([part, start, end]) => part === found.parts[n]
    && (whole ? found.starts[n] >= start - 1e-4 && found.ends[n] <= end + 1e-4 : found.starts[n] < end - 1e-4 && found.ends[n] > start + 1e-4));
  found.barred = found.ids.map((_, n) => (now.allowed.length > 0 && !inside(n, now.allowed, true)) || inside(n, now.taboo, false));
  found.way = studio.segments.map(segment => segment.part < 0 ? -1 : pointOf(segment));
  const barred = found.barred.filter(Boolean).length;
  by("map-clear").disabled = !now.allowed.length && !now.taboo.length;
  for (const id of ["map-allow", "map-taboo"]) by(id).disabled = !chosen.size || studio.response.edited;
  by("map-said").textContent = [`${found.ids.length} segments`, found.left_out ? `${found.left_out} more are not drawn` : "", barred ? `${barred} may not be played` : "",
    chosen.size ? `${chosen.size} chosen` : ""].filter(Boolean).join(", ");
  redraw();
}

const inForce = () => ({ allowed: [], taboo: [], ...studio.response.regions, ...wished()?.regions });

// Chosen points as spans of their files, neighbours joined.
function spans() {
  const joined = [];
  for (const n of [...chosen].sort((a, b) => found.parts[a] - found.parts[b] || found.starts[a] - found.starts[b])) {
    const last = joined.at(-1);
    if (last && last[0] === found.parts[n] && found.starts[n] - last[2] < 1e-3) last[2] = Math.max(last[2], found.ends[n]);
    else joined.push([found.parts[n], found.starts[n], found.ends[n]]);
  }
  return joined;
}

function use(kind) {
  const now = inForce();
  const next = kind === "allowed" ? { ...now, allowed: spans() } : { ...now, taboo: [...now.taboo, ...spans()] };
  const count = chosen.size;
  chosen = new Set();
  wish({ regions: next, more: null }, kind === "allowed" ? `only ${count} segments of the memory` : `without ${count} segments of the memory`);
  regions();
}

function choosePoints(some, adding) {
  chosen = new Set(adding ? [...chosen, ...some] : some);
  regions();
}

function within(shape) {
  const inside = [];
  for (let n = 0; n < found.ids.length; n += 1) {
    const px = x(n), py = y(n);
    let odd = false;
    for (let i = 0, j = shape.length - 1; i < shape.length; j = i, i += 1) {
      const [ax, ay] = shape[i], [bx, by] = shape[j];
      if (ay > py !== by > py && px < (bx - ax) * (py - ay) / (by - ay) + ax) odd = !odd;
    }
    if (odd) inside.push(n);
  }
  return inside;
}

function nearest(left, top) {
  let best = -1, least = NEAR * NEAR;
  for (let n = 0; n < found.ids.length; n += 1) {
    const across = x(n) - left, down = y(n) - top, far = across * across + down * down;
    if (far < least) { least = far; best = n; }
  }
  return best;
}

async function point(n, sounding = true) {
  if (n === pointed) return;
  pointed = n;
  redraw();
  if (n < 0) return;
  const memory = studio.response.memories[found.parts[n]];
  by("map-said").textContent = `${classTitle(found.ids[n])}, ${memory?.title ?? ""} at ${found.starts[n].toFixed(2)} s${found.barred[n] ? ", may not be played" : ""}`;
  if (!sounding || !by("map-hear").checked || !memory?.file) return;
  const asked = ++fading;
  await new Promise(done => setTimeout(done, LONGEST));
  if (asked === fading && visible) await transport.audition(memory.file, found.starts[n], found.ends[n]).catch(error => trouble(error.message));
}

function legend() {
  const counts = new Map();
  for (const id of found.ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  by("map-classes").replaceChildren(...[...counts].sort((a, b) => b[1] - a[1]).map(([id, count]) => {
    const button = made("button", "", { type: "button" }), swatch = made("span", "", { className: "swatch" });
    swatch.style.background = colour(id, found.response.rest);
    button.append(swatch, nameOf(id) || classTitle(id), " ", made("small", String(count)));
    button.title = `Choose its ${count} segments`;
    button.addEventListener("click", event => choosePoints(found.ids.flatMap((each, n) => each === id ? [n] : []), event.shiftKey || event.ctrlKey));
    return button;
  }));
}

// The next point in a direction: as near as may be, and not too far to the side.
function onward(across, down) {
  if (pointed < 0) return nearestTo(width() / 2, height() / 2);
  let best = pointed, least = Infinity;
  for (let n = 0; n < found.ids.length; n += 1) {
    const right = x(n) - x(pointed), below = y(n) - y(pointed), along = right * across + below * down, aside = Math.abs(right * down) + Math.abs(below * across);
    if (along < 1 || aside > along) continue;
    const far = along + 2 * aside;
    if (far < least) { least = far; best = n; }
  }
  return best;
}

function nearestTo(left, top) {
  let best = -1, least = Infinity;
  for (let n = 0; n < found.ids.length; n += 1) {
    const far = (x(n) - left) ** 2 + (y(n) - top) ** 2;
    if (far < least) { least = far; best = n; }
  }
  return best;
}

function zoom(factor, left = width() / 2, top = height() / 2) {
  const scale = Math.min(Math.max(view.scale * factor, 1), 60), ratio = 1 / view.scale - 1 / scale;
  view.x += (left - MARGIN) * ratio;
  view.y += (top - MARGIN) * ratio;
  view.scale = scale;
  bound();
  redraw();
}

function bound() {
  view.x = Math.min(Math.max(view.x, 0), (width() - 2 * MARGIN) * (1 - 1 / view.scale));
  view.y = Math.min(Math.max(view.y, 0), (height() - 2 * MARGIN) * (1 - 1 / view.scale));
}

export function pan(across, down) { view.x -= across / view.scale; view.y -= down / view.scale; bound(); redraw(); }

function pointers() {
  const lassoing = () => by("map-lasso").ariaPressed === "true";
  let from = null, moved = false;
  canvas().addEventListener("pointerdown", event => {
    if (!found || event.button !== 0) return;
    from = [event.offsetX, event.offsetY];
    moved = false;
    lasso = lassoing() ? [from] : null;
    canvas().setPointerCapture(event.pointerId);
  });
  canvas().addEventListener("pointermove", event => {
    if (!found) return;
    const here = [event.offsetX, event.offsetY];
    if (!from) { point(nearest(...here)); return; }
    if (Math.hypot(here[0] - from[0], here[1] - from[1]) > 3) moved = true;
    if (lasso) { lasso.push(here); redraw(); } else if (moved) { pan(here[0] - from[0], here[1] - from[1]); from = here; }
  });
  canvas().addEventListener("pointerup", event => {
    if (!found || !from) return;
    if (lasso && moved) choosePoints(within(lasso), event.shiftKey);
    else if (!moved) { pointed = -1; point(nearest(event.offsetX, event.offsetY)); }
    from = lasso = null;
    redraw();
  });
  canvas().addEventListener("pointercancel", () => { from = lasso = null; redraw(); });
  canvas().addEventListener("pointerleave", () => { if (!from) point(-1); });
  canvas().addEventListener("wheel", event => {
    if (!found || !(event.ctrlKey || document.activeElement === canvas())) return;
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 300), event.offsetX, event.offsetY);
  }, { passive: false });
}

function keys(event) {
  if (!found || event.ctrlKey || event.altKey || event.metaKey) return;
  const actions = {
    ArrowLeft: () => point(onward(-1, 0)), ArrowRight: () => point(onward(1, 0)), ArrowUp: () => point(onward(0, -1)), ArrowDown: () => point(onward(0, 1)),
    "+": () => zoom(1.5), "=": () => zoom(1.5), "-": () => zoom(1 / 1.5), 0: fit, Escape: () => choosePoints([], false),
    Enter: () => { if (pointed >= 0) choosePoints(found.ids.flatMap((each, n) => each === found.ids[pointed] ? [n] : []), event.shiftKey); },
  };
  const action = actions[event.key];
  if (action) { event.preventDefault(); event.stopPropagation(); action(); }
}

let lastHere = -1;
// The point that sounds now moves on.
export function follow() {
  if (!visible || !found) return;
  const here = studio.segments.findIndex(each => each.start <= studio.cursor && studio.cursor < each.end);
  if (here !== lastHere) { lastHere = here; redraw(); }
}

export function listen() {
  on("shown", id => { visible = id === "map"; if (visible) { load(); regions(); } });
  on("opened", () => { found = null; load(); });
  on("closed", () => { found = null; });
  on("version", regions);
  on("dials", () => { if (studio.response) regions(); });
  on("named", () => { if (found) legend(); });
  new ResizeObserver(redraw).observe(canvas());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  canvas().addEventListener("keydown", keys);
  pointers();
  for (const [id, other] of [["map-move", "map-lasso"], ["map-lasso", "map-move"]]) {
    by(id).addEventListener("click", () => { by(id).ariaPressed = "true"; by(other).ariaPressed = "false"; canvas().classList.toggle("lasso", id === "map-lasso"); });
  }
  by("map-fit").addEventListener("click", fit);
  by("map-allow").addEventListener("click", () => use("allowed"));
  by("map-taboo").addEventListener("click", () => use("taboo"));
  by("map-clear").addEventListener("click", () => { wish({ regions: { allowed: [], taboo: [] }, more: null }, "no regions"); regions(); });
}
