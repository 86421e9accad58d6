"""The root that is held open: lent as long as it stands at its place, closed by the last."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from s3syncd.core.safety import RootIdentity
from s3syncd.local.held import HeldRoot
from s3syncd.local.identity import RootError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    path = tmp_path / "root"
    path.mkdir()
    return path


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def test_it_is_opened_once_for_many(root: Path) -> None:
    held = HeldRoot(root)
    first = held.borrow(None)
    held.give_back(first)
    second = held.borrow(first.identity)
    assert second.fd == first.fd
    held.give_back(second)
    held.let_go()


def test_what_nobody_borrows_is_closed_when_let_go(root: Path) -> None:
    held = HeldRoot(root)
    opened = held.borrow(None)
    held.give_back(opened)
    assert is_open(opened.fd)
    held.let_go()
    assert not is_open(opened.fd)


def test_what_is_borrowed_is_closed_by_the_last(root: Path) -> None:
    held = HeldRoot(root)
    first, second = held.borrow(None), held.borrow(None)
    held.let_go()
    held.give_back(first)
    assert is_open(second.fd)
    held.give_back(second)
    assert not is_open(second.fd)


def test_what_is_borrowed_late_is_closed_by_the_last_too(root: Path) -> None:
    held = HeldRoot(root)
    early = held.borrow(None)
    held.let_go(for_good=True)
    late = held.borrow(None)
    assert is_open(late.fd)
    held.give_back(early)
    held.give_back(late)
    assert not is_open(early.fd)
    assert not is_open(late.fd)


def test_another_directory_in_its_place_is_another_root(root: Path) -> None:
    held = HeldRoot(root)
    old = held.borrow(None)
    root.rename(root.with_name("away"))
    root.mkdir()
    with pytest.raises(RootError) as caught:
        held.borrow(old.identity)
    assert caught.value.seen is not None
    new = held.borrow(None)
    assert (root / ".").stat().st_ino == os.fstat(new.fd).st_ino
    assert is_open(old.fd), "still borrowed"
    held.give_back(old)
    assert not is_open(old.fd)
    held.give_back(new)
    held.let_go()


def test_a_root_that_is_gone_is_not_lent(root: Path) -> None:
    held = HeldRoot(root)
    held.give_back(held.borrow(None))
    root.rmdir()
    with pytest.raises(RootError) as caught:
        held.borrow(None)
    assert caught.value.seen is None
    held.let_go()


def test_a_link_in_the_roots_place_is_not_followed(root: Path) -> None:
    held = HeldRoot(root)
    held.give_back(held.borrow(None))
    root.rename(root.with_name("away"))
    root.symlink_to(root.with_name("away"))
    with pytest.raises(RootError):
        held.borrow(None)
    held.let_go()


def test_what_is_not_expected_is_not_lent(root: Path) -> None:
    held = HeldRoot(root)
    held.give_back(held.borrow(None))
    with pytest.raises(RootError):
        held.borrow(RootIdentity(1, 1))
    held.let_go()
