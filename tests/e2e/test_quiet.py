"""Files that are being written: no half of one is ever seen, and none waits for another."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from pathlib import Path

import pytest

from tests.e2e.site import write
from tests.e2e.world import World
from tests.waiting import until

pytestmark = pytest.mark.e2e


def another_arrives(world: World, name: str) -> None:
    """Show that the daemon works: a file written now is in the bucket."""
    site = world.sites["data"]
    site.write(name, name)
    until(lambda: name in site.names(), 15, f"{name} arrives")


@pytest.mark.parametrize("is_running", [True, False], ids=["while it runs", "before it starts"])
def test_a_file_that_is_still_open_for_writing_has_no_object(
    world: World, is_running: bool
) -> None:
    site = world.site()
    daemon = world.daemon(settle_open_seconds=30)
    if is_running:
        daemon.start().in_sync()
    with (site.root / "slow").open("wb", buffering=0) as slow:
        slow.write(b"first half, ")
        if not is_running:
            daemon.start()
        for number in range(4):
            another_arrives(world, f"other{number}")
            slow.write(b"more, ")
            assert "slow" not in site.names()
        assert not daemon.site()["in_sync"]
        slow.write(b"the end")
    daemon.in_sync()
    site.assert_equal()
    assert site.content("slow").endswith(b"the end")


def test_a_slow_copy_that_keeps_an_old_time_has_no_early_object(world: World) -> None:
    site = world.site()
    daemon = world.daemon(settle_open_seconds=6).start()
    daemon.in_sync()
    path = site.root / "copied"
    with path.open("wb", buffering=0) as copy:
        for number in range(4):
            copy.write(b"x" * 1000)
            os.utime(path, ns=(10**18, 10**18))  # as cp -p, tar and rsync do; long ago
            another_arrives(world, f"other{number}")
            assert "copied" not in site.names()
    os.utime(path, ns=(10**18, 10**18))
    daemon.in_sync()
    assert site.content("copied") == b"x" * 4000


def test_a_file_rewritten_while_open_has_the_old_content_until_it_is_closed(
    world: World,
) -> None:
    site = world.site()
    path = site.write("file", "old content")
    daemon = world.daemon(settle_open_seconds=30).start()
    daemon.in_sync()
    with path.open("r+b", buffering=0) as opened:
        opened.write(b"new ")
        another_arrives(world, "other")
        assert site.content("file") == b"old content"
        opened.write(b"content")
    until(lambda: site.content("file") == b"new content", 15)
    daemon.in_sync()


def test_a_growing_log_arrives_at_its_deadline_and_delays_no_other(world: World) -> None:
    site = world.site()
    daemon = world.daemon(settle_open_seconds=1, settle_deadline_seconds=2).start()
    daemon.in_sync()
    ends = threading.Event()
    written = bytearray()

    def log() -> None:
        with (site.root / "log").open("ab", buffering=0) as opened:
            number = 0
            while not ends.wait(0.05):
                line = f"line {number}\n".encode()
                opened.write(line)
                written.extend(line)
                number += 1

    writer = threading.Thread(target=log)
    writer.start()
    try:
        another_arrives(world, "other")
        until(lambda: "log" in site.names(), 15, "the log arrives while it grows")
        assert written.startswith(site.content("log"))
    finally:
        ends.set()
        writer.join()
    daemon.in_sync()
    site.assert_equal()


def test_a_file_that_never_rests_is_a_problem_and_is_never_sent_torn(world: World) -> None:
    site = world.site()
    daemon = world.daemon(settle_open_seconds=1, settle_deadline_seconds=1).start()
    daemon.in_sync()
    ends = threading.Event()
    path = site.root / "restless"

    def rewrite() -> None:
        with path.open("wb", buffering=0) as opened:
            number = 0
            while not ends.wait(0.02):
                number += 1
                opened.seek(0)
                opened.truncate(0)
                opened.write(b"%06d" % number * 5000)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        status = daemon.wait(lambda s: [p for p in s["problems"] if p["reason"] == "unstable"])
        assert status["problems"][0]["path"] == "restless"
        for _ in range(20):  # at its deadline it may have been caught at rest, but only whole
            content = site.objects().get("restless", b"")
            assert content == content[:6] * (len(content) // 6)
            assert len(content) in {0, 30_000}
    finally:
        ends.set()
        writer.join()


def test_what_is_no_file_is_skipped_and_no_obstacle(world: World) -> None:
    site = world.site(retire_deleted=True)
    site.write("file", "content")
    write(world.folder / "outside/inside", "not ours")
    (site.root / "link").symlink_to("file")
    (site.root / "dangling").symlink_to("nowhere")
    (site.root / "loop").symlink_to("loop")
    (site.root / "directory").symlink_to(world.folder / "outside")
    os.mkfifo(site.root / "fifo")
    daemon = world.daemon().start()
    with socket.socket(socket.AF_UNIX) as bound:
        here = Path.cwd()
        os.chdir(site.root)  # the path of a socket has at most 107 bytes
        try:
            bound.bind("socket")
        finally:
            os.chdir(here)
        os.mkfifo(site.root / "fifo made later")
        another_arrives(world, "later")
        daemon.in_sync()
    assert daemon.run("rescan", "--wait").returncode == 0
    daemon.in_sync()
    assert site.names() == {"file", "later"}
    reasons = {p["path"]: p["reason"] for p in daemon.site()["problems"]}
    assert reasons["link"] == reasons["loop"] == reasons["directory"] == "symlink"
    assert reasons["fifo"] == "special_file"
    assert daemon.run("status").returncode == 0


def test_a_root_that_is_a_link_is_synced(world: World) -> None:
    site = world.site()
    shutil.rmtree(site.root)
    real = world.folder / "real"
    write(real / "file", "content")
    site.root.symlink_to(real)
    daemon = world.daemon().start()
    daemon.in_sync()
    assert site.names() == {"file"}
    another_arrives(world, "later")


def test_a_time_in_the_future_or_before_1970_is_no_obstacle(world: World) -> None:
    site = world.site()
    for name, seconds in (("future", 4_000_000_000), ("past", -1_000_000_000)):
        path = site.write(name, name)
        os.utime(path, ns=(seconds * 10**9 + 5, seconds * 10**9 + 5))
    daemon = world.daemon().start()
    daemon.in_sync(timeout=15)
    site.assert_equal()
    head = site.client.head_object(Bucket=site.bucket, Key="future")
    assert head["Metadata"]["mtime"] == "4000000000.000000005"
