"""What we write into an object's headers: content type and metadata."""

from __future__ import annotations

import mimetypes
from functools import lru_cache

from s3syncd.core.digest import format_mtime
from s3syncd.core.entry import LocalEntry

__all__ = ["MD5_KEY", "OP_KEY", "content_type_for", "metadata_for"]

OP_KEY = "s3syncd-op"
"""Metadata: which of our operations made this object; answers "was that me?"."""

MD5_KEY = "s3syncd-md5"
"""Metadata: hex MD5 of the content; the proof where the ETag is none (SSE-KMS, copied objects)."""

_DEFAULT_TYPE = "application/octet-stream"  # RFC 9110 8.3: what an unknown body is

# A compressed file is that, and not the text inside: sent with the inner type, browsers and
# proxies would unpack it or show noise.
_ENCODED_TYPES = {
    "gzip": "application/gzip",  # RFC 6713
    "bzip2": "application/x-bzip2",
    "xz": "application/x-xz",
    "compress": "application/x-compress",
}


def content_type_for(path: str) -> str:
    """Guess the Content-Type from the name."""
    name = path.rpartition("/")[2]
    return _type_of(name.rpartition(".")[2].lower() if "." in name[1:] else "")


@lru_cache(maxsize=1024)  # a guess costs 4 us, and a tree has few kinds of names
def _type_of(suffix: str) -> str:
    kind, encoding = mimetypes.guess_type(f"name.{suffix}")
    if encoding is not None:
        return _ENCODED_TYPES.get(encoding, _DEFAULT_TYPE)
    return kind or _DEFAULT_TYPE


def metadata_for(
    entry: LocalEntry, *, op_id: str | None = None, md5: str | None = None
) -> dict[str, str]:
    """Make an object's metadata: names without the `x-amz-meta-` prefix.

    Args:
        entry: the stat taken before the content was read.
        op_id: the operation's id; None where no intent names it.
        md5: hex of the whole content; None for an upload in parts.
    """
    metadata = {"mtime": format_mtime(entry.mtime_ns), "mode": str(entry.mode)}
    if md5 is not None:
        metadata[MD5_KEY] = md5
    if op_id is not None:
        metadata[OP_KEY] = op_id
    return metadata
