// Lanes on canvas: waveform, token strip (colour: class, height: probability), marked spans, the span that is chosen.
import { bytes, excerpt } from "/static/api.js";

const GOLDEN_ANGLE = 137.508;
const STRIP = 26;
const MOST_ZOOM = 60;
const waves = new Map();

export const colour = (token, rest, opacity = 1) =>
  token === rest ? `rgb(154 151 163 / ${opacity})` : `hsl(${Math.round(token * GOLDEN_ANGLE % 360)} 70% 55% / ${opacity})`;

export async function wave(file) {
  if (!waves.has(file)) {
    waves.set(file, bytes("/api/peaks", { file }).then(data => {
      const head = new DataView(data);
      const found = { stretch: head.getUint32(4, true), rate: head.getUint32(8, true), levels: [new Int8Array(data, 20)] };
      for (let last = found.levels[0]; last.length > 512; last = found.levels.at(-1)) {
        const half = new Int8Array(2 * Math.ceil(last.length / 4));
        for (let i = 0; i < half.length; i += 2) {
          const here = 2 * i, there = Math.min(here + 2, last.length - 2);
          half[i] = Math.min(last[here], last[there]);
          half[i + 1] = Math.max(last[here + 1], last[there + 1]);
        }
        found.levels.push(half);
      }
      found.loudest = Math.max(found.levels.at(-1).reduce((most, value) => Math.max(most, Math.abs(value)), 0), 1);
      return found;
    }));
    waves.get(file).catch(() => waves.delete(file));
    if (waves.size > 24) waves.delete(waves.keys().next().value);
  }
  return waves.get(file);
}

// What of a time axis is seen; lanes of one axis share it.
export class Axis extends EventTarget {
  constructor(seconds) { super(); this.seconds = seconds; this.start = 0; this.end = seconds; }
  show(start, end) {
    const width = Math.min(Math.max(end - start, 0.002), this.seconds);
    this.start = Math.min(Math.max(start, 0), this.seconds - width);
    this.end = this.start + width;
    this.dispatchEvent(new Event("change"));
  }
  zoom(factor, around) {
    const here = around ?? (this.start + this.end) / 2, share = (here - this.start) / (this.end - this.start);
    const width = Math.min((this.end - this.start) / factor, this.seconds);
    this.show(here - share * width, here + (1 - share) * width);
  }
  scroll(seconds) { this.show(this.start + seconds, this.end + seconds); }
  follow(time) { if (time < this.start || time > this.end) this.show(time - 0.05 * (this.end - this.start), time + 0.95 * (this.end - this.start)); }
}

// `segments`: {start, end, token, share}; `names` says what a class is called at length and in short; `marks` are spans by
// kind; `lit` are spans that are pointed at, [start, end, how strongly].
export class Lane extends EventTarget {
  constructor(box, axis, { files, segments, rest, samples, names }) {
    super();
    Object.assign(this, { axis, segments, rest, samples, names, span: null, marks: {}, lit: [], waves: [], near: null });
    this.canvas = document.createElement("canvas");
    this.canvas.tabIndex = 0;
    this.head = document.createElement("div");
    this.head.className = "head";
    box.replaceChildren(this.canvas, this.head);
    this.redraw = () => { if (!this.due) this.due = requestAnimationFrame(() => { this.due = 0; this.draw(); }); };
    axis.addEventListener("change", this.redraw);
    this.sizes = new ResizeObserver(this.redraw);
    this.sizes.observe(this.canvas);
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.dark.addEventListener("change", this.redraw);
    this.show(files, segments);
    this._listen();
  }

  // Other sounds and segments on the same lane.
  show(files, segments) {
    Object.assign(this, { files, segments, waves: [], trouble: "", near: null });
    for (const file of files) {
      wave(file).then(found => { if (this.files === files) { this.waves.push(found); this.redraw(); } })
        .catch(error => { if (this.files === files) { this.trouble = error.message; this.redraw(); } });
    }
    this.redraw();
  }

  close() { this.sizes.disconnect(); this.axis.removeEventListener("change", this.redraw); this.dark.removeEventListener("change", this.redraw); }

  time(x) { return this.axis.start + x / this.canvas.clientWidth * (this.axis.end - this.axis.start); }
  x(time) { return (time - this.axis.start) / (this.axis.end - this.axis.start) * this.canvas.clientWidth; }
  at(time) { return this.segments.findIndex(each => each.start <= time && time < each.end); }

  place(time, shown) {
    const x = this.x(time);
    this.head.hidden = !shown || x < 0 || x > this.canvas.clientWidth;
    this.head.style.transform = `translateX(${x.toFixed(1)}px)`;
  }

  draw() {
    const ratio = devicePixelRatio || 1, width = this.canvas.clientWidth, height = this.canvas.clientHeight;
    if (!width) return;
    if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const pen = this.canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
    const ink = style.getPropertyValue("--ink"), accent = style.getPropertyValue("--accent"), soft = style.getPropertyValue("--soft");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    const body = height - STRIP;
    this._segments(pen, body, height, ink);
    pen.fillStyle = ink;
    for (const found of this.waves) this._wave(pen, found, width, body);
    if (this.trouble) { pen.font = "13px system-ui"; pen.fillText(this.trouble, 8, 20); }
    for (const [kind, spans] of Object.entries(this.marks)) for (const span of spans) this._mark(pen, kind, span, { width, body, accent, soft });
    if (this.span) {
      pen.fillStyle = accent;
      pen.globalAlpha = 0.2;
      pen.fillRect(this.x(this.span[0]), 0, this.x(this.span[1]) - this.x(this.span[0]), height);
      pen.globalAlpha = 1;
    }
    for (const [start, end, strength = 1] of this.lit) {
      pen.strokeStyle = accent;
      pen.lineWidth = 1 + 2 * strength;
      pen.globalAlpha = 0.35 + 0.65 * strength;
      pen.strokeRect(this.x(start) + 1, 1, Math.max(this.x(end) - this.x(start) - 2, 2), height - 2);
      pen.globalAlpha = 1;
    }
    this._scale(pen, width, body, soft);
  }

  _mark(pen, kind, [start, end], { width, body, accent, soft }) {
    const left = this.x(start), right = this.x(end);
    if (right < 0 || left > width) return;
    pen.fillStyle = kind === "rejected" ? soft : accent;
    if (kind === "rejected") {
      pen.globalAlpha = 0.5;
      for (let x = Math.max(left, -8); x < Math.min(right, width); x += 8) pen.fillRect(x, 0, 2, body);
      pen.globalAlpha = 1;
    }
    pen.fillRect(left, 0, right - left, kind === "locked" ? 8 : 4);
    pen.fillRect(left, 0, 1.5, body);
    pen.fillRect(right - 1.5, 0, 1.5, body);
    if (right - left > 58) { pen.font = "600 11px system-ui"; this._label(pen, kind, Math.max(left, 0) + 6, 19); }
  }

  _segments(pen, body, height, ink) {
    pen.font = "11px system-ui";
    pen.textAlign = "center";
    for (const each of this.segments) {
      if (each.end < this.axis.start || each.start > this.axis.end) continue;
      const left = this.x(each.start), width = Math.max(this.x(each.end) - left - 0.5, 0.5);
      pen.fillStyle = colour(each.token, this.rest, 0.28);
      pen.fillRect(left, 0, width, body);
      pen.fillStyle = colour(each.token, this.rest, 0.3);
      pen.fillRect(left, body + 2, width, height - body - 2);
      pen.fillStyle = colour(each.token, this.rest);
      const tall = (height - body - 2) * (each.share ?? 1);
      pen.fillRect(left, height - tall, width, tall);
      if (width > 24) {
        const said = this.names.short(each.token), most = Math.floor(width / 6.5);
        pen.fillStyle = ink;
        pen.fillText(said.length > most ? `${said.slice(0, most - 1)}…` : said, left + width / 2, height - 8);
      }
    }
    pen.textAlign = "left";
  }

  _wave(pen, { stretch, rate, levels, loudest }, width, body) {
    const middle = body / 2, tall = (middle - 4) * 127 / loudest, seconds = (this.axis.end - this.axis.start) / width;
    if (seconds * rate < stretch / 2 && this.files.length === 1) {
      const whole = this.samples?.(this.files[0]);
      if (whole) return this._samples(pen, { values: whole.getChannelData(0), rate: whole.sampleRate, first: 0 }, middle, tall);
      if (this._nearby()) return this._samples(pen, this.near, middle, tall);
    }
    let level = 0;
    while (level + 1 < levels.length && seconds * rate >= stretch * 2 ** (level + 1)) level += 1;
    const pairs = levels[level], step = stretch * 2 ** level / rate;
    pen.globalAlpha = 0.8;
    for (let x = 0; x < width; x += 1) {
      const from = Math.floor((this.axis.start + x * seconds) / step), to = Math.max(Math.floor((this.axis.start + (x + 1) * seconds) / step), from + 1);
      let low = 127, high = -127;
      for (let i = from; i < to && 2 * i + 1 < pairs.length; i += 1) { low = Math.min(low, pairs[2 * i]); high = Math.max(high, pairs[2 * i + 1]); }
      if (low <= high) pen.fillRect(x, middle - high / 127 * tall, 1, Math.max((high - low) / 127 * tall, 0.7));
    }
    pen.globalAlpha = 1;
  }

  // Whether the samples that are seen are there; else they are asked for.
  _nearby() {
    const { start, end } = this.axis, near = this.near;
    if (near?.file === this.files[0] && near.from <= start && near.to >= end) return Boolean(near.values);
    const width = end - start, asked = this.near = { file: this.files[0], from: Math.max(start - width, 0), to: end + width };
    clearTimeout(this.soon);
    this.soon = setTimeout(async () => {
      try {
        const view = new DataView(await excerpt(asked.file, asked.from, asked.to));
        const channels = view.getUint16(22, true), rate = view.getUint32(24, true), count = Math.floor((view.byteLength - 44) / 2 / channels);
        const values = Float32Array.from({ length: count }, (_, n) => view.getInt16(44 + 2 * channels * n, true) / 32767);
        Object.assign(asked, { values, rate, first: Math.round(asked.from * rate) });
        this.redraw();
      } catch { /* the outline stays */ }
    }, 120);
    return false;
  }

  _samples(pen, { values, rate, first: offset }, middle, tall) {
    const first = Math.max(Math.floor(this.axis.start * rate), offset), last = Math.min(Math.ceil(this.axis.end * rate), offset + values.length - 1);
    const apart = this.canvas.clientWidth / (this.axis.end - this.axis.start) / rate;
    pen.beginPath();
    for (let i = first; i <= last; i += 1) {
      const x = this.x(i / rate), y = middle - values[i - offset] * tall;
      if (i === first) pen.moveTo(x, y); else pen.lineTo(x, y);
      if (apart > 6) { pen.rect(x - 1.5, y - 1.5, 3, 3); pen.moveTo(x, y); }
    }
    pen.strokeStyle = pen.fillStyle;
    pen.lineWidth = 1;
    pen.stroke();
  }

  // A word on ground of its own, whatever lies below it.
  _label(pen, said, x, y) {
    const ink = pen.fillStyle;
    pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--card");
    pen.fillRect(x - 2, y - 10, pen.measureText(said).width + 4, 13);
    pen.fillStyle = ink;
    pen.fillText(said, x, y);
  }

  _scale(pen, width, body, soft) {
    const seen = this.axis.end - this.axis.start;
    const step = [0.001, 0.01, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600].find(each => seen / each <= width / 80) ?? 1800;
    pen.fillStyle = soft;
    pen.font = "10px system-ui";
    for (let time = Math.ceil(this.axis.start / step) * step; time < this.axis.end; time += step) {
      pen.fillRect(this.x(time), body - 5, 1, 5);
      this._label(pen, `${+time.toFixed(3)} s`, this.x(time) + 3, body - 3);
    }
  }

  _listen() {
    const say = (name, detail) => this.dispatchEvent(new CustomEvent(name, { detail }));
    let from = null, moved = false;
    this.canvas.addEventListener("pointerdown", event => {
      if (event.button !== 0) return;
      from = event.offsetX; moved = false;
      this.canvas.setPointerCapture(event.pointerId);
    });
    this.canvas.addEventListener("pointermove", event => {
      if (from === null) return;
      if (Math.abs(event.offsetX - from) > 4) moved = true;
      if (moved) say("drag", { from: this.time(Math.min(from, event.offsetX)), to: this.time(Math.max(from, event.offsetX)), free: event.altKey });
    });
    this.canvas.addEventListener("pointerup", event => {
      if (from !== null && !moved) say("press", { time: this.time(event.offsetX) });
      from = null;
    });
    this.canvas.addEventListener("pointercancel", () => { from = null; });
    this.canvas.addEventListener("wheel", event => {
      const seen = this.axis.end - this.axis.start;
      if (event.ctrlKey) {
        event.preventDefault();
        this.axis.zoom(Math.min(Math.max(Math.exp(-event.deltaY / 250), 1 / MOST_ZOOM), MOST_ZOOM), this.time(event.offsetX));
      } else if (seen < this.axis.seconds && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) {
        event.preventDefault();
        this.axis.scroll((event.deltaX || event.deltaY) / this.canvas.clientWidth * seen);
      }
    }, { passive: false });
  }

  tell(name, time) {
    const index = this.at(time), here = this.segments[index];
    const set = (key, value) => this.canvas.setAttribute(key, value);
    set("role", "slider");
    set("aria-label", name);
    set("aria-valuemin", "0");
    set("aria-valuemax", this.axis.seconds.toFixed(2));
    set("aria-valuenow", Math.min(time, this.axis.seconds).toFixed(2));
    set("aria-valuetext", here ? `${time.toFixed(2)} seconds, ${this.names.long(here.token)}` : `${time.toFixed(2)} seconds`);
  }
}
