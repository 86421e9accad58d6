"""Judges the deletions of one site: what must have been before each, and how many may go unasked.

The rules of the oracle explain a deletion by one of the user's. These ask for more: that it was
seen twice, that nobody was to be asked first, and that nothing is even wanted to be deleted which
its user has not deleted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.simulation.user import Loss
from tests.strict.diary import digest_of
from tests.strict.faults import Kind
from tests.strict.history import Event
from tests.strict.oracle import Violation

if TYPE_CHECKING:
    from tests.simulation.engine import Engine
    from tests.simulation.world import Place

__all__ = ["Deletions"]

DELETE_GRACE_SECONDS: Final = 2.0
"""Of every site: the program's default."""

_DAY_SECONDS: Final = 20 * 3600.0  # clocks of machines jump by up to an hour, several times
_ANSWER_SECONDS: Final = 1.0  # an approval is of what is held when it is taken in
_NEVER: Final = float("inf")
_FEW: Final = 2  # files: when one of them may go by itself, the other may
_ROUNDING_SECONDS: Final = 0.01
_STATES: Final = ("waiting", "held", "approved", "cleared")


class _Gone(NamedTuple):
    """A deleted version: where, of which content, and the names that its file got since."""

    path: str
    digest: str
    names: frozenset[str]

    def is_same_file(self, other: _Gone) -> bool:
        is_later_name = self.path in other.names or other.path in self.names
        return self.digest == other.digest and is_later_name


class Deletions:
    """See the module.

    Attributes:
        approvals: times of the store's clock at which a person approved what was held.
        losses: times at which the ledger was taken away.
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._counts: tuple[int, ...] = ()
        self._began = 0.0
        self.approvals: list[float] = []
        self.losses: list[float] = []

    def begin(self, at: float) -> None:
        """A sequence begins: both sides are equal, and nothing waits."""
        self._began = at

    def wanted(self, engine: Engine) -> list[Violation]:
        """Nothing is wanted to be deleted that its user has not deleted."""
        ledger = engine.ledger
        counts = tuple(ledger.count_deletions(state) for state in _STATES)
        if counts == self._counts:
            return []
        self._counts = counts
        files, diary = self._place.user.expected(), self._place.user.diary
        return [
            Violation("wanted deletion", f"{one.path} is {state}, and nobody deleted it")
            for state, count in zip(_STATES, counts, strict=True) if count
            for one in ledger.deletions(state)
            if one.path in files
            and not any(x.digest is None and x.at >= self._began for x in diary.of(one.path))
        ]  # fmt: skip

    def judge(self, events: list[Event]) -> Iterator[Violation]:
        """Give what is wrong with the deletions of a history."""
        counted: list[float] = []
        gone: list[_Gone] = []
        lost: list[Loss] = []
        limit = self._place.options["max_delete"]
        for event in events:
            is_deletion = event.operation == "DeleteObject" and event.changes
            if not is_deletion or event.fault == Kind.LATE or event.before is None:
                continue
            removals = self._removals(event)
            if not removals:
                continue  # the oracle says so
            path = event.key.removeprefix(self._place.prefix)
            grace = DELETE_GRACE_SECONDS
            if event.at - removals[0] < grace - _ROUNDING_SECONDS:
                what = f"{path} went {event.at - removals[0]:.3f} s after its file"
                yield Violation("two looks", what, event.number)
            lost += self._was_lost(path, event.at)
            if any(2 * lost.count(one) > len(one[0]) for one in lost):
                yield Violation("emptied root", f"{path} went with most others", event.number)
                lost.clear()
            if limit is not None and self._is_counted(event, path, removals[-1], gone):
                counted = [at for at in counted if self._is_same_day(at, event.at)] + [event.at]
                if len(counted) > limit:
                    what = f"{path} is the {len(counted)}th, of {limit} that may go unasked"
                    yield Violation("mass deletion", what, event.number)

    def _removals(self, event: Event) -> list[float]:
        """Give when the user deleted what a request deleted, and may have meant."""
        path, removals = event.key.removeprefix(self._place.prefix), []
        digest = self._digest(event)
        has_been = False
        for line in self._place.user.diary.of(path):
            if line.at > event.at:
                break
            has_been |= line.digest == digest
            if line.digest is None and has_been:
                removals.append(line.at)
        return removals

    def _is_counted(self, event: Event, path: str, removed_at: float, gone: list[_Gone]) -> bool:
        """Whether it went unasked for sure, was no rename, and is not among what went: add it.

        A renamed file that is lost may have an object under each of its names. It is one file.
        """
        is_approved = any(
            removed_at <= approved + _ANSWER_SECONDS and approved <= event.at
            for approved in self.approvals
        )
        if is_approved or self._was_renamed(event, path):
            return False
        names = {name for end in self._ends(event, path) for name in self._names(path, end, event)}
        one = _Gone(path, self._digest(event), frozenset(names))
        is_new = not any(one.is_same_file(other) for other in gone)
        gone.append(one)
        return is_new

    def _was_renamed(self, event: Event, path: str) -> bool:
        """Whether the file of the deleted version lives on elsewhere in the site.

        That is so if a rename took it away from the path, whatever came and went there after that
        without ever being sent: the limit is on files that are lost, and that version's is not.
        It lives on under one of its names since, or would still be in the bucket under one, later
        or former, but for another writer: then it counts when it goes from there. One that was
        renamed and then deleted is lost.
        """
        user = self._place.user
        for gone in self._ends(event, path):
            names = self._names(path, gone, event)
            if any(user.diary.has(name, at=event.at) for name in names):
                return True
            former = [each for each in user.names.before(path, gone) if each[0] != path]
            sent = self._sent(event.number) if names or former else {}
            if any(self._place.prefix + name in sent for name in names):
                return True
            if any(self._is_of_file(sent, *name, self._digest(event)) for name in former):
                return True
        return False

    def _sent(self, until: int) -> dict[str, Event]:
        """Give what the site would have in the bucket if nobody else wrote there."""
        sent: dict[str, Event] = {}
        for event in self._place.judge.history():
            if event.number > until:
                break
            if event.operation == "DeleteObject":
                if event.changes:
                    sent.pop(event.key, None)
            elif event.made is not None:
                sent[event.key] = event
        return sent

    def _is_of_file(self, sent: Mapping[str, Event], path: str, until: float, digest: str) -> bool:
        """Whether the object of a former name is still one of the file that left it then."""
        event = sent.get(self._place.prefix + path)
        if event is None or event.made is None:
            return False
        return event.at <= until or digest_of(self._place.judge.version(event.made).body) == digest

    def _ends(self, event: Event, path: str) -> list[float]:
        """Give when the content of a deleted version ceased to stand at its path since it was sent.

        More than once where the same bytes came back: which of them was meant, nobody can tell.
        """
        digest, made = self._digest(event), event.before.serial if event.before else None
        sent_at = max((e.at for e in self._place.judge.history() if e.made == made), default=0.0)
        lines = [
            line for line in self._place.user.diary.of(path)
            if line.at <= event.at and not (line.digest is None and self._came_back(path, line.at))
        ]  # fmt: skip
        ends = [
            next((each.at for each in lines[place:] if each.digest is None), event.at)
            for place, line in enumerate(lines) if line.digest == digest
        ]  # fmt: skip
        return [end for end in ends if end > sent_at] or ends[-1:]  # it came late

    def _came_back(self, path: str, at: float) -> bool:
        """Whether a file that went at a time only seemed to: all of the root did, and is back."""
        losses = self._place.user.losses
        return any(
            path in paths and since <= at <= until < _NEVER for paths, since, until in losses
        )

    def _names(self, path: str, end: float, event: Event) -> list[str]:
        return list(self._place.user.names.since(path, end, until=event.at))

    def _digest(self, event: Event) -> str:
        """Give the digest of what a request deleted."""
        assert event.before is not None
        return digest_of(self._place.judge.version(event.before.serial).body)

    def _is_same_day(self, first: float, last: float) -> bool:
        """Whether two deletions are counted together: asked or lost in between, nobody knows."""
        events = (*self.approvals, *self.losses)
        return last - first < _DAY_SECONDS and not any(first <= each <= last for each in events)

    def _was_lost(self, path: str, at: float) -> list[Loss]:
        """Give when the root looked emptied, if it went then, and nobody had said that it is.

        Single files that were heard of just then may go: of those nobody can tell. Of two files
        both may: after the first one went, the other is a single file, too.
        """
        return [
            (paths, since, until)
            for paths, since, until in self._place.user.losses
            if path in paths
            and len(paths) > _FEW
            and since <= at <= until
            and not any(since <= approved <= at for approved in self.approvals)
        ]
