// Why a segment is there: what the decision held possible, what in the guide mattered, what the joint cost.
import { get } from "/static/api.js";
import { source } from "/static/answer.js";
import { by, made } from "/static/panels.js";
import { classTitle, on, say, studio, transport, trouble } from "/static/session.js";

const HINT = "Click a segment, or move to it with the arrow keys and press Enter.";
let shownIndex = -1;

const note = said => made("p", said, { className: "note" });

function button(title, action, label = "") {
  const found = made("button", title, { type: "button" });
  if (label) found.setAttribute("aria-label", label);
  found.addEventListener("click", action);
  return found;
}

// A row of a class with its probability, and what can be done with it.
export function shareRow(token, share, action = null) {
  const row = made("div"), bar = made("progress", "", { max: 1, value: share });
  bar.setAttribute("aria-label", `Probability of ${classTitle(token)}`);
  row.append(made("span", classTitle(token)), bar, made("span", share.toFixed(2)));
  row.append(action ?? made("span"));
  return row;
}

async function testify(index) {
  if (index < 0) return;
  shownIndex = index;
  const { name } = studio.response, segment = studio.segments[index];
  if (studio.version === studio.draft) {
    by("testimony").replaceChildren(note("A draft has no testimony yet. Keep it, and each of its segments says why it is there."), hear(segment));
    light(segment, []);
    return;
  }
  try {
    const told = await get("/api/segment", { name, index });
    if (studio.response?.name !== name || shownIndex !== index) return;
    by("testimony").replaceChildren(
      note(`Segment ${index + 1} of ${studio.segments.length}, ${segment.start.toFixed(2)} to ${segment.end.toFixed(2)} s. What the decision held possible here:`),
      rivals(index, segment, told), ...mattered(told), price(told), facts(told), hear(segment));
    light(segment, told.heard);
  } catch (error) { trouble(error.message); }
}

function rivals(index, segment, told) {
  const list = made("div", "", { className: "rivals" });
  list.append(shareRow(segment.asked, segment.share, made("span", "asked for")));
  for (const [token, share] of told.rivals) {
    const title = token === studio.response.rest ? "Rest instead" : "Play instead";
    const swap = button(title, () => say("swap", { index, token }), `${title}: ${classTitle(token)}`);
    swap.disabled = studio.response.edited;
    list.append(shareRow(token, share, swap));
  }
  if (segment.token !== segment.asked) list.append(made("p", `Played: ${classTitle(segment.token)}, which is near and joins better.`));
  return list;
}

function mattered(told) {
  if (!told.heard.length) return [note("Nobody asked what in the guide mattered.")];
  const list = made("ul", "", { className: "mattered" });
  for (const [segment, loss] of told.heard) {
    const item = made("li"), away = segment - told.index, here = studio.segments[segment];
    const where = away === 0 ? "the guide at this moment" : `the guide ${Math.abs(away)} segment${Math.abs(away) > 1 ? "s" : ""} ${away < 0 ? "before" : "after"}`;
    const how = Math.abs(loss) < 0.005 ? "made next to no difference" : `made it ${Math.exp(Math.abs(loss)).toFixed(2)} times ${loss > 0 ? "more" : "less"} likely`;
    const token = studio.response.guide[segment];
    item.append(made("span", `${where[0].toUpperCase()}${where.slice(1)}${token === undefined ? "" : `, ${classTitle(token)},`} ${how}. `));
    const file = studio.response.guides[0]?.file;
    if (here && file) item.append(button("Hear", () => transport.audition(file, here.start, here.end).catch(error => trouble(error.message)), `Hear ${where}`));
    list.append(item);
  }
  return [list];
}

function price(told) {
  const joint = told.cost > 0 ? `Joining it to the one before cost ${told.cost.toFixed(2)}` : "It joins the one before for nothing";
  const other = told.runner_up === null ? "there was no other way" : `the next best way would have cost ${told.runner_up.toFixed(2)} more`;
  return made("p", `${joint}; ${other}.`);
}

function facts(told) {
  const list = made("dl"), said = ["rival", "guide segment", "number", "asked for", "cost", "runner-up"];
  for (const [label, value] of told.facts) if (!said.some(each => label.startsWith(each))) list.append(made("dt", label), made("dd", value));
  return list;
}

function hear(segment) {
  const memory = studio.response.memories[segment.part];
  if (!memory?.file) return made("span");
  return button("Hear its source in the memory", () => {
    source(segment);
    transport.audition(memory.file, segment.from, segment.to).catch(error => trouble(error.message));
  });
}

// The segment in the response, what mattered in the guide, and where it comes from.
function light(segment, heard) {
  const most = Math.max(...heard.map(([, loss]) => Math.abs(loss)), 1e-9);
  source(segment);
  const guide = studio.lanes.get("Guide"), response = studio.lanes.get("Response");
  guide.lit = heard.filter(([, loss]) => Math.abs(loss) >= 0.005 && loss !== null)
    .flatMap(([index, loss]) => studio.segments[index] ? [[studio.segments[index].start, studio.segments[index].end, Math.abs(loss) / most]] : []);
  response.lit = [[segment.start, segment.end]];
  guide.redraw();
  response.redraw();
}

export function listen() {
  on("pointed", testify);
  on("opened", () => { shownIndex = -1; by("testimony").replaceChildren(note(HINT)); });
  on("version", () => { if (shownIndex >= 0) testify(shownIndex); });
  on("named", () => { if (shownIndex >= 0 && studio.response) testify(shownIndex); });
}
