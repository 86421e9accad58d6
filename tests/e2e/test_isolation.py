"""Trouble of one site, and of its server: others go on, and nothing needs a touch afterwards."""

from __future__ import annotations

import pytest

from tests.e2e.world import World
from tests.faults.proxy import Proxy
from tests.servers import S3Server
from tests.waiting import until

pytestmark = pytest.mark.e2e


def test_a_missing_bucket_is_its_sites_trouble_and_ends_when_it_is_made(world: World) -> None:
    good, bad = world.site("good"), world.site("bad", bucket="no-such-bucket")
    good.write("file", "good")
    bad.write("file", "bad")
    daemon = world.daemon().start()
    daemon.in_sync("good")
    status = daemon.wait(lambda s: s["state"] == "unavailable", "bad")
    assert status["reason"] == "bucket_unavailable"
    assert "no-such-bucket" in status["hint"]
    assert not status["in_sync"]
    assert daemon.run("status").returncode == 4
    assert daemon.run("status", "good").returncode == 0
    good.write("later")
    until(lambda: good.names() == {"file", "later"})
    world.client.create_bucket(Bucket="no-such-bucket")
    try:
        daemon.in_sync("bad", timeout=20)
        assert bad.names() == {"file"}
    finally:
        daemon.kill()
        bad.client.delete_object(Bucket=bad.bucket, Key="file")
        world.client.delete_bucket(Bucket="no-such-bucket")


@pytest.mark.parametrize("is_from_the_start", [True, False], ids=["from the start", "later"])
def test_a_bucket_that_forbids_everything_stops_no_other(
    world: World, proxy: Proxy, is_from_the_start: bool
) -> None:
    good, bad = world.site("good"), world.site("bad", retire_deleted=True)
    for site in (good, bad):
        site.write("first")
    daemon = world.daemon(endpoint=proxy.endpoint)
    if not is_from_the_start:
        daemon.start().in_sync("good", "bad")
    proxy.answer(403, "AccessDenied", contains=bad.bucket, times=10**6)
    if is_from_the_start:
        daemon.start()
    good.write("file")
    bad.write("file")
    until(lambda: good.names() == {"first", "file"}, 15)
    daemon.in_sync("good")
    status = daemon.wait(lambda s: not s["in_sync"] and s["state"] != "starting", "bad")
    assert status["state"] in {"scanning", "idle", "syncing", "unavailable"}
    daemon.wait(lambda s: s["problems"] or s["reason"] == "bucket_unavailable", "bad")
    proxy.clear()
    if is_from_the_start:
        daemon.in_sync("bad", timeout=20)
        assert bad.names() == {"first", "file"}


def test_wrong_credentials_of_one_site_stop_no_other(rclone_world: World) -> None:
    good = rclone_world.site("good")
    bad = rclone_world.site("bad", access_key="AKIDWRONG", secret_access_key="wrong-secret-canary")
    for site in (good, bad):
        site.write("file")
    daemon = rclone_world.daemon().start()
    daemon.in_sync("good")
    status = daemon.wait(lambda s: s["state"] == "unavailable", "bad")
    assert status["reason"] == "bucket_unavailable"
    assert status["hint"]
    assert bad.names() == set()
    assert "wrong-secret-canary" not in daemon.log_path.read_text() + str(daemon.status())


def test_a_server_that_was_away_gets_the_files_without_a_touch(world: World, proxy: Proxy) -> None:
    site = world.site(retire_deleted=True)
    site.write("old")
    site.write("goes")
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    proxy.down()
    site.write("while away", "content")
    (site.root / "goes").unlink()
    daemon.wait(lambda s: not s["in_sync"], timeout=2)
    daemon.wait(lambda s: s["reason"] == "bucket_unavailable" or s["problems"])
    shown = daemon.wait(lambda s: s["oldest_pending_seconds"] > 1)  # it grows meanwhile
    assert shown["pending"]["actions"] >= 1, "what failed is pending"
    assert daemon.run("status", "--live").returncode == 0
    proxy.up()
    until(lambda: site.names() == {"old", "while away"}, 20)
    daemon.in_sync()


def test_a_server_that_is_away_at_the_start_is_waited_for(world: World, proxy: Proxy) -> None:
    site = world.site()
    site.write("file")
    proxy.down()
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.wait(lambda s: s["reason"] == "bucket_unavailable")
    proxy.up()
    daemon.in_sync(timeout=20)
    assert site.names() == {"file"}


def test_two_servers_at_once(world: World, rclone: S3Server, rclone_world: World) -> None:
    here = world.site("here")
    there = rclone_world.site("there", endpoint=rclone.endpoint)
    for site in (here, there):
        site.write("file", site.name)
    daemon = world.daemon(here, there).start()
    daemon.in_sync("here", "there")
    assert (here.content("file"), there.content("file")) == (b"here", b"there")
