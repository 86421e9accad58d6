"""Whom to trust, told apart over time: files of authorities are renewed in their place."""

from __future__ import annotations

import hashlib
import ssl
from functools import lru_cache
from pathlib import Path
from typing import Final

__all__ = ["digest_of", "tls_context"]

_MOST_CONTEXTS: Final = 16
"""More different authorities than a configuration has; each renewal leaves a context of 1 MiB."""


def digest_of(ca_file: str | None) -> str:
    """Give a digest of what the file holds now; '' where there is none, or a directory.

    Raises:
        OSError: the file cannot be read.
    """
    path = Path(ca_file) if ca_file is not None else None
    return hashlib.sha256(path.read_bytes()).hexdigest() if path and path.is_file() else ""


@lru_cache(_MOST_CONTEXTS)
def tls_context(ca_file: str | None, _digest: str, verify_tls: bool) -> ssl.SSLContext:
    """Give a client's context; the same one for the same `Endpoint.trust`.

    Raises:
        OSError: the file cannot be used.
    """
    context = ssl.create_default_context(cafile=ca_file if verify_tls else None)
    if not verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
