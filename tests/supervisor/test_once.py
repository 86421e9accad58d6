"""How `sync` ends, whatever state it finds."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import pytest

from s3syncd.errors import ConfigError, FatalError
from s3syncd.ledger import Ledger
from s3syncd.site import Progress
from s3syncd.supervisor.build import ledger_identity, ledger_path
from s3syncd.supervisor.lock import StateLock
from s3syncd.supervisor.once import sync
from tests.e2e.world import World
from tests.faults.proxy import Proxy
from tests.supervisor.conftest import configured
from tests.supervisor.syncing import running, synced
from tests.waiting import until


def test_sync_ends_when_everything_is_in_sync_and_tells_progress(world: World) -> None:
    site = world.site()
    for number in range(50):
        site.write(f"f{number}", b"x" * 100)
    seen: list[Progress] = []
    code, report = sync(configured(world, upload_workers=4, max_in_flight=32), None, seen.append)
    assert code == 0
    assert report["sites"][0]["in_sync"]
    site.assert_equal()
    assert seen[-1].site == "data"


def test_only_the_site_asked_for_is_synced(world: World) -> None:
    one, two = world.site("one"), world.site("two")
    one.write("f")
    two.write("f")
    code, sites = synced(configured(world), "two")
    assert (code, list(sites)) == (0, ["two"])
    assert (one.names(), two.names()) == (set(), {"f"})


def test_site_that_is_not_configured_is_a_mistake(world: World) -> None:
    world.site("one")
    with pytest.raises(ConfigError, match="no site 'three'"):
        synced(configured(world), "three")


def test_sync_beside_a_daemon_is_refused(world: World) -> None:
    world.site()
    config = configured(world)
    lock = StateLock(config.state_dir)
    try:
        with pytest.raises(FatalError, match=f"pid {os.getpid()}"):
            synced(config)
    finally:
        lock.release()


def test_state_is_free_again_after_a_sync(world: World) -> None:
    world.site()
    config = configured(world)
    assert synced(config)[0] == 0
    assert synced(config)[0] == 0


def test_sync_ends_with_a_file_that_cannot_be_read(world: World, proxy: Proxy) -> None:
    site = world.site()
    site.write("good")
    site.write("bad")
    proxy.answer(403, "AccessDenied", method="PUT", contains="/bad", times=1000)
    began = time.monotonic()
    code, sites = synced(configured(world, endpoint=proxy.endpoint))
    assert code == 4
    assert [each["path"] for each in sites["data"]["problems"]] == ["bad"]
    assert site.names() == {"good"}
    assert time.monotonic() - began < 20


def test_sync_ends_when_deletions_are_held(world: World) -> None:
    site = world.site(max_delete=1)
    for number in range(5):
        site.write(f"f{number}")
    site.write("kept")
    config = configured(world, retire_deleted=True, delete_grace_seconds=0.2)
    assert synced(config)[0] == 0
    for number in range(5):
        (site.root / f"f{number}").unlink()
    site.write("new")
    code, sites = synced(config)
    assert code == 3
    assert sites["data"]["held_deletions"] == 5
    assert len(site.names()) == 7


def test_sync_ends_when_the_root_is_missing(world: World) -> None:
    site = world.site()
    site.root.rmdir()
    code, sites = synced(configured(world))
    assert (code, sites["data"]["reason"]) == (4, "root_missing")


def test_sync_ends_when_the_root_is_another(world: World) -> None:
    site = world.site()
    site.write("f", "of the old root")
    config = configured(world)
    assert synced(config)[0] == 0
    site.root.rename(site.root.with_name("aside"))
    site.root.mkdir()
    site.write("g", "of another root")
    code, sites = synced(config)
    assert (code, sites["data"]["state"], sites["data"]["reason"]) == (3, "halted", "root_replaced")
    assert site.names() == {"f"}


def test_sync_ends_when_the_site_is_paused(world: World) -> None:
    site = world.site()
    config = configured(world)
    with running(config) as supervisor:
        until(lambda: supervisor.status()["sites"][0]["in_sync"])
        assert supervisor.command("pause", {"site": "data"})["ok"]
    site.write("f")
    code, sites = synced(config)
    assert (code, sites["data"]["state"]) == (4, "paused")


def test_site_whose_bucket_is_missing_does_not_end_the_work_of_another(
    world: World, proxy: Proxy
) -> None:
    good, _ = world.site("good"), world.site("bad", bucket="bucket-that-nobody-made")
    event = threading.Event()
    good.write("slow", b"x")
    proxy.hold(event, method="PUT", contains=good.bucket)
    code_and_sites: list[Any] = []
    config = configured(world, endpoint=proxy.endpoint, upload_workers=4, max_in_flight=8)
    worker = threading.Thread(target=lambda: code_and_sites.append(synced(config)))
    worker.start()
    log = world.folder / "log"
    try:
        # Long after the bad site has been given up ...
        until(lambda: len(proxy.seen(contains="nobody-made")) >= 4, 30)
    finally:
        event.set()
    worker.join(30)
    ((code, sites),) = code_and_sites
    assert code == 4
    assert sites["good"]["in_sync"]
    assert good.names() == {"slow"}
    assert sites["bad"]["reason"] == "bucket_unavailable"
    assert "site.failed" not in log.read_text()


def test_drift_on_hold_waits_for_a_person(world: World) -> None:
    site = world.site("s", on_drift="hold")
    site.write("f", "ours")
    site.put("f", b"not ours")
    code, sites = synced(configured(world))
    assert (code, sites["s"]["state"]) == (3, "idle")
    assert site.objects() == {"f": b"not ours"}


def test_a_paused_site_tells_that_it_is_what_nothing_is_sent_for(world: World) -> None:
    site = world.site("s")
    site.write("f")
    config = configured(world)
    path = ledger_path(config.state_dir, config.sites[0])
    ledger = Ledger.open(path, identity=ledger_identity(config.sites[0]))
    ledger.set_meta("paused", "1")
    ledger.close()
    told: list[Progress] = []
    code, report = sync(config, None, told.append)
    assert (code, report["sites"][0]["state"]) == (4, "paused")
    assert {one.state for one in told} <= {"", "starting", "paused"}
    assert told[-1].state == "paused"


def test_one_time_pass_has_no_watcher_and_tells_what_it_waits_for(world: World) -> None:
    site = world.site("s", bucket="bucket-that-nobody-made")
    site.write("f")
    told: list[Progress] = []
    code, report = sync(configured(world), None, told.append)
    assert code == 4
    assert report["sites"][0]["watcher"] is None
    assert told
    assert all(one.is_waiting and not one.is_scanning for one in told)
