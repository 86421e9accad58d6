"""What is sent: read once into memory that was used before, and hashed there."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Final

from s3syncd.s3.wire import BodyView
from s3syncd.transfer.buffers import Buffers
from s3syncd.transfer.source import Source

__all__ = ["LENT_BYTES", "read_body"]

LENT_BYTES: Final = 1024 * 1024
"""From here on a body is read into a lent buffer. Below, fresh bytes cost less than the lending;
above, page faults cost a tenth of the hashing, and the allocator keeps what was freed."""


def read_body(
    buffers: Buffers, source: Source, offset: int, size_bytes: int
) -> tuple[BodyView, bytes]:
    """Read a stretch of the file; give it to be sent, and the MD5 (16 bytes) of these bytes.

    The memory goes back when the body has been read to its end (by the kernel, to send it), which
    may be long before it is answered. The body is shorter only where the file ended before.

    Raises:
        OSError: it cannot be read.
    """
    buffer = buffers.take(size_bytes)
    view = memoryview(buffer)[:size_bytes]
    view = view[: source.read_into(view, offset)]
    md5 = hashlib.md5(view, usedforsecurity=False).digest()
    return BodyView(view, on_read=partial(buffers.give_back, buffer)), md5
