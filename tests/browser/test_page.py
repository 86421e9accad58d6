"""The page in a real browser: true without a reload, bounded, and usable by everybody."""

from __future__ import annotations

import json
import threading
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from urllib.parse import quote, urlsplit

import pytest
from selenium.webdriver.common.keys import Keys

from s3syncd.cli.wording import size
from s3syncd.web.app import Application
from s3syncd.web.feed import READERS
from s3syncd.web.server import Server
from s3syncd.web.sockets import listening_socket
from tests.browser.driven import Shown
from tests.browser.scene import Scene, problem, site

_HOLD = {
    "in_sync": False, "held_deletions": 4211, "held_list": "3fa91c0be2d4", "reason": "mass_delete",
    "hint": "Bring the files back, or confirm the held list: "
            "`s3syncd approve SITE --list HASH`.",
}  # fmt: skip
_DEAD = {
    "in_sync": False, "state": "unavailable", "reason": "bucket_unavailable",
    "hint": "The bucket photos does not exist: correct `bucket`.",
}  # fmt: skip
_HOSTILE = [
    "<img src=x onerror=\"document.title='owned'\">",
    "</script><script>document.title='owned'</script>",
    "\u202egpj.exe",
    "two\nlines\u2028three\x00\x1b[31m",
    "a\udcff lone \ud800 surrogate",
    "`code` &amp; <b>bold</b> javascript:alert(1)",
]


def _trouble() -> list[dict[str, object]]:
    """One site of every kind."""
    return [
        site("good"),
        site("working", in_sync=False, state="syncing", pending={"actions": 9, "bytes": 4096},
             oldest_pending_seconds=71.0),
        site("held", **_HOLD),
        site("dead", **_DEAD),
        site("ill", in_sync=False, problems=[problem("a/b")], problems_total=3),
        site("resting", in_sync=False, state="paused"),
    ]  # fmt: skip


# --- what it shows -----------------------------------------------------------------------------


def test_a_change_appears_without_a_reload(shown: Shown) -> None:
    shown.scene.show(site("photos", files=7), site("music"))
    shown.open()
    assert shown.text("#verdict-text") == "All 2 sites are in sync"
    assert "7" in shown.texts("#rows td:last-child")[0]
    shown.run("window.isSame = true")
    shown.scene.tell("photos", files=8, in_sync=False, state="syncing")
    shown.wait("Syncing", "#rows")
    assert "8" in shown.texts("#rows tr:has(a[href$=photos]) td:last-child")[0]
    assert shown.text("#verdict-text") == "1 site is at work"
    shown.scene.sent("photos", "2026/one.jpg", "2026/two.jpg", size_bytes=5_000_000)
    recent = shown.wait("2026/two.jpg", "#recent")
    assert "Uploaded" in recent
    assert "4.8 MiB" in recent
    shown.wait("1.9 MiB/s", "#tiles")  # ten in five seconds
    shown.wait("1.9 MiB/s", "#rows")
    shown.scene.tell("new one")
    shown.wait("new one", "#rows")
    assert shown.run("return window.isSame") is True


def test_a_hold_shows_with_the_command_that_approves_it(shown: Shown) -> None:
    shown.scene.show(site("web assets"))
    shown.open()
    assert not shown.is_seen("#attention")
    shown.scene.tell("web assets", **_HOLD)
    card = shown.wait("4,211 deletions are held", "#attention")
    assert "s3syncd approve 'web assets' --list 3fa91c0be2d4" in shown.texts(".command code")
    assert "More files are gone than the limit allows" in card
    assert "SITE" not in card
    assert "(1)" in shown.browser.driver.title
    shown.scene.tell("web assets", **site("web assets"))
    shown.wait_for(lambda: not shown.is_seen("#attention"))
    assert shown.browser.driver.title == "s3syncd"


def test_a_dead_site_turns_red_and_says_why(shown: Shown) -> None:
    shown.scene.show(site("photos"), site("music"))
    shown.open()
    green = shown.run("return getComputedStyle(document.getElementById('verdict')).color")
    shown.scene.failing = {"photos": ("bucket_unavailable: it does not exist",)}
    shown.scene.tell("photos", **_DEAD)
    text = shown.wait("Unavailable")
    assert "1 site cannot go on as it should" in text
    assert "1 of 2 sites in sync" in text
    assert "The bucket cannot be used; changes wait." in text
    assert "The bucket photos does not exist" in text
    red = shown.run("return getComputedStyle(document.getElementById('verdict')).color")
    assert red != green
    assert shown.run("return document.querySelector('#rows tr').dataset.level") == "bad"
    assert quote("#c8281e") in shown.run("return document.getElementById('icon').href")


def test_the_tab_of_one_site_tells_how_all_of_them_are(shown: Shown) -> None:
    def tab() -> tuple[str, bool]:
        icon = shown.run("return document.getElementById('icon').href")
        return shown.browser.driver.title, quote("#c8281e") in icon

    shown.scene.show(site("photos"), site("music"))
    shown.open("#/site/photos")
    shown.wait_for(lambda: tab() == ("photos \N{EN DASH} s3syncd", False))
    shown.scene.tell("music", **_DEAD)
    shown.wait_for(lambda: tab() == ("(1) photos \N{EN DASH} s3syncd", True))
    shown.scene.tell("music", **site("music"))
    shown.wait_for(lambda: tab() == ("photos \N{EN DASH} s3syncd", False))


@pytest.mark.parametrize(
    "size_bytes", [0, 999, 1023, 1024, 99 * 1024, 2**20 - 1, 5_000_000, 3 * 2**40]
)
def test_sizes_are_written_as_the_command_line_writes_them(shown: Shown, size_bytes: int) -> None:
    shown.scene.show(site("photos", bytes=size_bytes))
    shown.open()
    assert shown.run("return size(arguments[0])", size_bytes) == size(size_bytes)
    assert size(size_bytes) in shown.text("#rows")


def test_what_is_only_reported_is_no_trouble(shown: Shown) -> None:
    link = problem("a link", "symlink", "Symbolic links are not followed.")
    busy = {"in_sync": False, "state": "syncing"}
    shown.scene.show(site("photos", problems=[link], problems_total=1, problems_skipped=1, **busy))
    shown.open()
    assert shown.run("return document.querySelector('#rows tr').dataset.level") == "working"
    assert not shown.is_seen("#attention")
    assert shown.run("return document.querySelector('.tile[data-level=attention]')") is None
    assert "1 skipped" in shown.text("#tiles")
    ill = [problem("a file"), link]
    shown.scene.tell("photos", problems=ill, problems_total=2, problems_skipped=1)
    card = shown.wait("a file", "#attention")
    assert "a link" not in card
    assert "more problem" not in card
    shown.open("#/site/photos")
    shown.wait("a link", ".problems")


def test_what_the_daemon_cannot_read_or_send_is_told(shown: Shown) -> None:
    shown.scene.show(site("photos"))
    shown.open()
    assert shown.text("#notes") == ""
    shown.scene.daemon |= {
        "reload_error": {"error": "c.yml:3: is no key", "hint": "leave it out"},
        "heartbeat": {"error": "no answer in time"},
        "notify": {"error": "the server answers 404"},
    }
    told = shown.wait("the server answers 404", "#notes")
    assert "c.yml:3: is no key leave it out" in told
    assert "No heartbeat is sent: no answer in time" in told
    shown.scene.daemon |= {"reload_error": None, "heartbeat": {"error": None}, "notify": None}
    shown.wait_for(lambda: shown.text("#notes") == "")


def test_what_is_old_is_shown_as_old_until_the_daemon_is_back(shown: Shown) -> None:
    scene = Scene([site("photos")])
    with ExitStack() as stack:
        first, port = _served(scene, 0)
        stack.callback(first.close)
        page = Shown(shown.browser, scene, f"http://127.0.0.1:{port}/").open()
        shown.browser.expected.append("ERR_")
        first.close()
        page.wait("has not answered since", "#stale")
        assert page.text("#connection") == "Not connected"
        assert page.run("return document.body.classList.contains('is-stale')") is True
        scene.tell("photos", files=4321)
        second, _ = _served(scene, port)
        stack.callback(second.close)
        page.wait("4,321", "#rows")
        page.wait_for(lambda: not page.is_seen("#stale"))
        shown.browser.leave()


class _Running:
    def __init__(self, server: Server) -> None:
        self.server = server
        self.thread = threading.Thread(target=server.run)
        self.thread.start()

    def close(self) -> None:
        if self.thread.is_alive():
            self.server.stop()
            self.thread.join(10)


def _served(scene: Scene, port: int, **settings: object) -> tuple[_Running, int]:
    stream = listening_socket(f"127.0.0.1:{port}")
    port = stream.getsockname()[1]
    application = Application(scene, fresh_seconds=0.05, **settings)  # type: ignore[arg-type]
    return _Running(Server(stream, application, beat_seconds=0.1)), port


def test_with_a_token_the_page_asks_for_it_and_keeps_it_in_its_tab(shown: Shown) -> None:
    running, port = _served(Scene([site("secret site")]), 0, token="t0ken")
    with closing(running):
        page = Shown(shown.browser, Scene(), f"http://127.0.0.1:{port}/")
        page.open(what="#locked")
        shown.browser.expected.append("401")
        assert "secret site" not in page.browser.driver.page_source
        assert page.focused() == "token"
        page.press("wrong", Keys.ENTER)
        page.wait("does not take this token", "#locked")
        page.press("t0ken", Keys.ENTER)
        page.wait("secret site", "#rows")
        page.open()  # again, in the same tab
        page.wait("secret site", "#rows")
        assert "t0ken" not in page.browser.driver.current_url
        shown.browser.leave()


def test_with_every_seat_taken_the_page_asks_every_few_seconds(shown: Shown) -> None:
    shown.scene.show(site("photos"))
    place = urlsplit(shown.url)
    with ExitStack() as stack:
        for _ in range(READERS):
            other = stack.enter_context(closing(HTTPConnection(place.hostname or "", place.port)))
            other.request("GET", "/events")
            answer = stack.enter_context(closing(other.getresponse()))
            assert answer.status in {200, 503}  # one of the last test may still sit
        shown.browser.expected.append("503")
        shown.open()
        shown.wait("Every few seconds", "#connection")
        assert "photos" in shown.text("#rows")


# --- one site ----------------------------------------------------------------------------------


def test_a_site_has_a_page_of_its_own(shown: Shown) -> None:
    problems = [problem(f"p{n}", "refused", "Shorten it: `mv`.") for n in range(100)]
    held = site("a/b c", **{**_HOLD, "problems": problems, "problems_total": 10_000})
    shown.scene.show(held, site("other"))
    shown.open("#/site/" + quote("a/b c", safe=""))
    text = shown.text("#detail")
    assert "s3syncd approve 'a/b c' --list 3fa91c0be2d4" in text
    assert "and 9,900 more problems" in text
    assert len(shown.texts(".problems tbody tr")) == 100
    shown.scene.sent("a/b c", "fresh.txt", size_bytes=2048)
    shown.wait("fresh.txt", "#detail")
    shown.run("document.querySelector('.crumb a').click()")
    shown.wait("other", "#rows")


def test_an_unknown_site_is_answered_and_appears_when_it_comes(shown: Shown) -> None:
    shown.scene.show(site("photos"))
    shown.open("#/site/" + quote("phot<b>os"))
    shown.wait("There is no site", "#detail")
    assert "phot<b>os" in shown.text("h1:not([hidden]) .path")
    assert shown.texts("#detail p a[href*=site]") == ["photos"]
    shown.scene.tell("phot<b>os", files=99)
    shown.wait("99 files", "#detail")
    shown.open("#/site/%E0%A4%A")  # no name at all
    shown.wait("There is no site", "#detail")


# --- much, and hostile -------------------------------------------------------------------------


def test_a_thousand_sites_are_found_ordered_and_paged(shown: Shown) -> None:
    shown.scene.show(*[site(f"host-{n:04}") for n in range(1000)])
    shown.open()
    assert shown.text("#verdict-text") == "All 1,000 sites are in sync"
    assert len(shown.texts("#rows tr")) == 50
    assert shown.text("#page-text") == "1\u201350 of 1,000"
    shown.run("document.getElementById('next').click()")
    assert shown.texts("#rows .name a")[0] == "host-0050"
    shown.scene.tell("host-0777", **_DEAD)  # far behind, and needs somebody
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
    problems = [problem(name, hint=name) for name in _HOSTILE[:3]]
    names = [name.encode("utf-8", "replace").decode() for name in _HOSTILE]
    shown.scene.show(
        *[site(name, in_sync=False, reason=name, hint=name, problems=problems, problems_total=3)
          for name in names]
    )  # fmt: skip
    for name in names:
        shown.scene.sent(name, *_HOSTILE)
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


# --- for everybody -----------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read_in_both_schemes(shown: Shown, scheme: str) -> None:
    shown.scheme(scheme)
    shown.scene.show(*_trouble())
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
    shown.scene.show(*_trouble(), ill)
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
    shown.scene.show(site("a name of some length", **_HOLD), *many)
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
    shown.scene.show(site("photos", **_HOLD), site("music"))
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
    shown.scene.show(site("a"), site("b"), site("c", **_HOLD))
    shown.open()
    shown.run("document.querySelector('#rows a[href$=b]').focus()")
    shown.scene.tell("b", **_DEAD)  # moves to the top
    shown.wait_for(lambda: shown.texts("#rows .name a")[0] == "b")
    assert shown.run("return document.activeElement.closest('#rows') !== null")
    assert shown.focused() == "b"
    shown.run("document.querySelector('#attention-list [data-site=c] a').focus()")
    shown.scene.tell("c", held_deletions=5000)
    shown.wait("5,000 deletions", "#attention")
    assert shown.run("return document.activeElement.closest('.card')?.dataset.site") == "c"


def test_whoever_hears_the_page_has_names_and_is_told_of_trouble_alone(shown: Shown) -> None:
    shown.scene.show(*_trouble())
    shown.open()
    assert shown.nameless() == []
    assert {"main", "banner", "table", "heading", "list"} <= set(shown.roles())
    assert shown.text("#announcer") == ""  # what is there at first is read, not announced
    shown.scene.tell("good", files=5)
    shown.scene.sent("good", "file")
    shown.wait("file", "#recent")
    assert shown.text("#announcer") == ""
    shown.scene.tell("working", **_DEAD)
    shown.wait("working: Unavailable. bucket unavailable", "#announcer")
    shown.open("#/site/ill")
    assert shown.nameless() == []
