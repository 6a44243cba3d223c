// The settings that a musician means: each dial with its words, presets, and a draft with every turn.
import { keep } from "/static/api.js";
import { wish, wished } from "/static/drafts.js";
import { by, fill, made } from "/static/panels.js";
import { on, say, studio, trouble } from "/static/session.js";

const SOON = 120;
let rows = new Map(), soon = 0, turned = {}, preset = "";

const start = () => studio.response?.dials ?? {};
const value = name => name in turned ? turned[name] : presetValues()[name] ?? start()[name];
const presetValues = () => ({ ...studio.state?.presets, ...studio.state?.own_presets })[preset] ?? {};
const told = (dial, at) => at === null || at === undefined ? "off" : dial.options.length ? at : `${+(+at).toFixed(2)}${dial.unit ? ` ${dial.unit}` : ""}`;

function build() {
  if (rows.size || !studio.state) return;
  by("dials").replaceChildren(...studio.state.dials.map(dial => {
    const row = made("div", "", { className: "dial" }), label = made("label", dial.title), id = `dial-${dial.name}`;
    label.htmlFor = id;
    const input = dial.options.length ? made("select", "", { id }) : made("input", "", { id, type: "range", min: dial.low, max: dial.high, step: dial.step });
    if (dial.options.length) fill(input, dial.options.map(each => [each, each]));
    const words = made("p", dial.words, { className: "note", id: `${id}-words` }), output = made("output");
    input.setAttribute("aria-describedby", words.id);
    output.htmlFor.add(id);
    input.addEventListener("input", () => turn(dial, dial.options.length ? input.value : +input.value));
    row.append(label, output, input);
    let off = null;
    if (dial.name === "register") {
      off = made("input", "", { type: "checkbox" });
      const box = made("label", "", { className: "check" });
      off.addEventListener("change", () => turn(dial, off.checked ? null : +input.value));
      box.append(off, " off");
      row.append(box);
    }
    row.append(words);
    rows.set(dial.name, { dial, input, output, row, off });
    return row;
  }));
}

function shown() {
  build();
  for (const { dial, input, output, row, off } of rows.values()) {
    const at = value(dial.name), known = at !== undefined;
    input.disabled = !known || studio.response?.edited || (off && at === null);
    if (off) { off.checked = at === null || !known; off.disabled = Boolean(studio.response?.edited); }
    if (document.activeElement !== input || !dial.options.length) input.value = String(at ?? (off ? 0 : dial.low));
    output.textContent = known ? told(dial, at) : "";
    if (!dial.options.length) input.setAttribute("aria-valuetext", output.textContent);
    row.classList.toggle("turned", at !== start()[dial.name]);
    output.title = dial.name in start() ? `as it was made: ${told(dial, start()[dial.name])}` : "";
  }
  const own = Object.keys(studio.state?.own_presets ?? {});
  fill(by("dial-preset"), [["", "none"], ...Object.keys(studio.state?.presets ?? {}).map(each => [each, each]), ...own.map(each => [each, `${each} (yours)`])]);
  by("dial-preset").value = preset;
  by("preset-forget").disabled = !own.includes(preset);
}

function turn(dial, at) {
  turned = { ...turned, [dial.name]: at };
  shown();
  ask(`${dial.title.toLowerCase()} ${told(dial, at)}`);
}

function ask(said) {
  clearTimeout(soon);
  soon = setTimeout(() => wish({ dials: turned, preset, more: null }, said), SOON);
}

function all(values, said) {
  turned = { ...values };
  preset = "";
  shown();
  ask(said);
}

// Every dial as it stands, whatever it was turned by.
const standing = () => Object.fromEntries([...rows.keys()].filter(name => value(name) !== undefined).map(name => [name, value(name)]));

async function save(name, dials) {
  try {
    await keep("/api/presets", { name, dials });
    by("preset-name").value = "";
    say("asked");
  } catch (error) { trouble(error.message); }
}

export function listen() {
  on("dials", () => {
    const wishes = wished();
    turned = wishes?.dials ?? {};
    preset = wishes?.preset ?? "";
    shown();
  });
  on("state", shown);
  by("dial-preset").addEventListener("change", () => { preset = by("dial-preset").value; turned = {}; shown(); ask(preset ? `preset ${preset}` : "as it was made"); });
  by("preset-save").addEventListener("click", () => save(by("preset-name").value, standing()));
  by("preset-forget").addEventListener("click", () => { const name = preset; preset = ""; save(name, null); });
  by("dials-back").addEventListener("click", () => { if (Object.keys(turned).length || preset) all({}, "as it was made"); });
  by("dials-own").addEventListener("click", () => all(studio.response?.defaults ?? {}, "as the agent has it"));
}
