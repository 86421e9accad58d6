"""Effects whose outcome is not known: looked at once, and once more, until they are.

A crash leaves intents in the ledger; a lost answer makes one. A server may apply late, so what was
"not applied" at the first look is looked at again a minute after it became known that no answer
comes (or after the start: how late a request of the last run was sent is not known). Until then no
pass decides about the path. So it is with an upload in parts, applied for sure, until the version
that listings tell of it is known.

The path may go on after the first look, and what is done then may lose its answer, too. Whatever
may still be applied is remembered, in the ledger as well, until a look that was asked for when all
of it could have been; what such a look finds is compared with each of them. Owned by the site
thread.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from s3syncd.core.entry import Action, Outcome, Result
from s3syncd.core.retry import delay_seconds
from s3syncd.ledger import Intent
from s3syncd.pool import Call
from s3syncd.site.messages import Recovered
from s3syncd.site.parts import Parts
from s3syncd.site.unanswered import Late, Unanswered, before, intent_for

__all__ = ["Recovery"]

_SECOND_LOOK_SECONDS = 60.0  # how late a server is believed to apply a request without an answer
_CONFIRM_SECONDS = 60.0  # a file written again soon is not asked about; a pass is hardly that soon
_PUT_OFF = 512  # so many wait for that at most: each turn of the site counts them
_AT_ONCE = 32  # looks under way at once
_CAP_SECONDS = 60.0  # a look that fails is repeated at least this often
_BUSY_SECONDS = 1.0  # a path in flight is looked at after its outcome, asked for this often
_TOLD = frozenset({Result.DONE, Result.SUPERSEDED})
_APPLIED = frozenset({"put", "reclassed", "deleted"})  # not `gone`: that was somebody else


class Recovery:
    """The open intents of one site.

    Args:
        on_known: takes what became of an effect, to be recorded.
        on_late: an older effect was applied over a newer one: the baseline is its work, or none.
        on_confirmed: takes which version listings tell of a published upload.
        is_in_flight: whether an action on the path is under way: looking would abort its upload.
        on_failed: takes what a look ended with that failed.
    """

    def __init__(
        self,
        parts: Parts,
        *,
        on_known: Callable[[Outcome, float], None],
        on_late: Callable[[Outcome, float], None],
        on_confirmed: Callable[[Outcome, float], None],
        is_in_flight: Callable[[str], bool],
        on_failed: Callable[[Outcome], object] = lambda _outcome: None,
    ) -> None:
        self._parts = parts
        self._on_failed = on_failed
        self._is_in_flight = is_in_flight
        self._on_known = on_known
        self._on_late = on_late
        self._on_confirmed = on_confirmed
        self._open: dict[str, Unanswered] = {}
        self._left: set[str] = set()
        self._is_refused = False

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, path: str) -> bool:
        return path in self._open

    @property
    def unseen(self) -> list[str]:
        """The paths of effects about which nothing is known yet."""
        return [p for p, one in self._open.items() if not (one.has_been_seen or one.is_settled)]

    def load(self, now: float) -> None:
        """Take up the intents that the last run left behind."""
        until = now + _SECOND_LOOK_SECONDS
        older: defaultdict[str, list[Late]] = defaultdict(list)
        for intent in self._parts.ledger.lates():
            older[intent.path].append(Late(intent, until))
        for intent in self._parts.ledger.intents():
            late = tuple(older.pop(intent.path, ()))
            self._open[intent.path] = Unanswered(intent, now, until, older=late)
        for path, (*first, last) in older.items():
            self._open[path] = Unanswered(last.intent, now, until, older=tuple(first))

    def is_in_doubt(self, path: str) -> bool:
        """Whether nothing is known yet about the effect on `path`: no new effect before that."""
        one = self._open.get(path)
        return one is not None and (one.is_asked or not one.has_been_seen)

    def hurry(self, path: str, now: float) -> None:
        """A new effect or a pass waits to know what the last one left at `path`."""
        one = self._open.get(path)
        if one is not None and one.is_applied and not one.attempts:
            one.due_at, one.is_hurried = now, True

    def look_again(self, path: str, now: float) -> None:
        """A listing tells of more than is known of `path`: no word about it before a look."""
        one = self._open.get(path)
        if one is not None and one.has_been_seen and not one.is_asked:
            one.has_been_seen, one.due_at = False, now

    def finish(self) -> None:
        """The site stops: ask now what listings tell of published uploads, not at the next start.

        What became of other effects is left to that: to find it out may abort an upload in parts.
        """
        published = [path for path, one in self._open.items() if one.is_applied]
        for path in published[:_AT_ONCE]:
            one = self._open[path]
            if not one.is_asked and not one.attempts:
                one.is_asked, one.asked_at = self._ask(path, one), self._parts.clock()

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
        one = self._open.get(path)
        if path not in self._left or (one is not None and one.is_asked):
            return
        self._left.discard(path)
        intent = self._parts.ledger.intent(path)
        if intent is not None:
            self._take_up(intent, now)

    def unknown(self, action: Action, intent: Intent | None, now: float) -> None:
        """A request got no answer: look at once."""
        if intent is None:
            self.displace(action.path)
            intent = intent_for(action, op_id="", wall=self._parts.wall())
            self._parts.ledger.put_intent(intent)
        self._take_up(intent, now)

    def confirm(self, intent: Intent, now: float) -> None:
        """An upload was applied, but not under the name that listings give the version."""
        pause = _CONFIRM_SECONDS if len(self._open) < _PUT_OFF else 0.0
        one = Unanswered(intent, now + pause, now, seq=self._parts.ledger.seq(), is_applied=True)
        one.older = before(self._open.get(intent.path), intent)
        self._open[intent.path] = one

    def displace(self, path: str) -> None:
        """Another intent takes the place of the path's: keep the one that may still be applied."""
        one = self._open.get(path)
        if one is not None and not one.is_applied:
            self._parts.ledger.keep_late(one.intent)

    def is_of(self, intent: Intent) -> bool:
        """Whether the outcome of this very intent is open."""
        one = self._open.get(intent.path)
        return one is not None and one.intent.op_id == intent.op_id

    def _take_up(self, intent: Intent, now: float) -> None:
        older = before(self._open.get(intent.path), intent)
        until = now + _SECOND_LOOK_SECONDS
        self._open[intent.path] = Unanswered(intent, now, until, older=older)

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
                one.is_asked, one.asked_at = self._ask(path, one), now
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
        if not isinstance(outcome, Outcome) or outcome.result not in _TOLD:
            one.attempts += 1
            one.due_at = now + delay_seconds(one.attempts, self._parts.jitter(), cap=_CAP_SECONDS)
            if isinstance(outcome, Outcome):
                self._on_failed(outcome)
            return
        if outcome.reason == "resumable":
            self._left.add(path)  # the intent stays: the upload is taken up with it
            self._on_known(outcome, now)
            self._end(path, one, is_kept=True)
        elif one.is_applied:
            if not self._parts.ledger.changed_since(path, one.seq):
                self._on_confirmed(outcome, now)
            self._end(path, one)
        elif one.has_been_seen and self._parts.ledger.changed_since(path, one.seq):
            self._judge_late(outcome, now)
            self._end(path, one)
        else:
            self._on_known(outcome, now)
            self._end_or_wait(path, one, is_known=outcome.effect in _APPLIED)

    def _ask(self, path: str, one: Unanswered) -> bool:
        parts = self._parts
        baseline = parts.ledger.baseline(path)
        intent, older = one.intent, [late.intent for late in one.older]
        transfer = parts.transfer

        def make_call() -> Call:
            if one.is_applied and not older:
                return transfer.confirm_for(intent, baseline=baseline)
            return transfer.recover_for(intent, baseline=baseline, older=older)

        return parts.lane.offer(
            make_call,
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

    def _end_or_wait(self, path: str, one: Unanswered, *, is_known: bool) -> None:
        is_first = not one.older
        if one.asked_at >= one.until or (is_known and is_first):
            self._end(path, one)
            return
        # Where there are older ones, what was found may be the work of one of them.
        one.outlive()
        self._wait(one)

    def _wait(self, one: Unanswered) -> None:
        one.has_been_seen = True
        one.seq = self._parts.ledger.seq()
        one.due_at = max([one.until, *(late.until for late in one.older)])

    def _end(self, path: str, one: Unanswered, *, is_kept: bool = False) -> None:
        """The last effect is known; older ones are waited for until they could have been."""
        ledger = self._parts.ledger
        if self._open.get(path) is one:
            del self._open[path]
        one.outlive()
        stored = ledger.intent(path)
        if not is_kept and stored is not None and stored.op_id == one.intent.op_id:
            self.drop(path)
        if not one.older:
            ledger.drop_lates(path)
            return
        for late in one.older:
            ledger.keep_late(late.intent)
        *first, last = one.older
        self._open[path] = Unanswered(last.intent, last.until, last.until, older=tuple(first))
        self._wait(self._open[path])
