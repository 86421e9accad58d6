"""An effect that no answer came for, as the site remembers it, and those before it.

Owned by the site thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from s3syncd.config.models import SiteConfig
from s3syncd.core.entry import Action
from s3syncd.ledger import Intent

__all__ = ["Late", "Unanswered", "before", "intent_for", "is_each_intended"]


class Late(NamedTuple):
    """An effect before the last one; `until` then (monotonic) it may still be applied."""

    intent: Intent
    until: float


@dataclass(slots=True)
class Unanswered:
    """The last effect on a path whose outcome is not known for certain; times are monotonic.

    Attributes:
        intent: what was asked for.
        due_at: when the object is looked at.
        until: how long it may still be applied.
        is_asked: a look is under way.
        attempts: looks that failed.
        seq: of the ledger, when the path went on.
        has_been_seen: what the first look found is recorded; the path goes on.
        is_applied: it is certain that it was applied; its version is what is asked for.
        is_hurried: somebody waits for that.
        asked_at: when the last look was asked for.
        older: effects before it that may still be applied; oldest first.
    """

    intent: Intent
    due_at: float
    until: float
    is_asked: bool = False
    attempts: int = 0
    seq: int = 0
    has_been_seen: bool = False
    is_applied: bool = False
    is_hurried: bool = False
    asked_at: float = float("-inf")
    older: tuple[Late, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether it was applied, and nobody has a doubt about what came of it."""
        return self.is_applied and not self.is_hurried

    def outlive(self) -> None:
        """Forget the older effects that could have been applied before the last look."""
        self.older = tuple(late for late in self.older if late.until > self.asked_at)


def is_each_intended(settings: SiteConfig) -> bool:
    """Whether uploads of small files have intents, too."""
    # On hold what a crash left unrecorded would wait for a person as somebody else's.
    return settings.retire_deleted or settings.on_drift == "hold"


def before(one: Unanswered | None, intent: Intent) -> tuple[Late, ...]:
    """Give what may still be applied of the effects before `intent`, of which `one` is the last."""
    if one is None:
        return ()
    is_same = one.intent.op_id == intent.op_id != ""
    last = () if one.is_applied or is_same else (Late(one.intent, one.until),)
    return (*one.older, *last)


def intent_for(action: Action, *, op_id: str, wall: float) -> Intent:
    """Make the intent that is committed before the effect of `action`."""
    local = action.local
    before = action.remote.etag if action.remote else None
    if before is None and action.baseline is not None:
        before = action.baseline.etag
    stat = local[1:5] if local else (0, 0, 0, 0)
    return Intent(
        action.path,
        op_id,
        str(action.kind),
        *stat,
        etag_before=before,
        created_wall=wall,
    )
