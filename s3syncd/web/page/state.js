// What the daemon has told, and what follows from it: rates, totals, the verdict.

const MINUTE = 60;
const RATE_SECONDS = 5; // over which the rate that stands in words is taken

// Amounts of the last minute, by second.
class History {
  constructor() {
    this.slots = new Map();
  }

  add(amount, from, to) {
    const first = Math.max(from + 1, to - MINUTE);
    const seconds = Math.max(1, to - first + 1);
    for (let second = to - seconds + 1; second <= to; second += 1) {
      this.slots.set(second, (this.slots.get(second) || 0) + amount / seconds);
    }
    for (const second of this.slots.keys()) {
      if (second <= to - MINUTE) this.slots.delete(second);
    }
  }

  values(now) {
    return Array.from({ length: MINUTE }, (_, index) => this.slots.get(now - MINUTE + 1 + index) || 0);
  }

  rate(now) {
    let sum = 0;
    for (let second = now - RATE_SECONDS + 1; second <= now; second += 1) sum += this.slots.get(second) || 0;
    return sum / RATE_SECONDS;
  }
}

class State {
  constructor() {
    this.sites = new Map();
    this.order = [];
    this.daemon = null;
    this.recent = [];
    this.at = 0;
    this.skew = 0;
    this.told = 0;
    this.histories = new Map();
    this.total = { bytes: new History(), files: new History() };
    this.site = null; // the one that is shown alone
    this.others = null; // how many sites there are, and how they are, while one is shown alone
    this.similar = [];
    this.hasOverview = false;
  }

  get now() {
    return Date.now() + this.skew;
  }

  get second() {
    return Math.floor(this.at / 1000);
  }

  take(message, isFirst, site) {
    const last = this.second;
    this.at = message.at;
    this.skew = message.at - Date.now();
    this.told = Date.now();
    if (message.daemon) {
      if (this.daemon && this.daemon.started_at !== message.daemon.started_at) this.forget();
      this.daemon = message.daemon;
    }
    if (site === null) this.takeAll(message, isFirst, last);
    else this.takeOne(message, site, last);
  }

  forget() {
    this.sites.clear();
    this.histories.clear();
    this.total = { bytes: new History(), files: new History() };
    this.site = null;
  }

  takeAll(message, isFirst, last) {
    if (message.full && !isFirst) throw new Error("a full message must be the first");
    for (const row of message.sites || []) {
      this.measure(this.sites.get(row.name), row, last);
      this.sites.set(row.name, row);
    }
    if (message.order) {
      this.order = message.order;
      const known = new Set(message.order);
      for (const name of this.sites.keys()) {
        if (!known.has(name)) {
          this.sites.delete(name);
          this.histories.delete(name);
        }
      }
    }
    if (message.recent) this.recent = message.recent;
    this.hasOverview = true;
  }

  takeOne(message, name, last) {
    if (message.sums) this.others = message.sums;
    if (message.site === null) {
      this.site = { name, isUnknown: true };
      this.similar = message.similar || [];
    } else if (message.site) {
      const before = this.site && this.site.name === name && !this.site.isUnknown ? this.site : null;
      const site = message.full ? message.site : { ...before, ...message.site };
      this.measure(before || this.sites.get(name), site, last);
      this.site = site;
      if (this.sites.has(name)) this.sites.set(name, { ...this.sites.get(name), sent: site.sent, done: site.done });
    }
  }

  measure(before, after, last) {
    if (!before) return;
    const bytes = after.sent - before.sent;
    const files = after.done - before.done;
    if (bytes <= 0 && files <= 0) return; // less than before: its thread began anew
    const second = this.second;
    const from = Math.min(last, second - 1);
    const history = this.history(after.name);
    history.bytes.add(Math.max(bytes, 0), from, second);
    history.files.add(Math.max(files, 0), from, second);
    this.total.bytes.add(Math.max(bytes, 0), from, second);
    this.total.files.add(Math.max(files, 0), from, second);
  }

  history(name) {
    let found = this.histories.get(name);
    if (!found) {
      found = { bytes: new History(), files: new History() };
      this.histories.set(name, found);
    }
    return found;
  }

  rateOf(name) {
    const found = this.histories.get(name);
    return found ? { bytes: found.bytes.rate(this.second), files: found.files.rate(this.second) } : { bytes: 0, files: 0 };
  }

  sums() {
    const sums = {
      all: 0, good: 0, bad: 0, attention: 0, paused: 0, working: 0, files: 0, bytes: 0,
      actions: 0, pending: 0, unknown: 0, oldest: 0, oldestSite: null, held: 0, heldSites: 0, problems: 0, obstacles: 0, inSync: 0,
    };
    for (const site of this.sites.values()) {
      sums.all += 1;
      sums[site.level] += 1;
      sums.inSync += site.in_sync ? 1 : 0;
      sums.files += site.files;
      sums.bytes += site.bytes;
      sums.actions += site.actions;
      sums.pending += site.bytes_pending;
      sums.unknown += site.pending_known ? 0 : 1;
      sums.held += site.held;
      sums.heldSites += site.held ? 1 : 0;
      sums.problems += site.problems_total;
      sums.obstacles += site.obstacles;
      if (site.oldest > sums.oldest) {
        sums.oldest = site.oldest;
        sums.oldestSite = site.name;
      }
    }
    return sums;
  }
}

const RANK = { bad: 0, attention: 1, paused: 2, working: 3, good: 3 };
const STATE_WORDS = {
  starting: "Starting", scanning: "Scanning", syncing: "Syncing", idle: "Idle", paused: "Paused",
  halted: "Halted", unavailable: "Unavailable",
};
const REASON_WORDS = {
  root_missing: "directory missing", root_replaced: "directory replaced", root_emptied: "directory emptied",
  mass_delete: "mass deletion", bucket_unavailable: "bucket unavailable", state_dir_full: "state_dir full",
  ledger_unavailable: "ledger unavailable", listing_incomplete: "listing incomplete",
  subtree_unknown: "unreadable directory", mount_missing: "mount missing",
  mount_new: "mount over files",
};

function stateWord(site) {
  if (site.state === "halted" || site.state === "unavailable" || site.state === "paused") return STATE_WORDS[site.state];
  if (site.held) return "Deletions held";
  if (site.level === "bad") return "Failing";
  if (site.in_sync) return "In sync";
  if (site.level === "attention") return "Problems";
  return site.state === "idle" ? "Not in sync" : STATE_WORDS[site.state];
}

function reasonWord(reason) {
  return REASON_WORDS[reason] || visible(reason).replaceAll("_", " ");
}

function why(site) {
  if (site.reason) return reasonWord(site.reason);
  if (site.failing.length && site.level === "bad") return reasonWord(site.failing[0].split(":")[0]);
  if (site.obstacles && site.level === "attention") return many(site.obstacles, "problem");
  return "";
}
