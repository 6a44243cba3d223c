// One listener's test: which question is asked, what is heard, what was answered.
import { Sounds } from "/static/sounds.js";

const token = new URLSearchParams(location.search).get("token") || "";
const headers = { "X-Antiphon-Token": token };
const LETTERS = "ABCDEFGHIJKL";
const ENOUGH = 3; // seconds that each sound is heard at least, or all of it
const WORDS = ["bad", "poor", "fair", "good", "excellent"];
const on = id => document.getElementById(id);

export const test = { study: null, listener: "", questions: [], answered: [], number: -1, sounds: null, chosen: null, ratings: [], began: 0 };

async function asked(path, body) {
  const options = body ? { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(body) } : { headers };
  let answer;
  try { answer = await fetch(path, options); } catch { throw new Error("The server is out of reach. Your answer was not kept yet: try again."); }
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error || `the server said ${answer.status}`);
  return answer;
}

function say(error) {
  on("error").textContent = error ? String(error.message || error) : "";
  on("error").hidden = !error;
}

const guarded = work => async (...values) => { try { say(""); await work(...values); } catch (error) { say(error); } };

function made(tag, className, text, values = {}) {
  const node = Object.assign(document.createElement(tag), values);
  if (className) node.className = className;
  if (text) node.textContent = text;
  return node;
}

const show = id => { for (const each of ["welcome", "trial", "end"]) on(each).hidden = each !== id; };
const names = () => Array.from({ length: test.questions[test.number].places }, (_, place) => String(place));
const isPair = () => test.study.kind === "2afc";

const begin = guarded(async () => {
  test.listener = on("listener").value.trim();
  const told = await (await asked("/api/start", { listener: test.listener })).json();
  test.questions = told.questions; test.answered = told.answered;
  test.sounds ||= new Sounds();
  sessionStorage.setItem("listener", test.listener);
  await next();
});

async function next() {
  test.number = test.answered.indexOf(false);
  if (test.number < 0) return finish();
  const { places, guide } = test.questions[test.number];
  on("next").disabled = true;
  test.sounds.clear();
  test.chosen = null; test.ratings = Array(places).fill(null);
  const count = test.answered.filter(Boolean).length;
  on("where").textContent = `Question ${count + 1} of ${test.questions.length}`;
  on("done").max = test.questions.length; on("done").value = count;
  on("question").textContent = test.study.question;
  on("guide").hidden = !guide;
  draw(places);
  show("trial");
  on("hint").textContent = "Sounds are loading.";
  on("question").focus();
  const wanted = [...names(), ...(guide ? ["guide"] : [])];
  await Promise.all(wanted.map(async place => {
    const query = new URLSearchParams({ listener: test.listener, number: test.number, place });
    await test.sounds.load(place, await (await asked(`/api/sound?${query}`)).arrayBuffer());
  }));
  test.began = performance.now();
  document.body.dataset.ready = test.number;
  hint();
}

function draw(places) {
  const home = on("places");
  home.replaceChildren(); home.className = isPair() ? "pair" : "rated";
  for (let place = 0; place < places; place += 1) {
    const letter = LETTERS[place];
    const card = made("div", "place"); card.dataset.place = place;
    const listen = made("button", "", "", { type: "button" });
    listen.append(made("kbd", "", String(place + 1)), `Hear ${letter}`);
    listen.setAttribute("aria-pressed", "false"); listen.setAttribute("aria-keyshortcuts", String(place + 1));
    listen.addEventListener("click", () => hear(String(place)));
    if (isPair()) {
      const choose = made("button", "", "", { type: "button" });
      choose.append(made("kbd", "", place ? "→" : "←"), `Choose ${letter}`);
      choose.setAttribute("aria-pressed", "false");
      choose.setAttribute("aria-keyshortcuts", place ? "ArrowRight" : "ArrowLeft");
      choose.dataset.choose = place;
      choose.addEventListener("click", () => pick(place));
      card.append(made("p", "letter", letter), listen, choose);
    } else {
      const slide = made("input", "slide", "", { type: "range", min: 0, max: 100, step: 1, value: 50 });
      slide.setAttribute("aria-label", `Rating of ${letter}, 0 bad to 100 excellent`);
      const value = made("output", "", "–");
      slide.addEventListener("input", () => { test.ratings[place] = Number(slide.value); value.textContent = slide.value; hint(); });
      card.append(made("p", "letter", letter), listen, slide, value);
      if (!place) { const scale = made("div", "scale"); scale.append(...WORDS.map(word => made("span", "", word))); scale.setAttribute("aria-hidden", "true"); card.append(scale); }
    }
    home.append(card);
  }
}

function hear(place) {
  test.sounds.play(place);
  refresh();
}

function pick(place) {
  test.chosen = place;
  for (const card of on("places").children) {
    const mine = Number(card.dataset.place) === place;
    card.classList.toggle("chosen", mine);
    card.querySelector("[data-choose]").setAttribute("aria-pressed", String(mine));
  }
  hint();
}

// What is still to be done; nothing can be kept before.
function hint() {
  const enough = Math.min(ENOUGH, test.sounds.duration);
  const missing = names().filter(place => (test.sounds.heard[place] || 0) < enough - 0.05).map(place => LETTERS[place]);
  const open = isPair() ? test.chosen === null : test.ratings.some(value => value === null);
  on("hint").textContent = missing.length ? `Listen to ${missing.join(", ")} a little longer.`
    : open ? (isPair() ? "Choose one; if you are not sure, guess." : "Move every slider, also where it stays in the middle.") : "You can keep this and go on.";
  on("next").disabled = Boolean(missing.length) || open;
}

function refresh() {
  const { sounds } = test;
  if (!sounds) return;
  on("head").style.transform = `scaleX(${sounds.position / sounds.duration})`;
  document.body.dataset.playing = sounds.current ?? "";
  on("guide").setAttribute("aria-pressed", String(sounds.current === "guide"));
  for (const card of on("places").children) card.querySelector("button").setAttribute("aria-pressed", String(sounds.current === card.dataset.place));
}

setInterval(() => {
  if (!test.sounds || on("trial").hidden) return;
  test.sounds.account();
  refresh();
  if (test.sounds.playing) hint();
}, 100);

const keep = guarded(async () => {
  if (on("next").disabled) return;
  on("next").disabled = true;
  test.sounds.stop();
  const body = {
    listener: test.listener, number: test.number, seconds: (performance.now() - test.began) / 1000,
    plays: names().map(place => test.sounds.plays[place]),
    ...(isPair() ? { chosen: test.chosen } : { ratings: test.ratings }),
  };
  try { test.answered = (await (await asked("/api/answer", body)).json()).answered; } catch (error) { on("next").disabled = false; throw error; }
  await next();
});

async function finish() {
  show("end");
  on("result").replaceChildren();
  on("thanks").focus();
  if (!test.study.told) return;
  const told = await (await asked(`/api/result?${new URLSearchParams({ listener: test.listener })}`)).json();
  on("result").append(...told.said.map(line => made("li", "", line)));
}

on("start").addEventListener("submit", event => { event.preventDefault(); begin(); });
on("next").addEventListener("click", keep);
on("guide").addEventListener("click", () => hear("guide"));
on("pause").addEventListener("click", () => { test.sounds.stop(); refresh(); });
on("again").addEventListener("click", () => { test.sounds.rewind(); refresh(); });

document.addEventListener("keydown", event => {
  if (on("trial").hidden || event.ctrlKey || event.metaKey || event.altKey) return;
  const slides = event.target.type === "range";
  const key = event.key.toLowerCase();
  const act = {
    g: () => !on("guide").hidden && hear("guide"), r: () => on("again").click(), " ": () => (test.sounds.playing ? on("pause").click() : hear("0")),
    enter: keep, arrowleft: () => isPair() && pick(0), arrowright: () => isPair() && pick(1),
  }[key] || (/^[1-9]$/.test(key) && Number(key) <= names().length ? () => hear(String(Number(key) - 1)) : null);
  if (!act || (slides && key.startsWith("arrow"))) return;
  event.preventDefault();
  act();
});

guarded(async () => {
  test.study = await (await asked("/api/study")).json();
  document.title = on("title").textContent = test.study.title;
  on("about").textContent = test.study.about;
  on("listener").value = sessionStorage.getItem("listener") || "";
  on("listener").focus();
})();
