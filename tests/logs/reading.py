"""Read what was logged."""

from __future__ import annotations

import json

__all__ = ["lines"]


def lines(stream) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]
