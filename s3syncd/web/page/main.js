// Puts it together: what is shown, for which address, and what is said of it aloud.

const ANNOUNCE_MS = 5000; // a reader of the screen is told of trouble, and not of every figure
const STALE_MS = 8000;
const CONNECTION_WORDS = {
  connecting: "Connecting", live: "Live", polling: "Every few seconds", lost: "Not connected", locked: "Locked",
};
const ICON_COLOURS = { good: "#13713a", working: "#0a58b5", attention: "#d98a00", bad: "#c8281e", paused: "#6b7680", none: "#8a949e" };

// How many sites need somebody.
function markOf(sums) {
  return sums.bad + sums.attention ? `(${sums.bad + sums.attention}) ` : "";
}

class App {
  constructor() {
    this.state = new State();
    this.overview = new Overview(this.state);
    this.detail = new Detail(this.state);
    this.stream = new Stream({
      onMessage: (message, isFirst, site) => this.take(message, isFirst, site),
      onState: (state) => this.connected(state),
    });
    this.connection = "connecting";
    this.route = null;
    this.isFocusWanted = false;
    this.known = null;
    this.waiting = new Set();
    this.wire();
    this.go();
  }

  wire() {
    addEventListener("hashchange", () => this.go());
    document.addEventListener("visibilitychange", () => this.follow());
    document.addEventListener("keydown", (event) => this.pressed(event));
    byId("skip").addEventListener("click", (event) => {
      event.preventDefault();
      byId("main").focus();
    });
    byId("token-form").addEventListener("submit", (event) => {
      event.preventDefault();
      sessionStorage.setItem("token", byId("token").value);
      byId("token").value = "";
      setHidden(byId("locked"), true);
      setHidden(byId("loading"), false);
      this.follow();
    });
    setInterval(() => this.tick(), 1000);
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
    if (event.key === "/" && !isTyping && this.route === "") {
      event.preventDefault();
      byId("search").focus();
    } else if (event.key === "Escape" && event.target.id === "search") {
      event.target.value = "";
      this.overview.table.choose({ wanted: "" });
    } else if (event.key === "Escape" && !isTyping && this.route !== "") {
      location.hash = "#/";
    }
  }

  go() {
    const found = /^#\/site\/(.+)$/.exec(location.hash);
    let route = "";
    try {
      route = found ? decodeURIComponent(found[1]) : "";
    } catch {
      route = found[1]; // not an address that this page made
    }
    if (route === this.route) return;
    this.isFocusWanted = this.route !== null;
    this.route = route;
    this.state.site = null;
    if (route !== "") this.detail.open(route);
    scrollTo(0, 0);
    this.follow();
    this.show();
  }

  follow() {
    this.stream.follow(this.route === "" ? null : this.route);
  }

  take(message, isFirst, site) {
    this.state.take(message, isFirst, site);
    this.show();
  }

  connected(state) {
    if (state === "locked") this.lock();
    if (state === this.connection) return;
    this.connection = state;
    setData(byId("connection"), "state", state);
    // Links carry no token.
    document.body.classList.toggle("has-token", state === "locked" || sessionStorage.getItem("token") !== null);
    setText(byId("connection-text"), CONNECTION_WORDS[state]);
    this.tick();
  }

  lock() {
    const wasTried = sessionStorage.getItem("token") !== null;
    sessionStorage.removeItem("token");
    setText(byId("token-wrong"), wasTried ? "The daemon does not take this token." : "");
    for (const id of ["loading", "overview", "detail"]) setHidden(byId(id), true);
    setHidden(byId("locked"), false);
    byId("token").focus();
  }

  // Relative times go on while nothing is told; and what is old is shown to be old.
  tick() {
    const { state } = this;
    const isOld = state.told > 0 && Date.now() - state.told > STALE_MS && !document.hidden;
    const isStale = state.told > 0 && (this.connection === "lost" || isOld);
    document.body.classList.toggle("is-stale", isStale);
    setHidden(byId("stale"), !isStale);
    if (isStale) {
      setText(byId("stale"), `The daemon has not answered since ${clockTime(state.told)}: this is how things stood then. The page goes on asking.`);
      this.dress("none", "?");
    }
    if (!state.told && this.connection === "lost") setText(byId("loading"), "The daemon does not answer. The page goes on asking.");
  }

  show() {
    const { state, route } = this;
    const isOverview = route === "";
    const isReady = isOverview ? state.hasOverview : true;
    setHidden(byId("locked"), true);
    setHidden(byId("loading"), isReady);
    setHidden(byId("overview"), !isOverview || !isReady);
    setHidden(byId("detail"), isOverview);
    if (state.daemon) this.showDaemon(state.daemon);
    if (isOverview && isReady) {
      const { sums, verdict } = this.overview.show();
      this.dress(verdict.level, markOf(sums));
      this.listen();
    } else if (!isOverview) {
      this.detail.show();
      if (state.others) this.dress(verdictOf(state.others).level, markOf(state.others), `${visible(route)} – `);
    }
    this.focus(isOverview ? byId("verdict-text") : this.detail.box.querySelector("h1"));
    this.tick();
  }

  focus(heading) {
    if (!this.isFocusWanted || !heading || !heading.offsetParent) return;
    this.isFocusWanted = false;
    heading.focus({ preventScroll: true });
  }

  showDaemon(daemon) {
    setText(byId("version"), `${daemon.version} · up for ${lasting((this.state.now - Date.parse(daemon.started_at)) / 1000)}`);
    const notes = [];
    if (daemon.reload_error) notes.push(["bad", `The changed configuration was refused, the old one is in force: ${daemon.reload_error.error} ${daemon.reload_error.hint || ""}`]);
    if (daemon.needs_restart) notes.push(["warn", `Changed in the configuration, in force after a restart: ${daemon.needs_restart.join(", ")}`]);
    if (daemon.heartbeat?.error) notes.push(["warn", `No heartbeat is sent: ${daemon.heartbeat.error}`]);
    if (daemon.notify?.error) notes.push(["warn", `Nobody is notified: ${daemon.notify.error}`]);
    const drawn = JSON.stringify(notes);
    const box = byId("notes");
    if (box.drawn === drawn) return;
    box.drawn = drawn;
    box.replaceChildren(...notes.map(([level, text]) => prose("p", { class: `notice ${level}` }, text)));
  }

  // The title and the icon tell it in a tab that is not looked at.
  dress(level, mark, name) {
    const title = `${mark || ""}${name || ""}s3syncd`;
    if (document.title !== title) document.title = title;
    const colour = ICON_COLOURS[level] || ICON_COLOURS.none;
    const icon = `data:image/svg+xml,${encodeURIComponent(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><circle cx="8" cy="8" r="7" fill="${colour}"/></svg>`)}`;
    if (byId("icon").getAttribute("href") !== icon) byId("icon").setAttribute("href", icon);
  }

  // Says which sites came to need somebody, or no longer do; never figures, never more often than
  // every few seconds.
  listen() {
    const needing = new Map();
    for (const site of this.state.sites.values()) {
      if (site.level === "bad" || site.level === "attention") needing.set(site.name, `${visible(site.name)}: ${stateWord(site)}. ${why(site)}`);
    }
    const before = this.known || needing;
    for (const name of needing.keys()) if (!before.has(name)) this.waiting.add(name);
    for (const name of before.keys()) if (!needing.has(name)) this.waiting.add(name);
    this.known = needing;
    if (this.waiting.size && !this.announcing) {
      this.announcing = setTimeout(() => this.announce(), this.hasAnnounced ? ANNOUNCE_MS : 0);
    }
  }

  announce() {
    this.announcing = null;
    this.hasAnnounced = true;
    const names = [...this.waiting];
    this.waiting.clear();
    const lines = names.slice(0, 3).map((name) => this.known.get(name) || `${visible(name)} needs nobody any more.`);
    if (names.length > 3) lines.push(`And ${count(names.length - 3)} more.`);
    setText(byId("announcer"), lines.join(" "));
  }
}

new App();
