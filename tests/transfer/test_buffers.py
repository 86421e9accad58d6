"""The memory for parts is used again, is bounded, and goes with the last upload."""

from __future__ import annotations

import gc
import weakref

from s3syncd.transfer.buffers import Buffers, Shelf

KIB = 1024
MIB = 1024 * KIB


def test_what_was_given_back_is_used_again() -> None:
    buffers = Buffers()
    first = buffers.take(64 * KIB)
    buffers.give_back(first)
    assert buffers.take(64 * KIB) is first
    assert buffers.take(64 * KIB) is not first


def test_buffer_is_large_enough_for_the_part() -> None:
    buffers = Buffers()
    buffers.give_back(buffers.take(64 * KIB))
    assert len(buffers.take(32 * MIB)) >= 32 * MIB


def test_few_are_kept() -> None:
    buffers = Buffers()
    taken = [buffers.take(64 * KIB) for _ in range(40)]
    alive = weakref.WeakSet(taken)
    while taken:
        buffers.give_back(taken.pop())
    gc.collect()
    assert len(alive) == 4


def test_uploads_at_the_same_time_share_them() -> None:
    shelf = Shelf()
    one = shelf.buffers()
    assert shelf.buffers() is one


def test_nothing_is_kept_after_the_last_upload() -> None:
    shelf = Shelf()
    buffers = shelf.buffers()
    kept = buffers.take(64 * KIB)
    alive = weakref.ref(kept)
    buffers.give_back(kept)
    del kept, buffers
    gc.collect()
    assert alive() is None
