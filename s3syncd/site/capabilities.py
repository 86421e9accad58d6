"""What the store of a site keeps of the promises of S3, found out once and kept in the ledger.

Asked of sites that hold drift: their writes are conditional. Until it is known, and where the
store takes no notice of conditions, each of their writes looks at the object first. Owned by the
site thread.
"""

from __future__ import annotations

import json
from typing import Any

from s3syncd.site.messages import Asked
from s3syncd.site.parts import Parts
from s3syncd.transfer import Probed

__all__ = ["Capabilities"]

_STORED = "capabilities"  # keys of the ledger
_OPEN = "probe_key"
_MONTH_SECONDS = 30 * 86_400.0  # stores are brought up to date now and then
_AGAIN_SECONDS = 600.0  # a probe that told nothing; meanwhile each write looks first
_PAUSED_SECONDS = 5.0
_LOOK_SECONDS = 3_600.0  # how often a month is seen to be over
REMEDY = (
    "each write looks at the object first, which leaves a moment: let no one else write there, or"
    " use a store with conditional writes"
)


class Capabilities:
    """Whether the store keeps the conditions of writes.

    Attributes:
        keeps_conditions: None: not known.
        checked_wall: when it was found out, seconds since the epoch; None: not yet.
        is_needed: whether anything rests on it.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.is_needed = parts.settings.on_drift == "hold"
        self.keeps_conditions: bool | None = None
        self.checked_wall: float | None = None
        self._is_asked = False
        self._next_at = 0.0 if self.is_needed else float("inf")
        self._endpoint = _endpoint_of(parts.settings)
        stored: dict[str, Any] = json.loads(parts.ledger.meta(_STORED) or "{}")
        if stored.get("endpoint") == self._endpoint:
            self.keeps_conditions = stored["keeps_conditions"]
            self.checked_wall = stored["checked_wall"]
        if self.is_needed:
            parts.transfer.trust_conditions(is_kept=self.keeps_conditions is True)

    def advance(self, now: float) -> None:
        """Ask when it is time."""
        ledger = self._parts.ledger
        if self._is_asked or now < self._next_at:
            return
        if ledger.meta("paused") == "1":
            self._next_at = now + _PAUSED_SECONDS
            return
        left = ledger.meta(_OPEN)
        if left is None and self._is_fresh():
            self._next_at = now + _LOOK_SECONDS
            return
        key = left or f"{self._parts.settings.prefix}.s3syncd-probe-{self._parts.new_id()}"
        ledger.set_meta(_OPEN, key)
        ledger.commit()  # before the effect: what a crash leaves is found by it
        transfer, inbox = self._parts.transfer, self._parts.inbox
        self._is_asked = self._parts.lane.offer(
            lambda: transfer.probe_for(key, left=left),
            size_bytes=0,
            done=lambda answer: inbox.put(Asked(answer)),
        )
        if not self._is_asked:
            self._next_at = now + 1.0

    def next_due(self) -> float:
        """Return when `advance` wants to be called (monotonic seconds)."""
        return float("inf") if self._is_asked else self._next_at

    def asked(self, message: Asked, now: float) -> None:
        """Take what a probe found."""
        self._is_asked = False
        answer, parts = message.answer, self._parts
        if not isinstance(answer, Probed):
            answer = Probed(None, is_clean=False, hint=repr(answer)[:300])
        if answer.is_clean:
            parts.ledger.set_meta(_OPEN, None)
        is_known = answer.keeps_conditions is not None and answer.is_clean
        self._next_at = now + (_LOOK_SECONDS if is_known else _AGAIN_SECONDS)
        if answer.keeps_conditions is not None:
            self._keep(answer.keeps_conditions)
        if answer.hint:
            parts.log.warning("store.probe_failed", hint=answer.hint)

    def shown(self) -> dict[str, Any] | None:
        """Give what the status tells; None where nothing rests on it."""
        if not self.is_needed:
            return None
        hint = REMEDY if self.keeps_conditions is False else None
        return {"conditional_writes": self.keeps_conditions, "hint": hint}

    def _keep(self, keeps_conditions: bool) -> None:
        parts = self._parts
        self.keeps_conditions, self.checked_wall = keeps_conditions, parts.wall()
        stored = {
            "endpoint": self._endpoint,
            "keeps_conditions": keeps_conditions,
            "checked_wall": self.checked_wall,
        }
        parts.ledger.set_meta(_STORED, json.dumps(stored))
        parts.transfer.trust_conditions(is_kept=keeps_conditions)
        if keeps_conditions:
            parts.log.info("store.capabilities", conditional_writes=True)
        else:
            parts.log.warning("store.ignores_conditions", hint=REMEDY)

    def _is_fresh(self) -> bool:
        if self.checked_wall is None:
            return False
        return 0 <= self._parts.wall() - self.checked_wall < _MONTH_SECONDS


def _endpoint_of(settings: Any) -> str:
    return f"{settings.endpoint or ''}|{settings.region or ''}|{settings.bucket}"
