"""`sync` does what the daemon does, once, and ends whatever state it finds."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from s3syncd.config.models import Config
from s3syncd.errors import ConfigError, FatalError
from s3syncd.ledger import Ledger
from s3syncd.site import Progress
from s3syncd.supervisor.build import ledger_identity, ledger_path
from s3syncd.supervisor.lock import StateLock
from s3syncd.supervisor.once import Watch, is_all_over, sync
from s3syncd.supervisor.supervisor import Supervisor
from tests.e2e.daemon import Site, World
from tests.faults.proxy import Proxy, Request
from tests.supervisor.conftest import configured
from tests.waiting import until

MIB = 2**20
QUIET_SECONDS = 1.0  # settle_seconds is 0.1 where nothing else is configured


def synced(config: Config, site: str | None = None) -> tuple[int, dict[str, dict[str, Any]]]:
    """Sync; give the exit code, and the status by site."""
    code, report = sync(config, site, lambda _: None)
    return code, {each["name"]: each for each in report["sites"]}


# --- the same as the daemon -----------------------------------------------------------------------


def first_state(site: Site) -> None:
    """Write what both sides agree on before the changes."""
    for number in range(6):
        site.write(f"d/{number}", f"content {number}")
    site.write("gone/1", b"one")
    site.write("moved/from", b"a file that moves")
    site.write("large", b"L" * (MIB + 5))


def second_state(site: Site) -> None:
    """Change a little of everything."""
    site.write("d/1", "changed")
    site.write("d/new", "new")
    os.utime(site.root / "d/2", ns=(10**18, 10**18))
    (site.root / "gone/1").unlink()
    (site.root / "moved/from").rename(site.root / "moved/to")
    site.write("large", b"M" * (MIB + 7))
    site.write("adopted", b"the same on both sides")
    site.put("adopted", b"the same on both sides")
    site.put("foreign", b"nobody's")
    site.put("d/3", b"of another writer")
    site.write("first/contact", b"ours")
    site.put("first/contact", b"not ours")


def trace(seen: list[Request]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Give what was asked of the store, in order; upload ids and tokens differ by chance."""
    return [
        (
            each.method,
            each.path.partition("/")[2].partition("/")[2],
            tuple(sorted(parse_qs(urlsplit(each.target).query, keep_blank_values=True))),
        )
        for each in seen
        if "max-keys=1&" not in each.target + "&"  # first contact
    ]  # fmt: skip


def test_sync_asks_the_store_for_exactly_what_the_daemon_asks(world: World, proxy: Proxy) -> None:
    options = {"retire_deleted": True, "delete_grace_seconds": 0.2, "multipart_threshold": "1MiB"}
    traces = []
    for name, work in (("once", synced), ("daemon", ran)):
        site = world.site(name)
        config = configured(world, endpoint=proxy.endpoint, **options)
        only = config.model_copy(
            update={"sites": tuple(each for each in config.sites if each.name == name)}
        )
        first_state(site)
        assert synced(only)[0] == 0
        second_state(site)
        # A file too young to compare is decided about again, without the listing: by chance.
        until(lambda site=site: _youngest_seconds(site) > QUIET_SECONDS, 10)
        proxy.forget()
        work(only)
        traces.append(trace(proxy.seen()))
        assert site.objects().keys() == {*(_files(site)), "foreign"}
    assert len(traces[0]) > 12
    assert _by_key(traces[0]) == _by_key(traces[1])


def _by_key(requests: list[tuple[str, str, tuple[str, ...]]]) -> dict[str, list[object]]:
    """Give what was asked about each key; several workers ask, so keys and parts interleave.

    Effects count each time. A kind of look counts once: one that was too early is repeated.
    """
    found: dict[str, list[object]] = {}
    for method, key, query in requests:
        asked = found.setdefault(key, [])
        if method not in {"GET", "HEAD"} or (method, query) not in asked:
            asked.append((method, query))
    return {key: sorted(asked, key=repr) for key, asked in found.items()}


def _youngest_seconds(site: Site) -> float:
    changed = max(path.stat().st_ctime for path in site.root.rglob("*") if path.is_file())
    return time.time() - changed


def _files(site: Site) -> set[str]:
    return {
        path.relative_to(site.root).as_posix() for path in site.root.rglob("*") if path.is_file()
    }


def ran(config: Config) -> None:
    """Run the daemon until it is in sync."""
    with running(config) as supervisor:
        until(lambda: all(site["in_sync"] for site in supervisor.status()["sites"]), 30)


@contextmanager
def running(config: Config, *, ends: int = 0) -> Iterator[Supervisor]:
    """Run the daemon in a thread of this process; `ends`: the exit code that its stop gives."""
    supervisor = Supervisor(config)
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(supervisor.run()), name="main")
    thread.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()
        thread.join(20)
        assert codes == [ends]


# --- how it ends ----------------------------------------------------------------------------------


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


# --- when there is nothing more to be had ---------------------------------------------------------


def status(**changes: Any) -> dict[str, Any]:
    return {
        "state": "idle", "in_sync": False, "reason": None, "held_deletions": 0, "problems": [],
        "pending": {"actions": 0, "failed": 0}, "last_reconcile_at": "2026-11-21T06:00:00Z",
    } | changes  # fmt: skip


def progress(done: int = 0, scanned: int = 0) -> Progress:
    return Progress("s", done, 0, 0, 0, scanned, is_scanning=True)


def over_at(told: Callable[[float], dict[str, Any]], until_seconds: float, **made: Any) -> float:
    """Give after how many seconds a watch says that it is over; infinity for never."""
    watch = Watch(0.0)
    for tick in range(int(until_seconds * 10)):
        now = tick / 10
        if watch.is_over(told(now), made.get("progress", lambda _: progress())(now), 0, now):
            return now
    return float("inf")


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        (status(in_sync=True, state="scanning"), 0.0),
        (status(state="halted"), 0.0),
        (status(state="paused", last_reconcile_at=None), 0.0),
        (status(state="unavailable", reason="root_missing", last_reconcile_at=None), 0.0),
        (status(held_deletions=3), 0.0),
        (status(problems=[{"path": "a", "reason": "drift"}]), 0.0),
        (status(held_deletions=3, pending={"actions": 1, "failed": 0}), 90.0),
        (status(), 5.0),
        (status(pending={"actions": 1, "failed": 0}), 90.0),
        (status(state="scanning", last_reconcile_at=None), 90.0),
        (status(state="syncing", pending={"actions": 1, "failed": 0}), float("inf")),
        (status(pending={"actions": 2, "failed": 2}), 5.0),
        (status(state="syncing", pending={"actions": 2, "failed": 2}), 90.0),
    ],
)
def test_a_site_is_over_when_nothing_more_will_come(told: dict[str, Any], seconds: float) -> None:
    assert over_at(lambda _: told, 300) == seconds


def test_a_scan_that_goes_on_is_waited_for() -> None:
    told = status(state="scanning", last_reconcile_at=None)
    counted = over_at(lambda _: told, 300, progress=lambda now: progress(scanned=int(now)))
    assert counted == float("inf")


def test_a_scan_that_begins_again_and_again_is_not() -> None:
    told = status(state="scanning", last_reconcile_at=None)
    again = over_at(lambda _: told, 300, progress=lambda now: progress(scanned=int(now) % 7))
    assert again < 100


def test_failures_in_a_row_end_the_wait() -> None:
    told = status(state="unavailable", reason="bucket_unavailable", last_reconcile_at=None)
    assert not Watch(0.0).is_over(told, None, 2, 1.0)
    assert Watch(0.0).is_over(told, None, 3, 1.0)


class Lot:
    """Sites as a fleet shows them: one begins late, and stands still."""

    def __init__(self) -> None:
        self.late = True

    def attempts(self) -> dict[str, int]:
        return {"early": 0, "late": 0}

    def waiting(self) -> frozenset[str]:
        return frozenset({"late"} if self.late else ())

    def snapshots(self) -> list[dict[str, Any]]:
        late = status(state="starting", last_reconcile_at=None)
        return [{**status(in_sync=True), "name": "early"}, {**late, "name": "late"}]


def test_a_site_whose_turn_has_not_come_is_not_taken_for_one_that_stands_still() -> None:
    lot, watches = Lot(), dict[str, Watch]()
    for now in range(0, 1000, 10):
        assert not is_all_over(lot, watches, {}, float(now))
    lot.late = False
    for now in range(1000, 1090, 10):
        assert not is_all_over(lot, watches, {}, float(now))
    assert is_all_over(lot, watches, {}, 1091.0)
