// One site: everything that is known of it.

class Detail {
  constructor(state) {
    this.state = state;
    this.box = byId("detail");
    this.name = null;
    this.parts = null;
    this.kind = null;
  }

  // Begins with a site; what it is like is told by the next message.
  open(name) {
    this.name = name;
    this.kind = null;
    this.box.replaceChildren(make("p", { class: "crumb" }, make("a", { href: "#/" }, "← All sites")), make("p", { class: "loading" }, "Looking at the site …"));
  }

  // Returns the heading when it has just been made.
  show() {
    const { site } = this.state;
    if (!site || site.name !== this.name) return null;
    const kind = site.isUnknown ? "unknown" : "known";
    const isNew = kind !== this.kind;
    this.kind = kind;
    if (kind === "unknown") {
      if (isNew) this.buildUnknown();
      this.tellSimilar();
    } else {
      if (isNew) this.build();
      this.update(site);
    }
    return isNew ? this.box.querySelector("h1") : null;
  }

  buildUnknown() {
    this.similar = make("p", {});
    this.box.replaceChildren(
      make("p", { class: "crumb" }, make("a", { href: "#/" }, "← All sites")),
      make("div", { class: "title" }, make("h1", { tabindex: "-1" }, "There is no site ", pathOf(this.name))),
      make("p", {}, "The daemon's configuration has none of this name: it was renamed or removed, or the address has a slip. Should a reload bring it, it appears here."),
      this.similar,
    );
  }

  tellSimilar() {
    const names = this.state.similar;
    const drawn = JSON.stringify(names);
    if (this.similar.drawn === drawn) return;
    this.similar.drawn = drawn;
    this.similar.replaceChildren();
    if (names.length) this.similar.append("Did you mean ", ...names.flatMap((name, index) => [index ? " or " : "", linkTo(name)]), "?");
  }

  build() {
    const parts = {
      badge: badge("working", ""), why: make("span", { class: "soft" }), trouble: make("div", { class: "card" }),
      facts: make("dl", { class: "facts" }), spark: new Spark(), rate: make("dd", {}), values: new Map(),
      problems: make("tbody", { role: "rowgroup" }), more: make("p", { class: "more" }), noProblem: make("p", { class: "soft" }, "None."),
      recent: make("ol", { class: "recent" }), noRecent: make("p", { class: "nothing" }, "Nothing was sent or deleted since the site started."),
    };
    parts.table = make("div", { class: "framed" }, make(
      "table", { class: "problems", role: "table", "aria-labelledby": "problems-title" },
      make("thead", { role: "rowgroup" }, make("tr", { role: "row" }, ...["Path", "What is wrong", "Since"].map((word) => make("th", { role: "columnheader", scope: "col" }, word)))),
      parts.problems,
    ));
    parts.facts.append(make("div", {}, make("dt", {}, "Sending"), parts.rate, make("dd", {}, parts.spark.element)));
    this.parts = parts;
    this.box.replaceChildren(
      make("p", { class: "crumb" }, make("a", { href: "#/" }, "← All sites")),
      make("div", { class: "title" }, make("h1", { tabindex: "-1" }, visible(this.name)), parts.badge, parts.why),
      make("section", { "aria-label": "What to do" }, parts.trouble),
      make("section", { "aria-label": "Facts" }, parts.facts),
      make("section", { "aria-labelledby": "problems-title" }, make("h2", { id: "problems-title" }, "Problems"), parts.noProblem, parts.table, parts.more),
      make("section", { "aria-labelledby": "site-recent-title" }, make("h2", { id: "site-recent-title" }, "Recent transfers"), make("div", { class: "framed" }, parts.recent, parts.noRecent)),
    );
  }

  update(site) {
    const { parts, state } = this;
    setData(parts.badge, "level", site.level);
    setText(parts.badge, stateWord(site));
    setText(parts.why, why(site));
    this.updateTrouble(site);
    this.updateFacts(site);
    this.updateProblems(site);
    showRecent(parts.recent, site.recent, state.now, { isOfOne: true });
    setHidden(parts.noRecent, site.recent.length > 0);
  }

  updateTrouble(site) {
    const { trouble } = this.parts;
    const drawn = JSON.stringify([site.held, site.meaning, site.hint, site.failing, site.level, site.command, site.reason]);
    if (trouble.drawn === drawn) return;
    trouble.drawn = drawn;
    setData(trouble, "level", site.level);
    const found = troubleOf(site);
    trouble.replaceChildren(...found);
    setHidden(trouble, found.length === 0);
  }

  updateFacts(site) {
    const { state, parts } = this;
    const { now } = state;
    const rate = state.rateOf(site.name);
    setText(parts.rate, rate.bytes || rate.files ? `${size(rate.bytes)}/s, ${rate.files.toFixed(1)} changes/s` : "nothing now");
    parts.spark.draw(state.history(site.name).bytes.values(state.second));
    const facts = {
      "In sync": site.in_sync ? `since ${fullTime(site.since)} (${syncWords(site, now)})` : syncWords(site, now),
      Lag: lagWords(site),
      Queue: site.actions ? `${many(site.actions, "action")}, ${size(site.bytes_pending)}` : site.pending_known ? "empty" : "not known yet",
      "In the bucket": `${many(site.files, "file")}, ${size(site.bytes)}`,
      "Last reconcile": ago(site.last_reconcile_at, now),
      "Last rescan": ago(site.last_rescan_at, now),
      Watcher: site.watcher || "–",
      Mode: site.mode,
      State: STATE_WORDS[site.state],
      "Done since its start": `${many(site.done, "change")}, ${size(site.sent)} sent`,
      "Failed tries": Object.entries(site.failures).map(([word, number]) => `${reasonWord(word)} ${count(number)}`).join(", ") || "none",
      "Objects of others": site.foreign_objects ? `${count(site.foreign_objects)} under the prefix, left alone` : "none",
      "Unwatched directories": site.unwatched ? count(site.unwatched) : "",
      "Requests at once": site.window ? `at most ${count(site.window)}` : "",
      Limits: site.limits ? limitWords(site.limits) : "",
      "List of what is held": site.held_list || "",
    };
    for (const [name, text] of Object.entries(facts)) this.fact(name, text);
  }

  fact(name, text) {
    let fact = this.parts.values.get(name);
    if (!fact) {
      fact = { box: make("div", {}), value: make("dd", {}) };
      fact.box.append(make("dt", {}, name), fact.value);
      this.parts.facts.append(fact.box);
      this.parts.values.set(name, fact);
    }
    setText(fact.value, text);
    setHidden(fact.box, text === "");
  }

  updateProblems(site) {
    const { parts, state } = this;
    setHidden(parts.noProblem, site.problems_total > 0);
    setHidden(parts.table, site.problems.length === 0);
    const left = site.problems_total - site.problems.length;
    setText(parts.more, left > 0 ? `and ${many(left, "more problem")}: these are the first ${count(site.problems.length)}. The log has them all.` : "");
    const drawn = JSON.stringify(site.problems);
    if (parts.problems.drawn !== drawn) {
      parts.problems.drawn = drawn;
      parts.problems.replaceChildren(...site.problems.map((problem) => make(
        "tr", { role: "row" },
        make("td", { role: "rowheader" }, pathOf(problem.path)),
        make("td", { role: "cell" }, make("span", {}, reasonWord(problem.reason)), problem.hint ? prose("span", { class: "under" }, problem.hint) : null),
        make("td", { role: "cell", class: "soft", "data-since": problem.since }),
      )));
    }
    for (const cell of parts.problems.querySelectorAll("[data-since]")) setText(cell, ago(cell.dataset.since, state.now));
  }
}

function lagWords(site) {
  if (!site.pending_known) return `what waits is not known, since ${lasting(site.oldest)}`;
  return site.oldest ? `the oldest change waits for ${lasting(site.oldest)}` : "no change is waiting";
}

function limitWords(limits) {
  return [
    limits.bytes_per_second ? `${size(limits.bytes_per_second)}/s` : "",
    limits.requests_per_second ? `${limits.requests_per_second} ${limits.requests_per_second === 1 ? "request" : "requests"}/s` : "",
  ].filter(Boolean).join(", ");
}
