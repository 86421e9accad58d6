"""Whether the watcher still hears: signs of life, and readers that are deaf, dead or broken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.local.follower import following, make_tree
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify")


def test_an_exception_in_the_reader_is_doubt_and_not_its_end(root: Path) -> None:
    with following(root) as follower:
        listener = follower.watcher._listener
        kept = listener._is_pruned

        def broken(directory: str) -> bool:
            raise RuntimeError(directory)

        listener._is_pruned = broken
        (root / "d").mkdir()
        until(lambda: follower.take() or "exception" in follower.doubts)
        listener._is_pruned = kept
        (root / "f").touch()
        until(lambda: follower.take() or "f" in follower.heard)


def test_a_sign_of_life_comes_back(root: Path) -> None:
    with following(root, cookie_dir=root.parent / "cookie") as follower:
        cookie = follower.watcher._cookie
        assert follower.watcher.beat(0.0)
        until(lambda: cookie._sent_at is None)
        assert follower.watcher.beat(60.0)
        assert not follower.hints.take().paths


def test_a_deaf_reader_is_noticed_replaced_and_doubted(root: Path) -> None:
    make_tree(root, "a/f")
    with following(root, cookie_dir=root.parent / "cookie") as follower:
        deaf = follower.watcher._reader
        follower.watcher._cookie.wd = 10_000  # its signs are not recognised
        assert follower.watcher.beat(0.0)
        assert not follower.watcher.beat(60.0)
        assert follower.watcher._reader is not deaf
        until(lambda: not deaf.is_alive())
        follower.follow()
        until(lambda: follower.doubts and follower.watcher.status().watched == 2)
        (root / "a/g").touch()
        until(lambda: follower.is_told("a/g"))


def test_the_watcher_tells_when_it_last_proved_to_hear(root: Path) -> None:
    with following(root, cookie_dir=root.parent / "cookie") as follower:
        watcher, cookie = follower.watcher, follower.watcher._cookie

        def proved_at(now: float) -> float | None:
            watcher.beat(now)
            return watcher.status().proved_at

        assert watcher.status().proved_at is None
        assert proved_at(100.0) == 100.0, "from now on it has to"
        until(lambda: cookie._is_answered)
        assert proved_at(105.0) == 105.0
        until(lambda: cookie._is_answered)
        heard, cookie.wd = cookie.wd, 10_000  # its signs are not recognised
        assert proved_at(110.0) == 110.0
        assert [proved_at(now) for now in (115.0, 119.0)] == [110.0, 110.0]
        cookie.wd = heard
        cookie.answer(heard)
        assert proved_at(120.0) == 120.0


def test_a_sign_that_cannot_be_sent_disproves_nothing(root: Path) -> None:
    cookie_dir = root.parent / "cookie"
    with following(root, cookie_dir=cookie_dir) as follower:
        watcher = follower.watcher
        watcher.beat(0.0)
        until(lambda: watcher._cookie._is_answered)
        (cookie_dir / "cookie").unlink()
        watcher.beat(5.0)
        assert watcher.status().proved_at is None


def test_where_no_sign_can_be_sent_nothing_is_proved_or_disproved(root: Path) -> None:
    with following(root) as follower:
        follower.watcher.beat(0.0)
        assert follower.watcher.status().proved_at is None
    with following(root, cookie_dir=root / "f" / "cookie") as follower:
        (root / "f").touch()
        follower.watcher._cookie.reset()
        follower.watcher.beat(0.0)
        assert follower.watcher.status().proved_at is None


def test_a_dead_reader_is_noticed_and_replaced(root: Path) -> None:
    with following(root) as follower:
        dead = follower.watcher._reader
        dead.stop()
        until(lambda: not dead.is_alive())
        assert follower.watcher.kind == "down"
        assert not follower.watcher.beat(0.0)
        assert follower.watcher.kind == "inotify"
        assert follower.hints.take().doubt_reason == "restart"
