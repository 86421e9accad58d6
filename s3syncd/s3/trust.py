"""Which authorities a file names, told apart over time: such files are renewed in their place."""

from __future__ import annotations

import hashlib
from pathlib import Path

__all__ = ["digest_of"]


def digest_of(ca_file: str | None) -> str:
    """Give a digest of what the file holds now; '' where there is none, or a directory.

    Raises:
        OSError: the file cannot be read.
    """
    path = Path(ca_file) if ca_file is not None else None
    return hashlib.sha256(path.read_bytes()).hexdigest() if path and path.is_file() else ""
