"""Effects whose outcome is not known: looked at once, and once more, until they are.

A crash leaves intents in the ledger; a lost answer makes one. A server may apply late, so what was
"not applied" at the first look is looked at again 60 s after the request. Until then no pass
decides about the path. So it is with an upload in parts, applied for sure, until the version that
listings tell of it is known. Owned by the site thread.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from s3syncd.core.entry import Action, Outcome, Result
from s3syncd.core.retry import delay_seconds
from s3syncd.ledger import Intent
from s3syncd.site.messages import Recovered
from s3syncd.site.parts import Parts

__all__ = ["Recovery"]

_SECOND_LOOK_SECONDS = 60.0  # how late a server is believed to apply a request without an answer
_CONFIRM_SECONDS = 60.0  # a file written again soon is not asked about; a pass is hardly that soon
_PUT_OFF = 512  # so many wait for that at most: each turn of the site counts them
_AT_ONCE = 32  # looks under way at once
_CAP_SECONDS = 60.0  # a look that fails is repeated at least this often
_BUSY_SECONDS = 1.0  # a path in flight is looked at after its outcome, asked for this often
_TOLD = frozenset({Result.DONE, Result.SUPERSEDED})


@dataclass(slots=True)
class _Open:
    intent: Intent
    due_at: float
    is_asked: bool = False
    attempts: int = 0
    seq: int = 0
    has_been_seen: bool = False
    is_applied: bool = False
    is_hurried: bool = False
    is_second: bool = False  # another one before may still be applied, and leave an upload

    @property
    def is_settled(self) -> bool:
        """Whether it was applied, and nobody has a doubt about what came of it."""
        return self.is_applied and not self.is_hurried


class Recovery:
    """The open intents of one site.

    Args:
        on_known: takes what became of an effect, to be recorded.
        on_late: an older effect was applied over a newer one: the path's baseline is not true. It
            is what the older one made of it, or unknown.
        is_in_flight: whether an action on the path is under way. Looking would then abort the
            upload in parts that the old intent does not name.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        on_known: Callable[[Outcome, float], None],
        on_late: Callable[[Outcome, float], None],
        is_in_flight: Callable[[str], bool],
    ) -> None:
        self._parts = parts
        self._is_in_flight = is_in_flight
        self._on_known = on_known
        self._on_late = on_late
        self._open: dict[str, _Open] = {}
        self._left: set[str] = set()
        self._is_refused = False

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, path: str) -> bool:
        return path in self._open

    @property
    def unseen(self) -> int:
        """Effects about which nothing is known yet."""
        return sum(not (one.has_been_seen or one.is_settled) for one in self._open.values())

    def load(self, now: float) -> None:
        """Take up the intents that the last run left behind."""
        for intent in self._parts.ledger.intents():
            self._open[intent.path] = _Open(intent, now)

    def is_in_doubt(self, path: str) -> bool:
        """Whether nothing is known yet about the effect on `path`: no new effect before that."""
        one = self._open.get(path)
        return one is not None and (one.is_asked or not one.has_been_seen)

    def hurry(self, path: str, now: float) -> None:
        """A new effect or a pass waits to know what the last one left at `path`."""
        one = self._open.get(path)
        if one is not None and one.is_applied and not one.attempts:
            one.due_at, one.is_hurried = now, True

    def finish(self) -> None:
        """The site stops: ask now what listings tell of published uploads, not at the next start.

        What became of other effects is left to that: to find it out may abort an upload in parts.
        """
        published = [path for path, one in self._open.items() if one.is_applied]
        for path in published[:_AT_ONCE]:
            one = self._open[path]
            if not one.is_asked and not one.attempts:
                one.is_asked = self._ask(path, one)

    @property
    def is_asking(self) -> bool:
        """Whether an answer is on its way."""
        return any(one.is_asked for one in self._open.values())

    def leave(self, path: str) -> None:
        """An upload in parts failed and may be taken up again: its intent stays."""
        self._left.add(path)

    def drop(self, path: str) -> None:
        """Nothing is left over of what was intended for `path`."""
        self._left.discard(path)
        self._parts.ledger.drop_intent(path)

    def end_left(self, path: str, now: float) -> None:
        """End what is left over of an upload in parts, if there is anything."""
        if path not in self._left:
            return
        self._left.discard(path)
        intent = self._parts.ledger.intent(path)
        if intent is not None and path not in self._open:
            self._open[path] = _Open(intent, now)

    def unknown(self, action: Action, intent: Intent | None, now: float) -> None:
        """A request got no answer: look at once."""
        if intent is None:
            intent = intent_for(action, op_id="", wall=self._parts.wall())
            self._parts.ledger.put_intent(intent)
        is_second = action.path in self._open
        self._open[action.path] = _Open(intent, now, is_second=is_second)

    def confirm(self, intent: Intent, now: float) -> None:
        """An upload was applied, but not under the name that listings give the version."""
        pause = _CONFIRM_SECONDS if len(self._open) < _PUT_OFF else 0.0
        one = _Open(intent, now + pause, seq=self._parts.ledger.seq(), is_applied=True)
        one.is_second = intent.path in self._open
        self._open[intent.path] = one

    def advance(self, now: float) -> None:
        """Look at what is due."""
        asked = sum(one.is_asked for one in self._open.values())
        for path, one in self._open.items():
            if asked >= _AT_ONCE or self._is_refused:
                return
            if not one.is_asked and now >= one.due_at:
                if self._is_in_flight(path):
                    one.due_at = now + _BUSY_SECONDS
                    continue
                one.is_asked = self._ask(path, one)
                self._is_refused = not one.is_asked
                asked += 1

    def next_due(self) -> float:
        """Return when `advance` wants to be called (monotonic seconds)."""
        asked = sum(one.is_asked for one in self._open.values())
        if self._is_refused or asked >= _AT_ONCE:
            return float("inf")
        return min((o.due_at for o in self._open.values() if not o.is_asked), default=float("inf"))

    def room(self) -> None:
        """The pool has room again."""
        self._is_refused = False

    def recovered(self, message: Recovered, now: float) -> None:
        """Take what a look found; a look that failed is repeated, never believed."""
        path, outcome = message.path, message.answer
        one = self._open.get(path)
        if one is None:
            return
        one.is_asked = False
        if isinstance(outcome, Outcome) and outcome.reason == "resumable":
            del self._open[path]  # the intent stays: the upload is taken up with it
            self._left.add(path)
            self._on_known(outcome, now)
        elif not isinstance(outcome, Outcome) or outcome.result not in _TOLD:
            one.attempts += 1
            one.due_at = now + delay_seconds(one.attempts, self._parts.jitter(), cap=_CAP_SECONDS)
        elif one.is_applied:
            self._confirmed(one, outcome, now)
            self._close(path, one)
        elif one.has_been_seen and self._parts.ledger.changed_since(path, one.seq):
            self._judge_late(outcome, now)
            self._close(path, one)
        else:
            self._on_known(outcome, now)
            self._close_or_wait(path, one, outcome, now)

    def _confirmed(self, one: _Open, outcome: Outcome, now: float) -> None:
        """Record the version that listings tell; what is more than that is for the site."""
        ledger = self._parts.ledger
        if ledger.changed_since(one.intent.path, one.seq):
            return
        if outcome.row is not None and not outcome.is_stale:
            ledger.record(outcome.row)
        else:
            self._on_known(outcome, now)

    def _ask(self, path: str, one: _Open) -> bool:
        parts = self._parts
        baseline = parts.ledger.baseline(path)
        is_sure = one.is_applied and not one.is_second
        look = parts.transfer.confirm_for if is_sure else parts.transfer.recover_for
        return parts.lane.offer(
            lambda: look(one.intent, baseline=baseline),
            size_bytes=0,
            done=lambda answer: parts.inbox.put(Recovered(path, answer)),
        )

    def _judge_late(self, outcome: Outcome, now: float) -> None:
        """The path went on meanwhile: what matters is whether the old effect shows after all."""
        path = outcome.action.path
        baseline = self._parts.ledger.baseline(path)
        is_same = (
            outcome.row is not None and baseline is not None and outcome.row.etag == baseline.etag
        )
        is_shown = outcome.effect in {"put", "reclassed"} and not is_same
        is_gone = outcome.effect == "deleted" and baseline is not None
        # Neither the baseline's version nor the one before: an effect that left no name in it.
        is_other = outcome.reason == "foreign_change"
        if is_shown or is_gone or is_other:
            self._on_late(outcome, now)
        elif outcome.follow_up is not None:
            # A pass that met it left the path alone for our sake, and the next may be a day away.
            self._on_known(outcome, now)

    def _close_or_wait(self, path: str, one: _Open, outcome: Outcome, now: float) -> None:
        age = max(0.0, self._parts.wall() - one.intent.created_wall)
        is_applied = outcome.result is Result.DONE
        is_known = is_applied and not one.is_second
        if one.has_been_seen or is_known or age >= _SECOND_LOOK_SECONDS:
            self._close(path, one)
            return
        one.has_been_seen = True
        one.seq = self._parts.ledger.seq()
        one.due_at = now + _SECOND_LOOK_SECONDS - age

    def _close(self, path: str, one: _Open) -> None:
        del self._open[path]
        intent = self._parts.ledger.intent(path)
        if intent is not None and intent.op_id == one.intent.op_id:
            self.drop(path)


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
