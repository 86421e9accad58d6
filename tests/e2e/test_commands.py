"""What a person asks for on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.site import tree
from tests.e2e.world import World
from tests.faults.proxy import Proxy
from tests.waiting import until

pytestmark = pytest.mark.e2e


def stats(root: Path) -> dict[str, tuple[int, int, int]]:
    """Give what would change if anybody wrote."""
    found = {}
    for path in [root, *root.rglob("*")]:
        stat = path.lstat()
        found[str(path)] = (stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size)
    return found


def contents(state_dir: Path) -> dict[str, bytes]:
    """Read the state, without the memory that SQLite shares while somebody reads."""
    found = tree(state_dir)
    return {name: c for name, c in found.items() if not name.endswith("-shm") and c}


def test_sync_makes_both_sides_equal_and_leaves_no_process(world: World, proxy: Proxy) -> None:
    site = world.site(retire_deleted=True)
    for number in range(10):
        site.write(f"d/{number}", str(number))
    daemon = world.daemon(endpoint=proxy.endpoint)
    assert daemon.run("sync").returncode == 0
    site.assert_equal()
    (site.root / "d/3").unlink()
    site.write("d/4", "edited")
    answer = daemon.run("sync", "data")
    assert answer.returncode == 0, answer.stderr
    site.assert_equal()
    proxy.forget()
    assert daemon.run("sync").returncode == 0
    assert {r.method for r in proxy.requests} == {"GET"}
    assert daemon.run("status").returncode == 1  # no daemon was left behind
    daemon.start().in_sync()


def test_sync_tells_of_what_it_could_not_do(world: World) -> None:
    good, bad = world.site("good"), world.site("bad", bucket="no-such-bucket-either")
    good.write("file")
    bad.write("file")
    daemon = world.daemon()
    assert daemon.run("sync", "good").returncode == 0
    answer = daemon.run("sync")
    assert answer.returncode == 4
    assert "bucket_unavailable" in answer.stdout
    assert daemon.run("sync", "no such site").returncode == 2


def test_sync_with_held_deletions_exits_3(world: World) -> None:
    site = world.site(retire_deleted=True, max_delete=1)
    for number in range(5):
        site.write(f"d/{number}")
    site.write("stays")
    daemon = world.daemon()
    assert daemon.run("sync").returncode == 0
    for number in range(5):
        (site.root / f"d/{number}").unlink()
    assert daemon.run("sync").returncode == 3
    assert len(site.names()) == 6


def test_sync_is_done_by_the_daemon_that_runs(world: World) -> None:
    site = world.site()
    site.write("file")
    daemon = world.daemon().start()
    daemon.in_sync()
    site.client.delete_object(Bucket=site.bucket, Key="file")
    answer = daemon.run("sync")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    until(lambda: site.names() == {"file"})


def test_plan_tells_what_sync_then_does_and_changes_nothing(world: World, proxy: Proxy) -> None:
    site = world.site(retire_deleted=True, prefix="p")
    for name in ("edited", "deleted", "same"):
        site.write(name, name)
    daemon = world.daemon(endpoint=proxy.endpoint)
    assert daemon.run("sync").returncode == 0
    site.write("edited", "EDITED")
    (site.root / "deleted").unlink()
    site.write("new", "new")
    site.put("foreign", b"foreign")
    before = (stats(site.root), site.etags(), contents(daemon.state_dir))
    proxy.forget()
    answer = daemon.run("plan", "--json")
    assert answer.returncode == 0
    actions = json.loads(answer.stdout)["sites"][0]["actions"]
    planned = {(action["kind"].lower(), action["path"]) for action in actions}
    assert {path for _, path in planned} == {"edited", "deleted", "new"}
    assert {kind for kind, path in planned if path == "deleted"} == {"deleteremote"}
    text = daemon.run("plan").stdout
    assert "new" in text
    assert {r.method for r in proxy.requests} <= {"GET", "HEAD"}
    assert (stats(site.root), site.etags(), contents(daemon.state_dir)) == before
    assert daemon.run("sync").returncode == 0
    assert site.names() == {"edited", "same", "new", "foreign"}
    assert not json.loads(daemon.run("plan", "--json").stdout)["sites"][0]["actions"]


def test_plan_works_beside_a_daemon_and_before_the_first_start(world: World) -> None:
    site = world.site()
    site.write("file", "content")
    daemon = world.daemon()
    answer = daemon.run("plan")
    assert answer.returncode == 0
    assert "file" in answer.stdout
    assert not daemon.ledger().exists()
    daemon.start().in_sync()
    assert "nothing to do" in daemon.run("plan").stdout


def test_status_waits_until_all_is_in_sync(world: World) -> None:
    site = world.site()
    for number in range(50):
        site.write(f"{number}", str(number))
    daemon = world.daemon().start()
    answer = daemon.run("status", "--wait", "--timeout", "20", "--json")
    assert answer.returncode == 0
    site.assert_equal()
    status = json.loads(answer.stdout)
    assert status["sites"][0]["in_sync"] is True
    assert set(status["sites"][0]) >= {
        "name", "state", "reason", "hint", "mode", "in_sync", "in_sync_since", "last_in_sync_at",
        "pending", "oldest_pending_seconds", "held_deletions", "held_list", "foreign_objects",
        "problems", "problems_total", "last_rescan_at", "last_reconcile_at", "watcher", "files",
        "bytes", "in_flight_window", "last_scrub_at", "scrubbed_files", "capabilities",
    }  # fmt: skip
    assert status["sites"][0]["files"] == 50
    assert daemon.run("status", "no such site").returncode == 2


def test_status_gives_up_waiting_when_the_time_is_over(world: World) -> None:
    world.site(bucket="no-such-bucket-at-all")
    daemon = world.daemon().start()
    assert daemon.run("status", "--wait", "--timeout", "1").returncode == 4


def test_rescan_remote_repairs_the_bucket(world: World) -> None:
    site = world.site()
    site.write("file", "content")
    daemon = world.daemon().start()
    daemon.in_sync()
    site.client.delete_object(Bucket=site.bucket, Key="file")
    assert daemon.run("rescan", "--remote", "--wait").returncode in {0, 4}
    until(lambda: site.names() == {"file"})
    daemon.in_sync()


def test_reset_forgets_and_touches_no_data(world: World, proxy: Proxy) -> None:
    site = world.site(retire_deleted=True)
    for number in range(5):
        site.write(f"{number}", str(number))
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    assert daemon.run("reset", "data", "--yes").returncode == 1  # not while it runs
    daemon.stop()
    assert daemon.run("reset", "data", stdin="n\n").returncode == 1
    assert daemon.ledger().exists()
    before = (stats(site.root), site.etags())
    assert daemon.run("reset", "data", "--yes").returncode == 0
    assert not daemon.ledger().exists()
    assert (stats(site.root), site.etags()) == before
    proxy.forget()
    daemon.start().in_sync()
    assert not proxy.seen("PUT")
    assert not proxy.seen("DELETE")
    assert daemon.run("reset", "no such site", "--yes").returncode == 2


def test_check_probes_every_site_and_leaves_nothing_behind(world: World) -> None:
    site = world.site(retire_deleted=True, prefix="p")
    site.write("file")
    daemon = world.daemon()
    answer = daemon.run("check")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert site.etags("") == {}
    assert site.uploads() == []
    assert not daemon.ledger().exists()
    offline = daemon.run("check", "--offline")
    assert offline.returncode == 0
    bad = world.site("bad", bucket="no-such-bucket-to-check")
    bad.root.rmdir()
    answer = world.daemon().run("check")
    assert answer.returncode == 1
    assert "no-such-bucket-to-check" in answer.stdout


def test_help_tells_the_exit_codes(world: World) -> None:
    world.site()
    answer = world.daemon().run("--help")
    assert answer.returncode == 0
    assert "exit codes" in answer.stdout
