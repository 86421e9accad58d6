"""The page for everybody: colours, small screens, keyboards, and those who hear it."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser.driven import Shown
from tests.browser.scene import problem, site
from tests.browser.troubles import DEAD, HOLD, trouble


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_in_both_schemes(shown: Shown, scheme: str) -> None:
    shown.scheme(scheme)
    shown.scene.show(*trouble())
    shown.scene.sent("good", "one.txt")
    shown.open()
    shown.wait("one.txt", "#recent")
    assert shown.low_contrasts() == []
    back = shown.run("return getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, back[4:-1].split(","))) < 200) == (scheme == "dark")
    for level in ("good", "working", "attention", "bad", "paused"):
        shown.run("document.getElementById('verdict').dataset.level = arguments[0]", level)
        assert shown.low_contrasts() == []
    shown.open("#/site/held")
    assert shown.low_contrasts() == []


@pytest.mark.parametrize("width", [320, 700, 1024])
def test_a_small_screen_does_not_scroll_sideways(shown: Shown, width: int) -> None:
    shown.size(width)
    long = "x" * 120
    ill = site(long, in_sync=False, problems=[problem(long * 2)], problems_total=1, reason="drift")
    shown.scene.show(*trouble(), ill)
    shown.scene.sent(long, long * 2)
    for address in ("", "#/site/" + long, "#/site/held", "#/site/" + long + "y"):
        shown.open(address)
        wide, seen = shown.run("return [document.documentElement.scrollWidth, innerWidth]")
        assert wide <= seen == width
        assert shown.run(
            "return [...document.querySelectorAll('.framed')]"
            ".every((box) => box.scrollWidth <= box.clientWidth)"
        ), "something is cut off"
    shown.open()
    assert shown.is_seen("#rows td:nth-child(2) .badge")
    assert "row" in shown.roles()  # laid out as cards, it still is a table to those who hear it


@pytest.mark.parametrize("width", [320, 500, 700])
def test_no_button_breaks_on_a_small_screen(shown: Shown, width: int) -> None:
    shown.size(width)
    many = [site(f"site {number}") for number in range(60)]
    shown.scene.show(site("a name of some length", **HOLD), *many)
    for address in ("", "#/site/a name of some length"):
        shown.open(address)
        heights = shown.run(
            "return [...document.querySelectorAll('button')].filter((e) => e.checkVisibility())"
            ".map((e) => { const all = document.createRange(); all.selectNodeContents(e);"
            " return all.getClientRects().length; })"
        )
        assert heights
        assert set(heights) == {1}, "a word is broken"


def test_everything_is_reached_and_seen_by_keyboard(shown: Shown) -> None:
    shown.scene.show(site("photos", **HOLD), site("music"))
    shown.open()
    shown.press(Keys.TAB)
    assert shown.focused() == "skip"
    met = []
    for _ in range(20):
        shown.press(Keys.TAB)
        if shown.run("return document.activeElement === document.body"):
            break  # and on to the browser's own
        met.append(shown.focused())
        outline = shown.run(
            "const e = document.activeElement;"
            "return getComputedStyle(e.matches('.segments input') ? e.parentElement : e)"
            ".outlineStyle"
        )
        assert outline != "none", met
    assert met[0] == "s3syncd: all sites"
    for wanted in ("photos", "all", "search", "sort", "music"):
        assert wanted in met
    shown.run("document.querySelector('#rows a').focus()")
    shown.press(Keys.ENTER)
    shown.wait_for(lambda: shown.run("return document.activeElement.tagName") == "H1")
    assert shown.focused() == "photos"
    shown.press(Keys.ESCAPE)
    shown.wait_for(lambda: shown.focused() == "verdict-text")


def test_the_focus_stays_where_it_is_while_things_change(shown: Shown) -> None:
    shown.scene.show(site("a"), site("b"), site("c", **HOLD))
    shown.open()
    shown.run("document.querySelector('#rows a[href$=b]').focus()")
    shown.scene.tell("b", **DEAD)  # moves to the top
    shown.wait_for(lambda: shown.texts("#rows .name a")[0] == "b")
    assert shown.run("return document.activeElement.closest('#rows') !== null")
    assert shown.focused() == "b"
    shown.run("document.querySelector('#attention-list [data-site=c] a').focus()")
    shown.scene.tell("c", held_deletions=5000)
    shown.wait("5,000 deletions", "#attention")
    assert shown.run("return document.activeElement.closest('.card')?.dataset.site") == "c"


def test_whoever_hears_the_page_has_names_and_is_told_of_trouble_alone(shown: Shown) -> None:
    shown.scene.show(*trouble())
    shown.open()
    assert shown.nameless() == []
    assert {"main", "banner", "table", "heading", "list"} <= set(shown.roles())
    assert shown.text("#announcer") == ""  # what is there at first is read, not announced
    shown.scene.tell("good", files=5)
    shown.scene.sent("good", "file")
    shown.wait("file", "#recent")
    assert shown.text("#announcer") == ""
    shown.scene.tell("working", **DEAD)
    shown.wait("working: Unavailable. bucket unavailable", "#announcer")
    shown.open("#/site/ill")
    assert shown.nameless() == []
