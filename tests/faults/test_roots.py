"""The root goes away, by every way and at every moment: nothing is deleted, and it comes back.

One daemon has a site for each way and moment, so that all of them cost one test's time.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.e2e.site import Site, write
from tests.e2e.world import World, needs_root
from tests.faults.proxy import Proxy
from tests.waiting import until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

_FILES = {f"d/keep{number}" for number in range(6)}


class Place(NamedTuple):
    """A site's root, and where it is put meanwhile."""

    root: Path
    aside: Path


def _move_away(place: Place) -> None:
    place.root.rename(place.aside)


def _move_back(place: Place) -> None:
    if place.root.exists():
        shutil.rmtree(place.root)
    place.aside.rename(place.root)


def _replace(place: Place) -> None:
    _move_away(place)
    write(place.root / "foreign", "of another tree")


def _recreate(place: Place) -> None:
    _move_away(place)
    place.root.mkdir()


def _empty(place: Place) -> None:
    place.aside.mkdir()
    for child in place.root.iterdir():
        child.rename(place.aside / child.name)


def _fill_again(place: Place) -> None:
    for child in place.aside.iterdir():
        child.rename(place.root / child.name)
    place.aside.rmdir()


def _mount_wrong_disk(place: Place) -> None:
    _mount("-t", "tmpfs", "none", str(place.root))
    write(place.root / "foreign", "of another disk")


def _unmount(place: Place) -> None:
    subprocess.run(["umount", "-l", str(place.root)], check=True)


def _mount_again(place: Place) -> None:
    _mount("--bind", str(place.aside), str(place.root))


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


class Way(NamedTuple):
    """How a root goes and comes back, and the word for it."""

    go: Callable[[Place], None]
    come_back: Callable[[Place], None]
    reason: str


_WAYS = {
    "moved-away": Way(_move_away, _move_back, "root_missing"),
    "replaced": Way(_replace, _move_back, "root_replaced"),
    "recreated": Way(_recreate, _move_back, "root_replaced"),
    "emptied": Way(_empty, _fill_again, "root_emptied"),
}
_MOUNTS = {
    "wrong-disk": Way(_mount_wrong_disk, _unmount, "root_replaced"),
    "unmounted": Way(_unmount, _mount_again, "root_replaced"),
}


class Scene:
    """A daemon with a site for each way and moment."""

    def __init__(self, world: World, proxy: Proxy, ways: dict[str, Way], stack: ExitStack) -> None:
        self.proxy = proxy
        self.go = threading.Event()
        self.ways: dict[str, Way] = {}
        self.sites: dict[str, Site] = {}
        self.places: dict[str, Place] = {}
        for moment in _MOMENTS:
            for word, way in ways.items():
                name = f"{moment}--{word}"
                self.ways[name] = way
                usual: dict[str, Any] = {"retire_deleted": True, "max_delete": 1000}
                site = world.site(name, **usual | _OPTIONS.get(moment, {}))
                self.sites[name] = site
                self.places[name] = Place(site.root, world.folder / f"aside-{name}")
                if way.go is _unmount:
                    self.places[name].aside.mkdir()
                    _mount_again(self.places[name])
                if way in _MOUNTS.values():
                    stack.callback(_unmount_all, site.root)
                for path in _FILES:
                    site.write(path, path)
        self.daemon = world.daemon(endpoint=proxy.endpoint, shutdown_timeout_seconds=10).start()
        self.daemon.in_sync(*self.sites)

    def take_away(self, name: str) -> None:
        self.ways[name].go(self.places[name])

    def bring_back(self, name: str) -> None:
        self.ways[name].come_back(self.places[name])

    def all_are_missed(self) -> None:
        """Wait until the daemon has found every root gone, by its right name."""
        for name, way in self.ways.items():
            # What was held before the root was emptied stays held for what it was held for.
            reasons = {way.reason} | (
                {"mass_delete"} if name.startswith("held--emptied") else set()
            )
            self.daemon.wait(partial(_is_missed, reasons), name, what=f"{name}: {way.reason}")

    def deleted(self, name: str) -> set[str]:
        return {e["path"] for e in self.daemon.events("object.deleted") if e["site"] == name}


def _is_missed(reasons: set[str], status: dict[str, Any]) -> bool:
    return status["reason"] in reasons and not status["in_sync"]


def _unmount_all(root: Path) -> None:
    # A bind mount of the same file system is none for `Path.is_mount`.
    while not subprocess.run(
        ["umount", "-l", str(root)], check=False, capture_output=True
    ).returncode:
        pass


def _prepare_idle(_scene: Scene, _site: Site) -> None:
    """Nothing happens."""


def _prepare_uploading(scene: Scene, site: Site) -> None:
    rule = scene.proxy.hold(scene.go, method="PUT", contains=f"{site.bucket}/new")
    site.write("new", "on its way")
    assert rule.reached.wait(20)


def _prepare_passing(scene: Scene, site: Site) -> None:
    rule = scene.proxy.hold(scene.go, method="GET", contains=f"{site.bucket}?list-type")
    scene.daemon.ask("rescan", site=site.name, remote=True)
    assert rule.reached.wait(20)


def _prepare_waiting(scene: Scene, site: Site) -> None:
    (site.root / "d/keep0").unlink()
    scene.daemon.wait(lambda s: s["pending"]["actions"], site.name, what="a deletion waits")


def _prepare_held(scene: Scene, site: Site) -> None:
    for number in range(3):
        (site.root / f"d/keep{number}").unlink()
    scene.daemon.wait(lambda s: s["held_deletions"] == 3, site.name)


_MOMENTS: dict[str, Callable[[Scene, Site], None]] = {
    "idle": _prepare_idle,
    "uploading": _prepare_uploading,
    "passing": _prepare_passing,
    "waiting": _prepare_waiting,
    "held": _prepare_held,
}
_OPTIONS = {"waiting": {"delete_grace_seconds": 3}, "held": {"max_delete": 1}}


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


def _check(scene: Scene) -> None:
    for name, site in scene.sites.items():
        _MOMENTS[name.partition("--")[0]](scene, site)
        scene.take_away(name)
    scene.go.set()
    scene.all_are_missed()
    scene.daemon.ask("rescan", remote=True)  # asked for whatever stands there, too
    for name, site in scene.sites.items():
        assert site.names() >= _FILES, name
        assert site.names() <= {*_FILES, "new"}, name
        scene.bring_back(name)
    _check_after(scene)


def _check_after(scene: Scene) -> None:
    for name, site in scene.sites.items():
        if name.startswith("held"):
            scene.daemon.wait(lambda s: s["reason"] == "mass_delete", name)
            assert site.names() == _FILES
            continue
        scene.daemon.in_sync(name)
        site.assert_equal()
        gone = {"d/keep0"} if name.startswith("waiting") else set()
        assert scene.deleted(name) == gone
        assert site.names() == (_FILES - gone) | (
            {"new"} if name.startswith("uploading") else set()
        )


def _check_stop(scene: Scene) -> None:
    """The root goes while the daemon stops, and is not there at its next start."""
    scene.go = threading.Event()
    idle = {name: site for name, site in scene.sites.items() if name.startswith("idle")}
    for site in idle.values():
        rule = scene.proxy.hold(scene.go, method="PUT", contains=f"{site.bucket}/late")
        site.write("late", "on its way at the stop")
        assert rule.reached.wait(20)
    assert scene.daemon.process is not None
    scene.daemon.process.send_signal(signal.SIGTERM)
    until(lambda: scene.daemon.events("daemon.drains"), 10, "it stops")
    for name in idle:
        scene.take_away(name)
    scene.go.set()
    assert scene.daemon.ended() in {3, 4}  # something is held, and what was taken away behind
    for site in idle.values():
        assert site.names() >= _FILES
    scene.daemon.start()
    for name in idle:
        scene.daemon.wait(partial(_is_missed, {scene.ways[name].reason}), name)
    for name, site in idle.items():
        assert site.names() == {*_FILES, "late"}
        scene.bring_back(name)
    for name, site in idle.items():
        scene.daemon.in_sync(name)
        site.assert_equal()
        assert not scene.deleted(name)


def test_roots_that_go_at_any_moment_cost_nothing(
    world: World, proxy: Proxy, stack: ExitStack
) -> None:
    scene = Scene(world, proxy, _WAYS, stack)
    _check(scene)
    _check_stop(scene)


@needs_root
def test_mounts_that_go_at_any_moment_cost_nothing(
    world: World, proxy: Proxy, stack: ExitStack
) -> None:
    scene = Scene(world, proxy, _MOUNTS, stack)
    _check(scene)
    _check_stop(scene)
