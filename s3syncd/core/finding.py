"""What a probe found out: one line of `s3syncd check`."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

__all__ = ["Finding", "Verdict"]


class Verdict(StrEnum):
    """How it is: good, worth knowing, or in the way."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


class Finding(NamedTuple):
    """One probe's result. `remedy` is what the operator can do; empty where all is well."""

    verdict: Verdict
    probe: str
    text: str
    remedy: str = ""
