"""The page with much on it, and with names that mean harm."""

from __future__ import annotations

import json
from urllib.parse import quote

from selenium.webdriver.common.keys import Keys

from tests.browser.driven import Shown
from tests.browser.scene import problem, site
from tests.browser.troubles import DEAD, HOSTILE


def test_a_thousand_sites_are_found_ordered_and_paged(shown: Shown) -> None:
    shown.scene.show(*[site(f"host-{n:04}") for n in range(1000)])
    shown.open()
    assert shown.text("#verdict-text") == "All 1,000 sites are in sync"
    assert len(shown.texts("#rows tr")) == 50
    assert shown.text("#page-text") == "1\u201350 of 1,000"
    shown.run("document.getElementById('next').click()")
    assert shown.texts("#rows .name a")[0] == "host-0050"
    shown.scene.tell("host-0777", **DEAD)  # far behind, and needs somebody
    shown.wait("host-0777", "#attention")
    shown.run("document.getElementById('previous').click()")
    assert shown.texts("#rows .name a")[0] == "host-0777"
    shown.press("/")
    assert shown.focused() == "search"
    shown.press("host-09")
    shown.wait_for(lambda: shown.text("#page-text") == "1\u201350 of 100")
    shown.press("99")
    assert shown.texts("#rows .name a") == ["host-0999"]
    shown.press("x")
    shown.wait("No site is like that.", "#nothing")
    shown.press(Keys.ESCAPE)
    shown.run("document.querySelector('#levels input[value=need]').click()")
    assert shown.texts("#rows .name a") == ["host-0777"]
    size = len(json.dumps(shown.run("return document.body.innerHTML")))
    assert size < 400_000


def test_ten_thousand_problems_at_once_are_counted_and_few_are_shown(shown: Shown) -> None:
    many = [problem(f"{'long/' * 100}{n}", hint="h" * 2000) for n in range(100)]
    ill = [site(f"s{n:03}", in_sync=False, problems=many, problems_total=100) for n in range(100)]
    shown.scene.show(*ill)
    shown.open()
    shown.wait("10,000", "#tiles")
    assert len(shown.texts("#attention-list .card")) == 20
    assert "and 80 more sites" in shown.text("#attention")
    assert shown.run("return document.querySelectorAll('*').length") < 5000


def test_hostile_names_are_text_and_their_tricks_are_seen(shown: Shown) -> None:
    problems = [problem(name, hint=name) for name in HOSTILE[:3]]
    names = [name.encode("utf-8", "replace").decode() for name in HOSTILE]
    shown.scene.show(
        *[site(name, in_sync=False, reason=name, hint=name, problems=problems, problems_total=3)
          for name in names]
    )  # fmt: skip
    for name in names:
        shown.scene.sent(name, *HOSTILE)
    shown.open()
    shown.wait("lone", "#recent")
    text = shown.text()
    assert "<img src=x onerror=" in text
    assert "</script><script>document.title=" in text
    assert "\\u{202e}gpj.exe" in text
    assert "two\\u{000a}lines\\u{2028}three\\u{0000}\\u{001b}[31m" in text
    assert "a\\u{dcff} lone \\u{d800} surrogate" in text
    assert shown.run("return document.querySelectorAll('main :is(img, script, b)').length") == 0
    for name in names:
        shown.open("#/site/" + quote(name, safe=""))
        shown.wait_for(lambda: "gpj.exe" in shown.text("#detail"))
        assert shown.run("return document.querySelectorAll('main :is(img, script, b)').length") == 0
    assert "owned" not in shown.browser.driver.title
