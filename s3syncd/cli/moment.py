"""Points in time as people write them: RFC 3339, a date, or so long ago."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

__all__ = ["moment_of", "rfc3339", "worded"]

_AGO: Final = re.compile(
    r"(?P<number>\d{1,6})\s*(?P<unit>s|m|min|h|d|w|[a-z]{3,7}?)s?(?:\s+ago)?", re.IGNORECASE
)
_UNITS: Final = {
    "s": 1, "sec": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600,
    "d": 86400, "day": 86400, "w": 604800, "week": 604800,
}  # fmt: skip
_HINT: Final = (
    "write 2026-11-20, 2026-11-20T14:30, 2026-11-20T14:30:00Z, 2026-11-20T14:30:00+01:00 or `2h"
    " ago` (without a zone this machine's is meant; a date is its first moment)"
)


def moment_of(text: str, *, now: float) -> float:
    """Read a point in time; give seconds since the epoch.

    Args:
        text: as it was written.
        now: seconds since the epoch.

    Raises:
        ValueError: it cannot be read, or has not come yet; its text says what to write.
    """
    found = _AGO.fullmatch(text.strip())
    if found and (unit := _UNITS.get(found["unit"].lower())):
        return now - int(found["number"]) * unit
    try:
        # A space for the T, as many write it; Python reads the rest of RFC 3339.
        moment = datetime.fromisoformat(text.strip()).timestamp()
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is no time: {_HINT}") from error
    if moment > now:
        raise ValueError(f"{worded(moment)} has not come yet: {_HINT}")
    return moment


def rfc3339(moment: float) -> str:
    """Give seconds since the epoch as RFC 3339 in UTC."""
    return f"{_utc(moment).replace(tzinfo=None).isoformat(timespec=_precision(moment))}Z"


def worded(moment: float) -> str:
    """Give a time with this machine's zone, and the same in UTC where that is another."""
    here = _utc(moment).astimezone()
    if not here.utcoffset():
        return rfc3339(moment)
    return f"{here.isoformat(timespec=_precision(moment))} ({rfc3339(moment)})"


def _utc(moment: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=moment)


def _precision(moment: float) -> str:
    return "seconds" if moment == int(moment) else "milliseconds"
