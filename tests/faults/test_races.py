"""Programs and requests that meet: a file changes while its request is on the way."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.site import Site
from tests.e2e.world import World
from tests.faults.proxy import Proxy
from tests.waiting import until

pytestmark = pytest.mark.e2e


@dataclass
class Held:
    """A running site, one of whose requests is held on its way."""

    site: Site
    daemon: Daemon
    proxy: Proxy
    go: threading.Event

    def upload(self, path: str, content: str = "first") -> None:
        """Write a file; returns when its upload is held."""
        rule = self.proxy.hold(self.go, method="PUT", contains=path.rsplit("/", 1)[-1])
        self.site.write(path, content)
        assert rule.reached.wait(15)

    def settle(self) -> None:
        """Let the request go; both sides become equal."""
        self.go.set()
        until(self.site.is_equal, 20, f"both sides are equal\n{self.daemon.tail()}")
        self.daemon.in_sync()
        self.site.assert_equal()


@pytest.fixture
def held(world: World, proxy: Proxy) -> Iterator[Held]:
    site = world.site(retire_deleted=True, max_delete=10**6)
    site.write("stays")
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    go = threading.Event()
    yield Held(site, daemon, proxy, go)
    go.set()


def test_an_edit_while_the_upload_is_on_its_way_wins(held: Held) -> None:
    held.upload("d/file")
    held.site.write("d/file", "second")
    held.settle()


def test_a_deletion_while_the_upload_is_on_its_way_wins(held: Held) -> None:
    held.upload("d/file")
    (held.site.root / "d/file").unlink()
    held.settle()


def test_a_directory_renamed_while_a_file_of_it_is_on_its_way_leaves_no_old_key(
    held: Held,
) -> None:
    held.upload("d/file")
    (held.site.root / "d").rename(held.site.root / "e")
    held.settle()
    assert held.site.names() == {"stays", "e/file"}


def test_a_directory_moved_away_while_a_file_of_it_is_on_its_way_leaves_no_key(
    held: Held,
) -> None:
    held.upload("d/file")
    (held.site.root / "d").rename(held.site.root.parent / "away")
    held.settle()
    assert held.site.names() == {"stays"}


def test_a_directory_removed_and_made_again_meanwhile_has_its_last_content(held: Held) -> None:
    held.upload("d/file")
    shutil.rmtree(held.site.root / "d")
    held.site.write("d/file", "again")
    held.settle()


def test_a_touch_while_the_upload_is_on_its_way_is_no_obstacle(held: Held) -> None:
    held.upload("d/file")
    (held.site.root / "d/file").touch()
    held.settle()


@pytest.mark.parametrize("what", ["deleted", "edited", "renamed"])
def test_what_happens_after_a_lost_answer_is_right(world: World, proxy: Proxy, what: str) -> None:
    site = world.site(retire_deleted=True, max_delete=10**6)
    site.write("stays")
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    rule = proxy.lose_response(method="PUT", contains="file")
    path = site.write("file", "first")
    assert rule.reached.wait(15)
    if what == "deleted":
        path.unlink()
    elif what == "edited":
        path.write_text("second")
    else:
        path.rename(site.root / "renamed")
    until(site.is_equal, 20, f"both sides are equal\n{daemon.tail()}")
    daemon.in_sync()
    site.assert_equal()


def test_a_kill_while_everything_is_on_its_way_converges(world: World, proxy: Proxy) -> None:
    site = world.site(retire_deleted=True, max_delete=10**6)
    for number in range(20):
        site.write(f"old/{number}", str(number))
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    go = threading.Event()
    rule = proxy.hold(go, method="PUT", contains="new", times=10)
    for number in range(20):
        site.write(f"new/{number}", str(number))
    assert rule.reached.wait(15)
    shutil.rmtree(site.root / "old")
    daemon.kill()
    go.set()  # the server carries out what the daemon never heard of
    (site.root / "new").rename(site.root / "newest")
    daemon.start().in_sync()
    until(site.is_equal, 20, f"both sides are equal\n{daemon.tail()}")
    daemon.in_sync()
    site.assert_equal()
