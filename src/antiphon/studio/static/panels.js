// The forms and the list of jobs: what is asked of the studio.
import { send, upload } from "/static/api.js";
import { Making } from "/static/making.js";

const WORDS = { answer: "Answer", again: "Answer anew", train: "Train on a pair", learn: "Learn from a pair", export: "Export", alphabet: "Listen to the alphabet", live: "Write what was played live" };
const OVER = ["done", "failed", "stopped"];
export const by = id => document.getElementById(id);

export function made(tag, text = "", values = {}) {
  const element = Object.assign(document.createElement(tag), values);
  element.textContent = text;
  return element;
}

// Options of a select, which keeps what was chosen.
export function fill(select, options) {
  const told = JSON.stringify(options);
  if (select.dataset.told === told) return false;
  const chosen = new Set([...select.selectedOptions].map(option => option.value));
  select.replaceChildren(...options.map(([value, title]) => made("option", title, { value, selected: chosen.has(value) })));
  select.dataset.told = told;
  return true;
}

// How a training stands, in words.
function standing(job) {
  const [, how = ""] = job.task.split(": "), known = /^TPP (\d+) %$/.exec(how);
  if (known) return `It plays ${known[1]} % of the pair by itself.`;
  if (job.loss === null) return "";
  const worth = job.worth === null ? "" : job.worth > 0 ? `; the guide is worth ${job.worth.toFixed(2)} of them so far` : "; the guide is worth nothing so far";
  return `Loss ${job.loss.toFixed(2)} bits a segment${worth}.`;
}

const values = select => [...select.selectedOptions].map(option => option.value);
const short = name => name.split("/").at(-1);

export class Panels extends EventTarget {
  constructor() {
    super();
    this.ours = new Map();
    by("answer").addEventListener("submit", event => { event.preventDefault(); this.answer(); });
    this.making = new Making(this);
    this._dropping();
  }

  show(state) {
    by("project").textContent = state.project;
    document.title = `${state.project} – Antiphon studio`;
    const sounds = state.sounds.map(name => [name, name]);
    const first = !by("guide").options.length && sounds.length > 1;
    for (const id of ["guide", "memory", "asks", "replies"]) fill(by(id), sounds);
    if (first) for (const id of ["memory", "replies"]) { by(id).selectedIndex = -1; by(id).options[1].selected = true; }
    for (const id of ["agent", "learner"]) fill(by(id), [["", "the base agent"], ...state.agents.map(name => [name, short(name)])]);
    if (first) this.making.check();
    const own = Object.keys(state.own_presets).map(name => [name, `${name} (yours)`]);
    fill(by("preset"), [["", "as the agent does"], ...Object.keys(state.presets).map(name => [name, name]), ...own]);
    if (!this.uploading) by("sounds-said").textContent = [`${sounds.length} in the project`, ...state.remarks].join("; ");
    this._jobs(state.jobs);
  }

  async answer() {
    const body = { guides: values(by("guide")), memories: values(by("memory")), agent: by("agent").value, preset: by("preset").value,
      seed: +by("seed").value, takes: +by("takes").value };
    await this._ask("/api/answer", body);
  }

  // A job of this page; `opens` says from which response on its result is shown, if it is still the one that is open.
  async _ask(path, body, opens = "*") { return this.ask(path, body, opens); }

  async ask(path, body, opens = "") {
    try {
      const { id } = await send(path, body);
      this.ours.set(id, { opens, body });
      this._say("asked", id);
      return id;
    } catch (error) {
      this._say("trouble", error.message);
      return null;
    }
  }

  _say(name, detail) { this.dispatchEvent(new CustomEvent(name, { detail })); }

  _jobs(jobs) {
    by("jobs-none").hidden = jobs.length > 0;
    const shown = jobs.slice(-12).reverse(), list = by("jobs");
    const old = new Map([...list.children].map(item => [item.dataset.id, item]));
    const items = shown.map(job => {
      const told = JSON.stringify(job), item = old.get(job.id) ?? made("li");
      if (item.dataset.told !== told) this._job(item, job, told);
      return item;
    });
    if (items.length !== list.children.length || items.some((item, n) => list.children[n] !== item)) list.replaceChildren(...items);
    for (const job of jobs) {
      const ours = this.ours.get(job.id);
      if (ours && OVER.includes(job.state)) { this.ours.delete(job.id); this._say("over", { job, ...ours }); }
    }
  }

  _job(item, job, told) {
    const focused = document.activeElement?.dataset?.job === job.id;
    Object.assign(item.dataset, { id: job.id, told });
    const of = { answer: () => `${short(job.asked.guides[0])} by ${short(job.asked.memories[0])}`, train: () => job.asked.name, learn: () => job.asked.name,
      live: () => `${short(job.asked.guide || "a guide")} by ${short(job.asked.memories[0])}`,
      again: () => short(job.asked.response), export: () => short(job.asked.response), alphabet: () => `${short(job.asked.guide)}, ${short(job.asked.target)}` }[job.kind]?.() ?? "";
    const parts = [made("p", `${WORDS[job.kind] ?? job.kind}: ${of}`)];
    if (job.state === "running") {
      const [stage] = job.task.split(": "), how = standing(job);
      const left = job.left === null ? "" : `, ${job.left > 90 ? `${Math.round(job.left / 60)} min` : `${Math.round(job.left)} s`} left`;
      const progress = made("progress", "", { max: job.total || 1, value: job.done });
      progress.setAttribute("aria-label", `Progress of ${of}`);
      parts.push(progress, made("p", `${stage || "starting"} (${job.done} of ${job.total || "?"}${left})`, { className: "note" }));
      if (how) parts.push(made("p", how, { className: "note" }));
    } else {
      parts.push(made("p", job.state === "done" ? `done in ${Math.round(job.ended - job.began)} s` : job.state, { className: job.state === "failed" ? "failed" : "note" }));
      for (const said of job.said) parts.push(made("p", said, { className: job.state === "failed" ? "failed" : "note" }));
    }
    const over = OVER.includes(job.state);
    if (!over || job.state !== "done") {
      const button = made("button", over ? "Go on" : "Stop", { type: "button" });
      button.setAttribute("aria-label", `${over ? "Go on with" : "Stop"} ${of}`);
      button.dataset.job = job.id;
      button.addEventListener("click", () => send(`/api/jobs/${job.id}/${over ? "again" : "stop"}`, {})
        .then(({ id }) => { if (over) { this.ours.set(id, { opens: "*", body: job.asked }); this._say("asked", id); } })
        .catch(error => this._say("trouble", error.message)));
      parts.push(button);
    } else if (job.result && ["train", "learn"].includes(job.kind)) {
      const button = made("button", "Answer with it", { type: "button" });
      button.setAttribute("aria-label", `Answer with ${of}`);
      button.dataset.job = job.id;
      button.addEventListener("click", () => { by("agent").value = job.result; by("guide").focus(); });
      parts.push(button);
    } else if (job.result && ["answer", "again"].includes(job.kind)) {
      const button = made("button", "Open", { type: "button" });
      button.setAttribute("aria-label", `Open ${short(job.result)}`);
      button.dataset.job = job.id;
      button.addEventListener("click", () => this._say("open", job.result));
      parts.push(button);
    }
    item.replaceChildren(...parts);
    if (focused) item.querySelector("button")?.focus();
  }

  _dropping() {
    const drop = by("drop");
    by("files").addEventListener("change", event => this._take(event.target.files));
    for (const name of ["dragover", "dragleave", "drop"]) document.addEventListener(name, event => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      drop.classList.toggle("over", name === "dragover");
      if (name === "drop") this._take(event.dataTransfer.files);
    });
  }

  async _take(files) {
    this.uploading = true;
    for (const file of files) {
      by("sounds-said").textContent = `taking ${file.name}`;
      try { await upload(file); } catch (error) { this._say("trouble", `${file.name}: ${error.message}`); }
    }
    this.uploading = false;
    by("files").value = "";
    this._say("asked", "");
  }
}
