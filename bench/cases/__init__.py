"""The cases, one module each, by the name they are asked for with."""

from __future__ import annotations

from bench.cases import cheap, first_upload, latency
from bench.setting import Case

__all__ = ["CASES"]

CASES: dict[str, Case] = {
    "first_upload": first_upload.CASE,
    "cheap": cheap.CASE,
    "latency": latency.CASE,
}
