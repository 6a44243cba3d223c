// What the page works on, which all of its parts share, and how they tell one another that it changed.
import { bytes, excerpt } from "/static/api.js";
import { Transport } from "/static/transport.js";
import { by } from "/static/panels.js";

export const transport = new Transport({ bytes: file => bytes("/api/audio", { file }), excerpt });

// `version` is what the Response lane shows: the response, or a draft of it.
export const studio = {
  transport, response: null, draft: null, version: null, lanes: new Map(), axis: null, segments: [], state: null,
  marks: { kept: [], locked: [], rejected: [] }, span: null, cursor: 0, regions: null,
};

// "opened", "closed", "version", "marks", "named", "state", "span"; `detail` is what it is about.
export const bus = new EventTarget();
export const say = (name, detail) => bus.dispatchEvent(new CustomEvent(name, { detail }));
export const on = (name, heard) => bus.addEventListener(name, event => heard(event.detail));

export const trouble = said => { by("error").textContent = said; by("error").hidden = !said; };

export const nameOf = token => studio.state?.names?.[studio.response?.alphabet]?.[token] ?? "";

export function classTitle(token) {
  if (token === studio.response?.rest) return "rest";
  return nameOf(token) ? `${nameOf(token)} (class ${token})` : `class ${token}`;
}

export const shortTitle = token => token === studio.response?.rest ? "–" : nameOf(token) || String(token);

export const segmentsOf = rows => rows.map(([start, length, asked, token, share, part, from, to]) =>
  ({ start, end: start + length, token, asked, share, part, from, to }));

export const union = spans => spans.map(each => [...each]).sort((a, b) => a[0] - b[0]).reduce((found, [start, end]) => {
  if (found.length && start <= found.at(-1)[1] + 1e-6) found.at(-1)[1] = Math.max(found.at(-1)[1], end);
  else found.push([start, end]);
  return found;
}, []);

export const without = (spans, [from, to]) => spans
  .flatMap(([start, end]) => [[start, Math.min(end, from)], [Math.max(start, to), end]]).filter(([start, end]) => end - start > 1e-6);

export const withoutAll = (spans, others) => others.reduce(without, spans);

export const seconds = value => `${value.toFixed(2)} s`;
