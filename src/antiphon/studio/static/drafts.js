// Drafts: what a change would sound like, within a moment, before anything is written.
import { send } from "/static/api.js";
import { showVersion } from "/static/answer.js";
import { by } from "/static/panels.js";
import { on, say, segmentsOf, studio, transport, trouble, union, withoutAll } from "/static/session.js";

let wishes = null, under = false, next = null, panels = null, held = "";

const nothing = () => ({ dials: {}, preset: "", regions: null, asked: [], seed: studio.response.seed, more: null, said: "" });

// What is asked of the studio: around a swap all else stays, otherwise what is kept and locked.
function body() {
  const { response, marks, segments } = studio;
  const asked = wishes.asked.length ? withoutAll([[0, response.seconds]], wishes.asked.map(([index]) => [segments[index].start, segments[index].end])) : null;
  return {
    response: response.name, seed: wishes.seed, kept: wishes.more?.kept ?? asked ?? union([...marks.kept, ...marks.locked]),
    rejected: wishes.more?.rejected ?? (asked ? [] : marks.rejected), asked: wishes.asked, dials: wishes.dials, preset: wishes.preset,
    regions: wishes.regions ?? {},
  };
}

// Ask for a draft; of changes that come while one is made, the last one counts.
async function ask() {
  if (studio.response.edited) { trouble("this response was edited in a session; go on there with respond --from"); return; }
  const asked = next = { body: body(), said: wishes.said, response: studio.response, began: performance.now() };
  by("draft").hidden = false;
  by("draft-said").textContent = "making a draft";
  if (under) return;
  under = true;
  try {
    while (next) {
      const mine = next;
      next = null;
      try {
        const told = await send("/api/draft", mine.body);
        if (mine.response === studio.response && wishes && !next) await heard(mine, told);
      } catch (error) {
        if (mine.response === studio.response && !next) { trouble(error.message); by("draft-said").textContent = "no draft: what was asked for cannot be played"; }
      }
    }
  } finally { under = false; }
  return asked;
}

async function heard(mine, told) {
  trouble("");
  studio.draft = { ...told, segments: segmentsOf(told.segments), body: mine.body };
  const changed = studio.draft.segments.filter((each, n) => each.part !== before()[n]?.part || each.from !== before()[n]?.from || each.token !== before()[n]?.token).length;
  const going = transport.playing;
  await showVersion(studio.draft);
  if (!going) await transport.play("answer", studio.span?.[0] ?? studio.cursor);
  studio.draft.heard = performance.now() - mine.began;
  const notes = told.notes.length > 1 ? ` ${told.notes.slice(0, -1).join("; ")}.` : "";
  by("draft-said").textContent = `Draft${mine.said ? `: ${mine.said}` : ""}. ${changed} of ${studio.draft.segments.length} segments are others.${notes}`;
  by("draft-hear").ariaPressed = "true";
}

const before = () => studio.original.segments;

async function hear() {
  if (!studio.draft) return;
  const version = studio.version === studio.draft ? studio.original : studio.draft;
  by("draft-hear").ariaPressed = String(version === studio.draft);
  await showVersion(version).catch(error => trouble(error.message));
}

async function drop() {
  next = null;
  const was = studio.draft;
  wishes = nothing();
  studio.draft = null;
  by("draft").hidden = true;
  say("dials");
  if (was && studio.version === was) await showVersion(studio.original).catch(error => trouble(error.message));
}

// The draft as a response: the same samples, with everything that a response has.
async function keep() {
  const { draft, marks, response } = studio;
  if (!draft) return;
  const id = await panels.ask("/api/again", draft.body, response.name);
  if (!id) return;
  panels.ours.get(id).carried = wishes.more?.carried ?? { ...marks, rejected: [] };
  by("draft-said").textContent = "The draft is being written; it opens when it is.";
}

// So that the first draft need not wait for what is slow to load.
async function hold() {
  const { response } = studio;
  if (!response || response.edited || held === response.name) return;
  held = response.name;
  try { await send("/api/hold", { response: response.name }); } catch { held = ""; }
}

export const wished = () => wishes;

export function wish(change, said) {
  if (!studio.response) return;
  const swapping = "asked" in change;
  wishes = { ...wishes, ...(swapping ? nothing() : { asked: [] }), ...change, said };
  if (swapping) say("dials");
  ask();
}

function swap({ index, token }) {
  const asked = [...wishes.asked.filter(([each]) => each !== index), [index, token]];
  wish({ asked }, asked.length > 1 ? `${asked.length} segments are swapped` : "one segment is swapped");
}

// Redone within a draft where there is one; else by a job, which writes.
async function redo({ kept, rejected, carried }) {
  const { response } = studio;
  if (studio.draft && !wishes.asked.length) {
    wish({ seed: wishes.seed + 1, more: { kept, rejected, carried } }, `seed ${wishes.seed + 1}`);
    return;
  }
  const id = await panels.ask("/api/again", { response: response.name, kept, rejected, seed: response.seed + 1 }, response.name);
  if (id) panels.ours.get(id).carried = carried;
}

export function listen(shared) {
  panels = shared;
  on("opened", () => { wishes = nothing(); next = null; by("draft").hidden = true; say("dials"); });
  on("closed", () => { wishes = null; next = null; });
  on("shown", id => { if (id === "dials") hold(); });
  on("pointed", hold);
  on("swap", swap);
  on("redo", redo);
  on("hear", hear);
  on("dropped", drop);
  by("draft-hear").addEventListener("click", hear);
  by("draft-keep").addEventListener("click", keep);
  by("draft-drop").addEventListener("click", drop);
}
