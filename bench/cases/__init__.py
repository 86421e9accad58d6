"""The cases, one module each, by the name they are asked for with."""

from __future__ import annotations

from bench.cases import (
    cheap,
    first_upload,
    idle,
    large_file,
    latency,
    million,
    mixed,
    soak,
    storm,
    unchanged,
    visible,
)
from bench.setting import Case

__all__ = ["CASES"]

CASES: dict[str, Case] = {
    "first_upload": first_upload.CASE,
    "cheap": cheap.CASE,
    "latency": latency.CASE,
    "large_file": large_file.CASE,
    "mixed": mixed.CASE,
    "unchanged": unchanged.CASE,
    "million": million.CASE,
    "visible": visible.CASE,
    "storm": storm.CASE,
    "idle": idle.CASE,
    "soak": soak.CASE,
}
