"""The job itself: directories and prefixes become equal, and stay so without more requests."""

from __future__ import annotations

import email
import encodings
import json
import os
import shutil
import unicodedata
from pathlib import Path

import pytest

from tests.e2e.site import Site
from tests.e2e.world import World
from tests.faults.proxy import Proxy
from tests.waiting import until

pytestmark = pytest.mark.e2e

# What an S3 key, an URL, an XML page and a shell each find difficult.
_ODD_NAMES = [
    "with space", "two  spaces", " leading", "trailing ", "+plus+", "100%", "%41", "%2F", "what?",
    "#hash", "a&b", "a&amp;b", "back\\slash", "it's", 'say "hi"', "<tag>", "a=b", "a;b", "a:b",
    "@at", "$dollar", "!bang", "*star", "(round)", "[square]", "{curly}", "~tilde", "^caret",
    "`tick`", "|pipe", ",comma", "-dash", "--", "...", "..a", ".hidden", "a.", "ümlaut",
    "日本語", "emoji 😀 family 👨‍👩‍👧", "\u202eright to left", "tab\there", "\u00a0nbsp",
    "\ufeffbom", "_x0041_", "CON", "nul.txt",
]  # fmt: skip


def write_odd_names(site: Site) -> None:
    """Write files whose names are hard, each holding its own name."""
    for name in _ODD_NAMES:
        site.write(f"odd/{name}", name)
        site.write(f"odd directories/{name}/file", name)
    for form in ("NFC", "NFD"):
        site.write("forms/" + unicodedata.normalize(form, "Å ño.txt"), form)
    site.write("long/" + "l" * 255, "as long as a name may be")
    site.write("/".join(["deep"] * 40) + "/file", "deep")
    site.write("long path/" + "/".join(["p" * 150] * 6) + "/file", "long")
    site.write("empty", b"")
    site.write("empty directory/sub/empty", b"")
    (site.root / "really empty").mkdir()


def copy_package(package: object, site: Site) -> None:
    """Copy a package of Python's standard library into the site."""
    folder = Path(str(package.__file__)).parent  # type: ignore[attr-defined]
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(folder, site.root / folder.name, ignore=ignored)


def test_two_sites_fill_their_two_buckets_and_a_second_start_sends_nothing(
    world: World, proxy: Proxy
) -> None:
    code, odd = world.site("code", prefix="lib/python"), world.site("odd")
    for package in (json, email, encodings):
        copy_package(package, code)
    write_odd_names(odd)
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync("code", "odd")
    code.assert_equal()
    odd.assert_equal()
    assert daemon.stop() == 0
    proxy.forget()
    daemon.start().in_sync("code", "odd")
    assert {r.method for r in proxy.requests} == {"GET"}
    assert len(proxy.requests) <= 6  # the first contact and one page of the listing, per site
    assert daemon.site("odd")["files"] == len(odd.names())


def test_a_newline_in_a_name_is_a_newline_in_the_key(rclone_world: World) -> None:
    site = rclone_world.site()
    site.write("new\nline/a\nb", "1")
    site.write("carriage\rreturn", "2")
    daemon = rclone_world.daemon().start()
    daemon.wait(lambda s: s["files"] == 2)
    assert site.content("new\nline/a\nb") == b"1"
    assert site.content("carriage\rreturn") == b"2"


def test_a_bucket_on_rclone_becomes_equal_and_a_second_start_does_nothing(
    rclone_world: World,
) -> None:
    site = rclone_world.site(prefix="lib")
    copy_package(json, site)
    for name in ("with space", "+", "100%", "a&b", "it's", "ümlaut", "😀", "-dash", "#", "?", "\\"):
        site.write(f"odd/{name}", name)
    site.write("large", os.urandom(17 * 2**20))
    daemon = rclone_world.daemon().start()
    daemon.in_sync()
    site.assert_equal()
    before = site.etags()
    assert daemon.stop() == 0
    daemon.start().in_sync()
    assert site.etags() == before
    assert not [e for e in daemon.events("transfer.summary") if e.get("unchanged")]


def test_a_store_that_does_not_know_the_key_is_not_asked_over_and_over(
    world: World, proxy: Proxy
) -> None:
    site = world.site(retire_deleted=True)
    proxy.answer(404, "NoSuchKey", method="PUT", contains="odd", times=1_000_000)
    site.write("odd")
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.wait(lambda s: [p["reason"] for p in s["problems"]] == ["vanished"])
    asked = len(proxy.seen("PUT", "odd"))
    for number in range(5):  # each takes as long as a few of those that would be asked in vain
        site.write(f"good{number}")
        daemon.wait(lambda s, n=number: s["files"] == n + 1)
    assert len(proxy.seen("PUT", "odd")) <= asked + 3
    proxy.clear()
    until(lambda: "odd" in site.names(), 20, "the file arrives when the store takes it")


def test_a_file_whose_name_is_no_text_is_a_problem_and_stops_nothing_else(world: World) -> None:
    site = world.site()
    site.write("good", "good")
    Path(os.fsdecode(os.fsencode(site.root) + b"/bad\xff")).write_bytes(b"bad")
    daemon = world.daemon().start()
    status = daemon.wait(lambda s: s["problems"] and s["files"] == 1)
    assert status["problems"][0]["reason"] == "undecodable_name"
    assert not status["in_sync"]
    assert site.names() == {"good"}


def test_a_name_that_is_no_text_is_met_and_missed_beside_a_running_daemon(world: World) -> None:
    site = world.site()
    site.write("good", "good")
    daemon = world.daemon().start()
    daemon.in_sync()
    bad = Path(os.fsdecode(os.fsencode(site.root) + b"/bad\xff"))
    bad.write_bytes(b"bad")
    status = daemon.wait(lambda s: s["problems"], timeout=10)
    assert status["problems"][0]["reason"] == "undecodable_name"
    assert not status["in_sync"]
    bad.rename(site.root / "bad")
    daemon.in_sync(timeout=10)
    site.assert_equal()


def test_a_file_renamed_to_what_is_no_text_keeps_the_object_of_its_old_name(world: World) -> None:
    site = world.site(retire_deleted=True, delete_grace_seconds=0)
    site.write("good", "good")
    site.write("d/deep", "deep")
    site.write("other")
    site.write("last")
    daemon = world.daemon().start()
    daemon.in_sync()
    bad = [Path(os.fsdecode(os.fsencode(site.root) + name)) for name in (b"/bad\xff", b"/\xfe")]
    (site.root / "good").rename(bad[0])
    (site.root / "d").rename(bad[1])
    (site.root / "other").unlink()
    until(lambda: "other" not in site.names(), 20, "what was deleted later is gone")
    status = daemon.wait(lambda s: len(s["problems"]) == 2)
    assert not status["in_sync"]
    assert site.names() == {"good", "d/deep", "last"}
    for words in (["rescan", "--wait"], ["sync"]):  # what only a person can end is not waited for
        assert daemon.run(*words, timeout=30).returncode == 4
    bad[0].unlink()
    bad[1].rename(site.root / "e")
    daemon.in_sync(timeout=20)
    site.assert_equal()


def test_a_key_that_would_be_too_long_is_a_problem_and_stops_nothing_else(world: World) -> None:
    site = world.site(prefix="p" * 200)
    site.write("good", "good")
    site.write("/".join(["d" * 200] * 5) + "/file", "bad")
    daemon = world.daemon().start()
    status = daemon.wait(lambda s: s["problems"] and s["files"] == 1)
    assert [p["reason"] for p in status["problems"]] == ["key_too_long"]
    assert site.names() == {"good"}
