"""One large file, in the parts in which it goes up."""

from __future__ import annotations

import hashlib

from s3syncd.core.digest import multipart_etag
from tests.transfer.world import MIB, World

PART = 8 * MIB
CONTENT = b"".join(bytes([n]) * MIB for n in range(17))  # three parts, the last of 1 MiB
PARTS = {n + 1: CONTENT[n * PART : (n + 1) * PART] for n in range(3)}


def sent(world: World) -> list[int]:
    return [told["number"] for name, told in world.bucket.requests if name == "upload_part"]


def etag_of(content: bytes) -> str:
    parts = [content[n : n + PART] for n in range(0, len(content), PART)]
    return multipart_etag([hashlib.md5(part).digest() for part in parts])
