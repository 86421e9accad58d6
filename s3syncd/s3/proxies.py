"""Whether the environment names a proxy: it wants to be asked in ways of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["is_proxied"]

_NAMES: Final = frozenset({"http_proxy", "https_proxy", "all_proxy"})


def is_proxied(environ: Mapping[str, str]) -> bool:
    """Tell whether there is a proxy, for whatever; exceptions (no_proxy) are others' affair."""
    return any(text and name.lower() in _NAMES for name, text in environ.items())
