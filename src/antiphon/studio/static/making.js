// The panel that makes agents: whether the two sounds are good to learn from, and how they are learned.
import { send } from "/static/api.js";
import { by, made } from "/static/panels.js";

const WORDS = {
  train: "An agent of its own, from this pair alone: the more minutes, the better. It takes minutes to hours.",
  remember: "Seconds, without training: the agent plays as before, and looks up what the pair does where that proves right.",
  try: "Some minutes: the same, and the network is trained on the pair where that is surely better on parts held out.",
  heart: "Some minutes: it plays the second track to the first, as far as it can, and keeps what it knew.",
};

export class Making {
  constructor(panels) {
    this.panels = panels;
    this.asked = 0;
    by("train").addEventListener("submit", event => { event.preventDefault(); this.learn(); });
    for (const id of ["asks", "replies", "both"]) by(id).addEventListener("change", () => this.check());
    by("make").addEventListener("toggle", () => this.check());
    by("way").addEventListener("change", () => this.shown());
    this.shown();
  }

  shown() {
    const way = by("way").value;
    by("way-said").textContent = WORDS[way];
    by("learner-row").hidden = way === "train";
    by("both-row").hidden = way !== "train";
  }

  // The check of a corpus on these two, in words; what was checked once is known at once.
  async check() {
    const guide = by("asks").value, target = by("replies").value, mine = ++this.asked;
    if (!by("make").open || !guide || !target) return;
    if (guide === target) { this.tell({ verdict: "A track cannot answer itself: choose two.", errors: 1, findings: [] }); return; }
    this.tell({ verdict: "Listening to both …", errors: 0, findings: [] });
    try {
      const told = await send("/api/pair", { guide, target, both_ways: by("both").checked });
      if (mine === this.asked) this.tell(told);
    } catch (error) {
      if (mine === this.asked) this.tell({ verdict: error.message, errors: 0, findings: [] });
    }
  }

  tell({ verdict, errors, findings }) {
    const list = made("ul", "", { className: "findings" });
    list.replaceChildren(...findings.map(({ kind, said, advice }) => {
      const item = made("li");
      item.append(made("b", `${kind[0].toUpperCase()}${kind.slice(1)}: `), `${said} ${advice}`.trim());
      return item;
    }));
    by("pair-said").replaceChildren(made("p", verdict, { className: errors ? "failed" : "note" }), ...(findings.length ? [list] : []));
    by("learn").textContent = errors ? "Learn from the pair all the same" : "Learn from the pair";
  }

  async learn() {
    const way = by("way").value, pair = { guide: by("asks").value, target: by("replies").value, name: by("agent-name").value.trim() };
    const id = way === "train"
      ? await this.panels.ask("/api/train", { ...pair, both_ways: by("both").checked })
      : await this.panels.ask("/api/learn", { ...pair, way, agent: by("learner").value });
    if (id) by("agent-name").value = "";
  }
}
