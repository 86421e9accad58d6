"""A browser that a test drives, and questions to what it shows."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.browser.scene import Scene
from tests.waiting import until

__all__ = ["Browser", "Shown", "driven_browser"]

_WITHIN_SECONDS = 20.0
_OPTIONS = (
    "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-extensions", "--disable-default-apps", "--mute-audio", "--hide-scrollbars",
    "--window-size=1280,900",
)  # fmt: skip

# The contrast of every text that can be seen with what is behind it, as WCAG 2.1 has it.
_CONTRASTS = """
const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
const behind = (element) => {
  for (let e = element; e; e = e.parentElement) {
    const colour = numbers(getComputedStyle(e).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
};
const low = [];
let seen = 0;
for (const element of document.querySelectorAll('body *')) {
  const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
  const box = element.getBoundingClientRect();
  if (!own || box.width < 2 || !element.checkVisibility()) continue;
  if (element.disabled || element.closest('[hidden], .unseen, .skip, svg')) continue;
  const pair = [light(numbers(getComputedStyle(element).color)), light(behind(element))];
  const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
  seen += 1;
  if (ratio < 4.5) low.push([element.outerHTML.slice(0, 120), ratio]);
}
return [seen, low];
"""


class Browser:
    """The browser, with the little of its driver that tests need."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver
        self.expected: list[str] = []

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script's body in the page."""
        return self.driver.execute_script(script, *arguments)

    def cdp(self, command: str, **arguments: Any) -> Any:
        """Send a command of the DevTools protocol."""
        return self.driver.execute_cdp_cmd(command, arguments)

    def leave(self) -> None:
        """Forget the page and all that was set for it."""
        self.cdp("Emulation.clearDeviceMetricsOverride")
        self.cdp("Emulation.setEmulatedMedia", features=[])
        self.driver.get("data:,")
        self.driver.get_log("browser")
        self.expected.clear()

    def assert_no_error(self) -> None:
        """Nothing was thrown, refused by the policy, or asked for in vain."""
        lines = self.driver.get_log("browser")
        said = [line["message"] for line in lines if line["level"] in {"WARNING", "SEVERE"}]
        strange = [one for one in said if not any(word in one for word in self.expected)]
        assert not strange


class Shown:
    """The page as it is shown of a scene."""

    def __init__(self, browser: Browser, scene: Scene, url: str) -> None:
        self.browser = browser
        self.scene = scene
        self.url = url

    def open(self, address: str = "", *, what: str = "#overview, #detail .title") -> Shown:
        """Open the page, and wait until it shows something."""
        self.browser.driver.get(self.url + address)
        until(lambda: self.is_seen(what), _WITHIN_SECONDS, f"{what} is shown")
        return self

    def size(self, width: int, height: int = 900) -> None:
        """Be a screen of so many pixels."""
        self.browser.cdp(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=width < 700,
        )  # fmt: skip

    def scheme(self, name: str) -> None:
        """Prefer dark or light."""
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.browser.cdp("Emulation.setEmulatedMedia", features=features)

    def run(self, script: str, *arguments: Any) -> Any:
        return self.browser.run(script, *arguments)

    def is_seen(self, selector: str) -> bool:
        """Whether an element can be seen."""
        return bool(
            self.run(
                "return [...document.querySelectorAll(arguments[0])]"
                ".some((e) => e.checkVisibility())",
                selector,
            )
        )

    def text(self, selector: str = "main") -> str:
        """Give the text that can be seen of an element."""
        found = self.run("return document.querySelector(arguments[0])?.innerText ?? ''", selector)
        return str(found)

    def texts(self, selector: str) -> list[str]:
        found = self.run(
            "return [...document.querySelectorAll(arguments[0])].map((e) => e.innerText)", selector
        )
        return list(found)

    def wait(self, words: str, selector: str = "main") -> str:
        """Wait until an element shows some words; give all of its text."""
        return self.wait_for(lambda: words in (text := self.text(selector)) and text, words)

    def wait_for(self, is_so: Callable[[], Any], what: str = "") -> Any:
        try:
            return until(is_so, _WITHIN_SECONDS, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text('body')[:3000]}") from error

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        from selenium.webdriver.common.action_chains import ActionChains

        ActionChains(self.browser.driver, duration=0).send_keys(*keys).perform()

    def focused(self) -> str:
        """Describe what has the focus."""
        return str(
            self.run(
                "const e = document.activeElement;"
                "return e.id || e.getAttribute('aria-label') || e.value || e.innerText.trim()"
                " || e.tagName"
            )
        )

    def low_contrasts(self) -> list[Any]:
        """Give the texts that are hard to read."""
        seen, low = self.run(_CONTRASTS)
        assert seen > 20
        return list(low)

    def nameless(self) -> list[str]:
        """Give what can be operated and has no name for those who hear the page."""
        nodes = self.browser.cdp("Accessibility.getFullAXTree")["nodes"]
        wanted = {"button", "link", "textbox", "searchbox", "combobox", "radio", "table", "heading"}
        return [
            node["role"]["value"]
            for node in nodes
            if not node["ignored"]
            and node["role"]["value"] in wanted
            and not node.get("name", {}).get("value")
        ]

    def roles(self) -> list[str]:
        nodes = self.browser.cdp("Accessibility.getFullAXTree")["nodes"]
        return [node["role"]["value"] for node in nodes if not node["ignored"]]


@contextmanager
def driven_browser(folder: Path) -> Iterator[Browser]:
    """Start a browser with a profile of its own in a folder."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for option in (*_OPTIONS, f"--user-data-dir={folder}"):
        options.add_argument(option)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")  # it wants another user, which CI has not
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        driver.set_script_timeout(_WITHIN_SECONDS)
        yield Browser(driver)
    finally:
        driver.quit()
