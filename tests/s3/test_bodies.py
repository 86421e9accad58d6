"""A lent body is read once, tells when it was, and holds nothing afterwards."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from s3syncd.s3.wire import BodyView

CONTENT = bytes(range(10))


def read_whole(body: BodyView) -> bytes:
    return body.read()


def read_in_pieces(body: BodyView) -> bytes:
    content, piece = b"", bytearray(4)
    while count := body.readinto(memoryview(piece)):
        content += piece[:count]
    return content


def read_bytewise(body: BodyView) -> bytes:
    return b"".join(iter(lambda: body.read(3), b""))


@pytest.mark.parametrize("read", [read_whole, read_in_pieces, read_bytewise])
def test_body_tells_once_that_it_was_read(read: Callable[[BodyView], bytes]) -> None:
    told: list[str] = []
    body = BodyView(bytearray(CONTENT), on_read=lambda: told.append("read"))
    assert read(body) == CONTENT
    assert body.read() == b""
    assert body.readinto(bytearray(1)) == 0
    assert told == ["read"]


def test_body_read_in_part_tells_nothing() -> None:
    told: list[str] = []
    body = BodyView(bytearray(CONTENT), on_read=lambda: told.append("read"))
    body.readinto(bytearray(len(CONTENT) - 1))
    assert told == []


def test_length_is_that_of_the_whole_body_also_after_reading() -> None:
    body = BodyView(bytearray(CONTENT))
    body.read(3)
    assert len(body) == len(CONTENT)
    body.read()
    assert len(body) == len(CONTENT)


def test_body_that_was_read_holds_its_memory_no_longer() -> None:
    memory = bytearray(CONTENT)
    body: Any = BodyView(memory)
    body.read()
    memory.extend(b"grows")  # BufferError while anybody has a view of it
