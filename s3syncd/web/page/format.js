// Words for figures, and what a hostile name is shown as.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"]; // as the command line has them
const whole = new Intl.NumberFormat("en");

function count(number) {
  return whole.format(number);
}

function many(number, one, several) {
  return `${count(number)} ${number === 1 ? one : several || `${one}s`}`;
}

function size(bytes) {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(unit === 0 ? 0 : 1)} ${UNITS[unit]}`;
}

function lasting(seconds) {
  if (seconds < 1) return "< 1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * 60) return `${Math.round(seconds / 60)} min`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86400)} days`;
}

function ago(moment, now) {
  if (moment === null || moment === undefined) return "never";
  const at = typeof moment === "number" ? moment : Date.parse(moment);
  const seconds = (now - at) / 1000;
  return seconds < 2 ? "just now" : `${lasting(seconds)} ago`;
}

function clockTime(moment) {
  return new Date(moment).toLocaleTimeString("en-GB");
}

function fullTime(moment) {
  return moment === null || moment === undefined ? "" : new Date(moment).toLocaleString("en-GB");
}

// What cannot be seen, or turns the text around it about, is shown by its number.
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}]/gu;

function visibleParts(text) {
  const parts = [];
  let from = 0;
  for (const found of text.matchAll(UNSEEN)) {
    if (found.index > from) parts.push([text.slice(from, found.index), false]);
    const number = found[0].codePointAt(0).toString(16).padStart(4, "0");
    parts.push([`\\u{${number}}`, true]);
    from = found.index + found[0].length;
  }
  if (from < text.length) parts.push([text.slice(from), false]);
  return parts;
}

function visible(text) {
  return visibleParts(String(text)).map(([part]) => part).join("");
}
