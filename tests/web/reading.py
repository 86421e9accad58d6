"""Read what the page's feed tells."""

from __future__ import annotations

import json
from typing import Any

__all__ = ["told"]


def told(message: bytes | None) -> dict[str, Any]:
    """Read one event."""
    assert message is not None
    assert message.startswith(b"data: ")
    assert message.endswith(b"\n\n")
    assert message.count(b"\n") == 2
    document: dict[str, Any] = json.loads(message[6:])
    return document
