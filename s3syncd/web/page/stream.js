// Follows the daemon: a stream of server-sent events, read by fetch because only that can carry a
// token. Where it is refused or held back on its way, the same is asked for every few seconds.

const SILENT_MS = 6000; // a message comes each second
const POLL_MS = 3000;
const HIDDEN_POLL_MS = 15000; // a tab in the background has a title and an icon to keep true
const TRY_AGAIN_MS = 60000; // from asking to a stream again
const PAUSES_MS = [500, 1000, 2000, 4000, 8000];

class Stream {
  constructor({ onMessage, onState }) {
    this.onMessage = onMessage;
    this.onState = onState;
    this.site = null;
    this.run = 0;
    this.controller = null;
  }

  follow(site) {
    this.site = site;
    this.stop();
    this.turn(this.run);
  }

  stop() {
    this.run += 1;
    if (this.controller) this.controller.abort();
  }

  async turn(run) {
    let failures = 0;
    let isPolling = false;
    let streamAt = 0;
    let wasSilent = false;
    while (run === this.run) {
      try {
        if (document.hidden || (isPolling && Date.now() < streamAt)) {
          await this.once(run);
          failures = 0;
          await pause(document.hidden ? HIDDEN_POLL_MS : POLL_MS);
          continue;
        }
        wasSilent = await this.stream(run, () => { failures = 0; isPolling = false; });
        if (wasSilent) throw new Refused(503);
      } catch (error) {
        if (run !== this.run) return;
        if (error instanceof Refused && error.status === 401) {
          this.onState("locked");
          return;
        }
        if (error instanceof Refused && error.status === 503) {
          isPolling = true;
          streamAt = Date.now() + TRY_AGAIN_MS;
          continue;
        }
      }
      if (run !== this.run) return;
      this.onState("lost");
      await pause(PAUSES_MS[Math.min(failures, PAUSES_MS.length - 1)]);
      failures += 1;
    }
  }

  async open(run, isOnce) {
    const query = new URLSearchParams();
    if (this.site !== null) query.set("site", this.site);
    if (isOnce) query.set("once", "1");
    const token = sessionStorage.getItem("token");
    const headers = token ? { Authorization: `Bearer ${token}` } : {};
    this.controller = new AbortController();
    const watch = new Watch(this.controller);
    const answer = await fetch(`events?${query}`, {
      headers, signal: this.controller.signal, cache: "no-store", credentials: "omit",
    }).catch((error) => { watch.end(); throw error; });
    if (!answer.ok) {
      watch.end();
      throw new Refused(answer.status);
    }
    return [answer, watch];
  }

  async once(run) {
    const [answer, watch] = await this.open(run, true);
    try {
      const text = await answer.text();
      if (run !== this.run) return;
      this.take(text.trim(), true);
      this.onState("polling");
    } finally {
      watch.end();
    }
  }

  // Returns whether nothing at all came although it was accepted: something on the way holds it.
  async stream(run, onFirst) {
    const [answer, watch] = await this.open(run, false);
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    let isFirst = true;
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (run !== this.run || done) return false;
        watch.renew();
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop();
        for (const block of blocks) {
          this.take(block, isFirst);
          if (isFirst) onFirst();
          isFirst = false;
        }
        if (!isFirst) this.onState("live");
      }
    } catch (error) {
      if (watch.isSilent && isFirst) return true;
      throw error;
    } finally {
      watch.end();
    }
  }

  take(block, isFirst) {
    const lines = block.split("\n").filter((line) => line.startsWith("data: "));
    if (!lines.length) return;
    this.onMessage(JSON.parse(lines.map((line) => line.slice(6)).join("\n")), isFirst, this.site);
  }
}

class Refused extends Error {
  constructor(status) {
    super(`refused: ${status}`);
    this.status = status;
  }
}

// Ends a request that falls silent.
class Watch {
  constructor(controller) {
    this.controller = controller;
    this.isSilent = false;
    this.renew();
  }

  renew() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.isSilent = true;
      this.controller.abort();
    }, SILENT_MS);
  }

  end() {
    clearTimeout(this.timer);
  }
}

function pause(milliseconds) {
  return new Promise((resolve) => { setTimeout(resolve, milliseconds); });
}
