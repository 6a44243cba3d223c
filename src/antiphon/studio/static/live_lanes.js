// The lanes of a live run: what is heard, what is committed and what is planned move on one axis; the memory has its own.
import { colour, wave } from "/static/lanes.js";
import { made } from "/static/panels.js";

const BEFORE = 8, AFTER = 3, STRIP = 24, KEPT = 60, QUIETEST = -66;

export class LiveLanes {
  // `names` says what a class is called at length and in short.
  constructor(box, names) {
    this.names = names;
    this.lanes = new Map();
    for (const [name, said] of [["Guide", "as it was heard"], ["Committed", "does not change any more"], ["Plan", "still open"], ["Memory", ""]]) {
      const section = made("section", "", { className: "lane live-lane" }), top = made("header"), small = made("small", said);
      const canvas = made("canvas");
      section.setAttribute("aria-label", name);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `${name}: ${said || "where it plays"}`);
      canvas.setAttribute("aria-describedby", "live-now");
      top.append(made("b", name), small);
      section.append(top, canvas);
      box.append(section);
      this.lanes.set(name, { canvas, small });
    }
    this.waves = new Map();
    this.reset();
  }

  reset() { Object.assign(this, { heard: [], committed: [], plan: [], rest: null, guide: null, file: "", memory: "" }); }

  // A guide from a file, which began at a second of the run.
  setGuide(file, began, repeats) { this.guide = { file, began, repeats }; this._load(file); }

  _load(file) {
    if (!file || this.waves.has(file)) return;
    this.waves.set(file, null);
    wave(file).then(found => this.waves.set(file, found)).catch(() => {});
  }

  hear(segment) { this.heard.push(segment); if (this.heard.length > KEPT) this.heard.shift(); }
  commit(segment) {
    this.committed = this.committed.filter(each => each.number !== segment.number);
    this.committed.push(segment);
    this.plan = this.plan.filter(each => each.number > segment.number);
    if (this.committed.length > KEPT) this.committed.shift();
    this._load(segment.file);
  }
  planned(steps) { this.plan = steps; }
  silence(time) { this.committed = this.committed.filter(each => each.start < time).map(each => ({ ...each, end: Math.min(each.end, time) })); this.plan = []; }

  // The committed segment that sounds at a time.
  at(time) { return this.committed.findLast(each => each.start <= time && time < each.end) ?? null; }

  draw(now) {
    this.style = getComputedStyle(document.documentElement);
    const [from, to] = [now - BEFORE, now + AFTER];
    this._lane("Guide", from, to, now, (pen, size) => {
      for (const each of this.heard) this._segment(pen, size, each, { tall: Math.max(0.04, 1 - Math.max(each.level, QUIETEST) / QUIETEST) });
      if (this.guide) this._sound(pen, size, this.guide.file, Math.max(from, this.guide.began), Math.min(now, to), time => this._inGuide(time));
    });
    this._lane("Committed", from, to, now, (pen, size) => {
      for (const each of this.committed) {
        this._segment(pen, size, each, { tall: 1, late: each.late });
        if (each.file) this._sound(pen, size, each.file, each.start, each.end, time => each.source + time - each.start);
      }
    });
    this._lane("Plan", from, to, now, (pen, size) => { for (const each of this.plan) this._segment(pen, size, each, { tall: 1, open: true }); });
    this._memory(now);
  }

  _inGuide(time) {
    const { began, repeats, file } = this.guide, seconds = this._seconds(file);
    return repeats && seconds ? (time - began) % seconds : time - began;
  }

  _seconds(file) { const found = this.waves.get(file); return found ? found.levels[0].length / 2 * found.stretch / found.rate : 0; }

  _pen(canvas) {
    const ratio = devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width) return null;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) { canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio); }
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    return { pen, width, height };
  }

  _lane(name, from, to, now, draws) {
    const found = this._pen(this.lanes.get(name).canvas);
    if (!found) return;
    const { pen, width, height } = found, x = time => (time - from) / (to - from) * width;
    draws(pen, { width, height, body: height - STRIP, x });
    pen.fillStyle = this.style.getPropertyValue("--soft");
    pen.font = "10px system-ui";
    for (let second = Math.max(0, Math.ceil(from)); second < to; second += 1) {
      pen.fillRect(x(second), height - STRIP - 4, 1, 4);
      if (second % 2 === 0) this._label(pen, `${second} s`, x(second) + 3, height - STRIP - 3);
    }
    pen.fillStyle = this.style.getPropertyValue("--accent");
    pen.fillRect(x(now) - 1, 0, 2, height);
  }

  _segment(pen, { width, height, body, x }, each, { tall, open = false, late = false }) {
    const left = x(each.start), wide = Math.max(x(each.end) - left - 1, 1);
    if (left > width || left + wide < 0) return;
    const ink = this.style.getPropertyValue("--ink");
    pen.fillStyle = colour(each.token, this.rest, open ? 0.16 : 0.3);
    pen.fillRect(left, body * (1 - tall), wide, body * tall);
    pen.fillStyle = colour(each.token, this.rest, 0.3);
    pen.fillRect(left, body + 2, wide, height - body - 2);
    const strip = (height - body - 2) * (each.share ?? 1);
    pen.fillStyle = colour(each.token, this.rest, open ? 0.55 : 1);
    pen.fillRect(left, height - strip, wide, strip);
    if (open) { pen.strokeStyle = this.style.getPropertyValue("--soft"); pen.setLineDash([4, 3]); pen.lineWidth = 1; pen.strokeRect(left + 0.5, 0.5, wide - 1, height - 1); pen.setLineDash([]); }
    if (late) { pen.fillStyle = this.style.getPropertyValue("--accent"); pen.fillRect(left, 0, wide, 4); this._label(pen, "late", left + 4, 15); }
    if (wide > 18) {
      const said = this.names.short(each.token), most = Math.floor(wide / 6.5);
      pen.fillStyle = ink;
      pen.font = "11px system-ui";
      pen.textAlign = "center";
      pen.fillText(said.length > most ? `${said.slice(0, most - 1)}…` : said, left + wide / 2, height - 8);
      pen.textAlign = "left";
    }
  }

  // The waveform of a file between two seconds of the run; `place` says where in the file a second is.
  _sound(pen, { width, body, x }, file, start, end, place) {
    const found = this.waves.get(file);
    if (!found || end <= start) return;
    const first = Math.max(0, Math.floor(x(start))), last = Math.min(width, Math.ceil(x(end))), step = (end - start) / Math.max(x(end) - x(start), 1);
    const seconds = found.stretch / found.rate;
    let level = 0;
    while (level + 1 < found.levels.length && step >= seconds * 2 ** (level + 1)) level += 1;
    const pairs = found.levels[level], each = seconds * 2 ** level, middle = body / 2, tall = (middle - 3) * 127 / found.loudest;
    pen.fillStyle = this.style.getPropertyValue("--ink");
    pen.globalAlpha = 0.6;
    for (let pixel = first; pixel < last; pixel += 1) {
      const from = Math.floor(place(start + (pixel - x(start)) * step) / each);
      if (from < 0 || 2 * from + 1 >= pairs.length) continue;
      pen.fillRect(pixel, middle - pairs[2 * from + 1] / 127 * tall, 1, Math.max((pairs[2 * from + 1] - pairs[2 * from]) / 127 * tall, 0.7));
    }
    pen.globalAlpha = 1;
  }

  // The file that sounds, what was played of it lately, and where it plays.
  _memory(now) {
    const lane = this.lanes.get("Memory"), here = this.at(now);
    if (here?.file) this.file = here.file;
    const found = this._pen(lane.canvas), seconds = this._seconds(this.file);
    lane.small.textContent = this.file ? `${this.file}${here?.file ? `, at ${(here.source + now - here.start).toFixed(1)} s` : ""}` : "nothing was played yet";
    if (!found || !seconds) return;
    const { pen, width, height } = found, x = time => time / seconds * width;
    for (const each of this.committed) if (each.file === this.file && each.start <= now) {
      pen.fillStyle = colour(each.token, this.rest, Math.max(0.12, 0.8 - (now - each.start) / 30));
      pen.fillRect(x(each.source), 0, Math.max(x(each.end - each.start), 1), height);
    }
    this._sound(pen, { width, body: height, x }, this.file, 0, seconds, time => time);
    if (here?.file) { pen.fillStyle = this.style.getPropertyValue("--accent"); pen.fillRect(x(here.source + now - here.start) - 1, 0, 3, height); }
  }

  _label(pen, said, x, y) {
    const ink = pen.fillStyle;
    pen.font = "10px system-ui";
    pen.fillStyle = this.style.getPropertyValue("--card");
    pen.fillRect(x - 2, y - 9, pen.measureText(said).width + 4, 12);
    pen.fillStyle = ink;
    pen.fillText(said, x, y);
  }
}
