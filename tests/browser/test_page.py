"""The page in a real browser: what it shows of all sites and of one, true without a reload."""

from __future__ import annotations

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
from tests.browser.troubles import DEAD, HOLD

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
    shown.scene.tell("web assets", **HOLD)
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
    shown.scene.tell("photos", **DEAD)
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
    shown.scene.tell("music", **DEAD)
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
    held = site("a/b c", **{**HOLD, "problems": problems, "problems_total": 10_000})
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
