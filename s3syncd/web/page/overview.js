// All sites: the verdict, the totals, what needs somebody, what was sent of late.

const CARDS = 20;
const EFFECTS = { put: "Uploaded", deleted: "Deleted", reclassed: "Class changed" };

class Overview {
  constructor(state) {
    this.state = state;
    this.table = new Table(state, () => this.show());
    this.tiles = new Tiles(byId("tiles"));
    this.cards = "";
    this.recent = null;
  }

  show() {
    const { state } = this;
    const sums = state.sums();
    const verdict = verdictOf(sums);
    setData(byId("verdict"), "level", verdict.level);
    setText(byId("verdict-text"), verdict.text);
    setText(byId("verdict-more"), verdict.more);
    this.tiles.show(sums, state);
    this.showCards();
    this.table.show(sums);
    showRecent(byId("recent"), state.recent, state.now, { isOfOne: false });
    setHidden(byId("recent-none"), state.recent.length > 0);
    return { sums, verdict };
  }

  showCards() {
    const needing = this.state.order.map((name) => this.state.sites.get(name))
      .filter((site) => site && (site.level === "bad" || site.level === "attention"))
      .sort((a, b) => RANK[a.level] - RANK[b.level]);
    const shown = needing.slice(0, CARDS);
    setHidden(byId("attention"), needing.length === 0);
    const left = needing.length - shown.length;
    setText(byId("attention-more"), left ? `and ${many(left, "more site")}: choose “Need you” below.` : "");
    const drawn = JSON.stringify(shown.map((site) => [
      site.name, site.level, site.state, site.reason, site.meaning, site.hint, site.command, site.held,
      site.failing.map((line) => line.replace(/\d+/g, "")), site.obstacles, site.problems,
    ]));
    if (drawn === this.cards) return;
    this.cards = drawn;
    const focused = document.activeElement && document.activeElement.closest(".card");
    const cards = shown.map((site) => cardOf(site));
    byId("attention-list").replaceChildren(...cards);
    if (focused && !focused.isConnected) {
      const same = cards.find((card) => card.dataset.site === focused.dataset.site);
      if (same) same.querySelector("a").focus({ preventScroll: true });
    }
  }
}

function verdictOf(sums) {
  const { all, inSync } = sums;
  if (!all) return { level: "working", text: "There is no site", more: "Write one into the configuration." };
  const rest = `${count(inSync)} of ${many(all, "site")} in sync.`;
  if (sums.bad) {
    const word = sums.bad === 1 ? "site cannot go on as it should" : "sites cannot go on as they should";
    const others = sums.attention ? ` ${many(sums.attention, "other")} ${sums.attention === 1 ? "needs" : "need"} you.` : "";
    return { level: "bad", text: `${count(sums.bad)} ${word}`, more: `${rest}${others} What to do stands below.` };
  }
  if (sums.attention) {
    return { level: "attention", text: `${many(sums.attention, "site")} ${sums.attention === 1 ? "needs" : "need"} you`, more: `${rest} What to do stands below.` };
  }
  if (inSync === all) {
    return { level: "good", text: all === 1 ? "The site is in sync" : `All ${count(all)} sites are in sync`, more: "Directory and bucket are equal, and nothing is waiting." };
  }
  if (inSync + sums.paused === all) return { level: "paused", text: `${many(sums.paused, "site")} paused`, more: `${rest} Changes of paused sites wait.` };
  const working = all - inSync - sums.paused;
  return { level: "working", text: `${many(working, "site")} ${working === 1 ? "is" : "are"} at work`, more: rest };
}

class Tiles {
  constructor(list) {
    this.list = list;
    this.spark = new Spark();
    this.tiles = new Map();
  }

  show(sums, state) {
    const bytes = state.total.bytes.rate(state.second);
    const files = state.total.files.rate(state.second);
    this.tile("Sending", `${size(bytes)}/s`, files ? `${files.toFixed(files < 10 ? 1 : 0)} changes/s` : "nothing now", "", this.spark.element);
    this.spark.draw(state.total.bytes.values(state.second));
    const nothing = sums.unknown ? "not known yet" : "nothing";
    this.tile("Waiting", sums.actions ? many(sums.actions, "action") : nothing, sums.pending ? size(sums.pending) : "");
    const oldest = sums.oldestSite === null ? "" : visible(sums.oldestSite);
    this.tile("Lag", sums.oldest ? lasting(sums.oldest) : "none", sums.oldest ? `oldest change, in ${oldest}` : "no change is waiting");
    this.tile("Deletions held", count(sums.held), sums.held ? `in ${many(sums.heldSites, "site")}` : "", sums.held ? "attention" : "");
    const skipped = sums.problems - sums.obstacles;
    const under = [sums.obstacles ? "paths" : "", skipped ? `${count(skipped)} skipped` : ""].filter(Boolean).join(", ");
    this.tile("Problems", count(sums.obstacles), under, sums.obstacles ? "attention" : "");
    this.tile("In the buckets", size(sums.bytes), many(sums.files, "file"));
  }

  tile(name, value, under, level, extra) {
    let tile = this.tiles.get(name);
    if (!tile) {
      tile = { box: make("div", { class: "tile" }), value: make("dd", { class: "value" }), under: make("dd", { class: "under" }) };
      tile.box.append(make("dt", {}, name), tile.value, tile.under);
      if (extra) tile.box.append(make("dd", { class: "spark" }, extra));
      this.list.append(tile.box);
      this.tiles.set(name, tile);
    }
    setData(tile.box, "level", level || "");
    setText(tile.value, value);
    setText(tile.under, under);
  }
}

function cardOf(site) {
  const card = make("li", { class: "card", "data-level": site.level, "data-site": site.name });
  card.append(make("h3", {}, linkTo(site.name), badge(site.level, stateWord(site)), make("span", { class: "soft" }, why(site))));
  card.append(...troubleOf(site));
  for (const problem of site.problems) card.append(problemOf(problem));
  const left = site.obstacles - site.problems.length;
  if (left > 0) card.append(make("p", { class: "more" }, `and ${many(left, "more problem")}.`));
  return card;
}

// What is wrong with a site as a whole, and what to do.
function troubleOf(site) {
  const parts = [];
  if (site.held) parts.push(make("p", {}, `${many(site.held, "deletion is", "deletions are")} held.`));
  if (site.meaning) parts.push(make("p", {}, site.meaning));
  if (site.hint) parts.push(prose("p", { class: "remedy" }, site.hint));
  const known = `${site.reason}: ${site.hint}`;
  for (const line of site.failing) {
    if (line !== known && site.level === "bad") parts.push(prose("p", {}, line.replace(/^(\w+):/, (_all, word) => `${reasonWord(word)}:`)));
  }
  if (site.command) parts.push(command(site.command));
  return parts;
}

function problemOf(problem) {
  const line = make("div", { class: "problem" }, make("p", {}, `${reasonWord(problem.reason)}: `, pathOf(problem.path)));
  if (problem.hint) line.append(prose("p", { class: "remedy" }, problem.hint));
  return line;
}

function showRecent(list, recent, now, { isOfOne }) {
  const drawn = JSON.stringify(recent);
  if (list.drawn !== drawn) {
    list.drawn = drawn;
    setData(list, "of", isOfOne ? "one" : "all");
    list.replaceChildren(...recent.map((one) => make(
      "li", {},
      make("span", { class: "time", title: fullTime(one.at), "data-at": String(one.at) }),
      make("span", { class: "effect" }, EFFECTS[one.effect] || one.effect),
      isOfOne ? null : make("span", { class: "site" }, linkTo(one.site)),
      pathOf(one.path),
      make("span", { class: "size" }, one.effect === "put" ? size(one.bytes) : ""),
    )));
  }
  for (const time of list.querySelectorAll(".time")) setText(time, ago(Number(time.dataset.at), now));
}
