// The table of the sites: found, ordered, a page at a time. Rows are kept and rewritten in place, so
// that where somebody's focus is, it stays.

const PAGE = 50;
const COLUMNS = ["Site", "State", "In sync", "Lag", "Queue", "Rate", "Reconciled", "Watcher", "Files"];
const LEVELS = [
  ["all", "All"], ["need", "Need you"], ["working", "Working"], ["good", "In sync"], ["paused", "Paused"],
];
const ORDERS = {
  need: (a, b) => RANK[a.level] - RANK[b.level],
  name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true }),
  lag: (a, b) => b.oldest - a.oldest,
  queue: (a, b) => b.actions - a.actions || b.bytes_pending - a.bytes_pending,
  rate: (a, b) => b.rate - a.rate,
};

function isOfLevel(site, level) {
  if (level === "all") return true;
  if (level === "need") return site.level === "bad" || site.level === "attention";
  return site.level === level;
}

class Row {
  constructor(name) {
    this.element = make("tr", { role: "row" });
    this.cells = COLUMNS.map((label, index) => {
      const cell = make("td", { role: index ? "cell" : "rowheader", "data-label": label });
      this.element.append(cell);
      return cell;
    });
    const [title, , sync, lag, queue, rate, reconciled, , files] = this.cells;
    title.className = "name";
    this.mode = make("span", { class: "mode" });
    title.append(linkTo(name), this.mode);
    this.badge = badge("working", "");
    this.why = make("span", { class: "why" });
    this.cells[1].append(make("span", {}, this.badge, this.why));
    this.queue = make("span", { class: "value" });
    this.queueBytes = make("span", { class: "under" });
    queue.append(make("span", {}, this.queue, this.queueBytes));
    this.rate = make("span", { class: "value" });
    this.spark = new Spark();
    rate.append(make("span", { class: "flow" }, this.rate, this.spark.element));
    this.files = make("span", {});
    this.bytes = make("span", { class: "under" });
    files.append(make("span", {}, this.files, this.bytes));
    this.times = { sync, lag, reconciled };
    for (const cell of [reconciled, this.cells[7], files]) cell.classList.add("wide");
  }

  update(site, state) {
    const { now } = state;
    setData(this.element, "level", site.level);
    setText(this.mode, site.mode === "upload" ? "" : site.mode);
    setData(this.badge, "level", site.level);
    setText(this.badge, stateWord(site));
    setText(this.why, why(site));
    setText(this.times.sync, syncWords(site, now));
    setText(this.times.lag, site.oldest ? lasting(site.oldest) : "–");
    setText(this.queue, queueWords(site));
    setText(this.queueBytes, site.bytes_pending ? size(site.bytes_pending) : "");
    const rate = state.rateOf(site.name);
    setText(this.rate, rate.bytes || rate.files ? `${size(rate.bytes)}/s` : "–");
    this.spark.draw(state.history(site.name).bytes.values(state.second));
    setText(this.times.reconciled, ago(site.last_reconcile_at, now));
    setText(this.cells[7], site.state === "starting" || !site.watcher ? "–" : site.watcher);
    for (const [cell, isEmpty] of [
      [this.times.lag, !site.oldest], [this.cells[4], !site.actions], [this.cells[5], this.spark.element.classList.contains("flat")],
    ]) cell.toggleAttribute("data-empty", isEmpty);
    setText(this.files, count(site.files));
    setText(this.bytes, size(site.bytes));
  }
}

function queueWords(site) {
  if (!site.pending_known) return site.actions ? `${count(site.actions)}+` : "?";
  return site.actions ? count(site.actions) : "–";
}

function syncWords(site, now) {
  if (site.in_sync) return `for ${lasting(Math.max(0, (now - Date.parse(site.since)) / 1000))}`;
  return site.was ? `left it ${ago(site.was, now)}` : "not yet";
}

class Table {
  constructor(state, onChange) {
    this.state = state;
    this.rows = new Map();
    this.level = "all";
    this.wanted = "";
    this.sort = "need";
    this.page = 0;
    this.onChange = onChange;
    this.numbers = new Map();
    this.wire();
  }

  wire() {
    for (const [level, word] of LEVELS) {
      const radio = make("input", { type: "radio", name: "level", value: level, checked: level === "all" });
      const number = make("span", { class: "number" });
      byId("levels").append(make("label", {}, radio, word, number));
      this.numbers.set(level, number);
      radio.addEventListener("change", () => this.choose({ level }));
    }
    byId("search").addEventListener("input", (event) => this.choose({ wanted: event.target.value.trim().toLowerCase() }));
    byId("sort").addEventListener("change", (event) => this.choose({ sort: event.target.value }));
    byId("previous").addEventListener("click", () => this.choose({ page: this.page - 1 }));
    byId("next").addEventListener("click", () => this.choose({ page: this.page + 1 }));
  }

  choose(choice) {
    Object.assign(this, { page: 0 }, choice);
    this.onChange();
  }

  found() {
    const { state, wanted, level } = this;
    let sites = state.order.map((name) => state.sites.get(name)).filter(Boolean);
    if (wanted) sites = sites.filter((site) => `${site.name} ${stateWord(site)} ${why(site)}`.toLowerCase().includes(wanted));
    sites = sites.filter((site) => isOfLevel(site, level));
    if (this.sort === "rate") {
      return sites.map((site) => [site, state.rateOf(site.name).bytes]).sort((a, b) => b[1] - a[1]).map(([site]) => site);
    }
    return sites.sort(ORDERS[this.sort]);
  }

  show(sums) {
    const numbers = { ...sums, need: sums.bad + sums.attention };
    for (const [level, number] of this.numbers) setText(number, count(numbers[level]));
    const found = this.found();
    const last = Math.max(0, Math.ceil(found.length / PAGE) - 1);
    this.page = Math.min(Math.max(this.page, 0), last);
    const from = this.page * PAGE;
    const shown = found.slice(from, from + PAGE);
    this.place(shown);
    this.tellPage(found.length, from, shown.length, last);
  }

  place(shown) {
    const body = byId("rows");
    const names = new Set(shown.map((site) => site.name));
    for (const [name, row] of this.rows) {
      if (!names.has(name)) {
        row.element.remove();
        this.rows.delete(name);
      }
    }
    let next = body.firstElementChild;
    for (const site of shown) {
      let row = this.rows.get(site.name);
      if (!row) {
        row = new Row(site.name);
        this.rows.set(site.name, row);
      }
      row.update(site, this.state);
      if (row.element === next) next = next.nextElementSibling;
      else keepingFocus(() => body.insertBefore(row.element, next));
    }
  }

  tellPage(all, from, shown, last) {
    setHidden(byId("pager"), last === 0);
    setText(byId("page-text"), `${count(from + 1)}–${count(from + shown)} of ${count(all)}`);
    byId("previous").disabled = this.page === 0;
    byId("next").disabled = this.page === last;
    setHidden(byId("nothing"), all > 0);
    const isAny = this.state.order.length > 0;
    setText(byId("nothing"), isAny ? "No site is like that." : "There is no site in the configuration.");
    setHidden(byId("sites"), all === 0);
  }
}

// A row that moves takes the focus along.
function keepingFocus(move) {
  const focused = document.activeElement;
  move();
  if (focused && focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
}
