// Elements. Every text becomes a text node: there is no way here to make markup of it.

const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// Writes only what differs, so that what somebody has selected, or hears, is left alone.
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function setData(element, name, value) {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

function setHidden(element, isHidden) {
  if (element.hidden !== isHidden) element.hidden = isHidden;
}

function pathOf(text) {
  const element = make("span", { class: "path" });
  for (const [part, isEscaped] of visibleParts(text)) {
    element.append(isEscaped ? make("span", { class: "escaped" }, part) : part);
  }
  return element;
}

function linkTo(name) {
  return make("a", { href: `#/site/${encodeURIComponent(name)}` }, visible(name));
}

function badge(level, text) {
  return make("span", { class: "badge", "data-level": level }, text);
}

// A text in which `…` stands for a command.
function prose(tag, attributes, text) {
  const element = make(tag, attributes);
  text.split("`").forEach((part, index) => {
    if (part) element.append(index % 2 ? make("code", {}, visible(part)) : visible(part));
  });
  return element;
}

function command(text) {
  const box = make("div", { class: "command" }, make("code", {}, visible(text)));
  if (!navigator.clipboard) return box;
  const button = make("button", { type: "button", "aria-label": `Copy the command ${visible(text)}` }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Select it";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  box.append(button);
  return box;
}

function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

// A line of the last minute; what it says stands beside it as text.
class Spark {
  constructor() {
    this.element = svg("svg", { class: "spark", viewBox: "0 0 59 20", preserveAspectRatio: "none", "aria-hidden": "true", focusable: "false" });
    this.area = svg("path", { class: "area" });
    this.line = svg("path", { class: "line" });
    this.element.append(this.area, this.line);
    this.drawn = "";
  }

  draw(values) {
    const top = Math.max(...values, 1);
    this.element.classList.toggle("flat", !values.some(Boolean));
    const points = values.map((value, index) => `${index} ${(19 - (18 * value) / top).toFixed(1)}`);
    const drawn = `M${points.join("L")}`;
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.line.setAttribute("d", drawn);
    this.area.setAttribute("d", `${drawn}L59 20L0 20Z`);
  }
}
