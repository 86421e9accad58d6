"""Judges one site of a run: what its store has seen against what its user did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from tests.simulation.wire import BUCKET
from tests.strict.faults import Kind
from tests.strict.history import Event, History
from tests.strict.oracle import Oracle, Violation
from tests.strict.state import Version

if TYPE_CHECKING:
    from tests.simulation.engine import Engine
    from tests.simulation.world import Place, World

__all__ = ["BrokenError", "Judge"]

_SECOND_LOOK_SECONDS = 65.0  # what a server did late is looked for a minute later


class BrokenError(AssertionError):
    """A promise is broken."""


class Judge:
    """See the module; also the store's record as far as it concerns the site."""

    def __init__(self, place: Place, world: World) -> None:
        self._place = place
        self._world = world
        self._events: list[Event] = []
        self._read = 0
        self._mark = 0
        self._met: Counter[str] = Counter()
        self._claimed: tuple[int, int] = (-1, -1)
        self.claims = 0
        self.oracle = Oracle(self, place.user.diary, bucket=BUCKET, prefix=place.prefix)

    # --- the record -----------------------------------------------------------------------------

    def history(self) -> History:
        """Give what the engine did to the site's prefix; another writer is left out."""
        for event in self._world.model.events_after(self._read):
            self._read = event.number
            if event.number not in self._world.foreign and event.key.startswith(self._place.prefix):
                self._events.append(event)
        return History(self._events)

    def version(self, serial: int) -> Version:
        return self._world.model.store.versions[serial]

    def tree(self, bucket: str, *, at: int | None = None) -> dict[str, int]:
        """Give what readers see; now without what nobody knows of, and is no file of the user's."""
        found = self._world.model.store.buckets[bucket]
        if at is not None:
            return found.keys_at(at)
        tree = {key: found.stacks[key][-1].serial for key in found.keys}
        world, files = self._world, self._place.user.expected()
        unknown = world.foreign_serials.keys() | world.forgotten | world.wire.made_late
        return {
            key: serial
            for key, serial in tree.items()
            if serial not in unknown or key.removeprefix(self._place.prefix) in files
        }

    def open_uploads(self, bucket: str) -> list[tuple[str, str]]:
        uploads = self._world.model.store.buckets[bucket].uploads.values()
        return [
            (each.key, each.upload_id) for each in uploads
            if each.key.startswith(self._place.prefix)
            and each.upload_id not in self._world.forgotten_uploads
        ]  # fmt: skip

    # --- the rules ------------------------------------------------------------------------------

    def equal(self) -> list[Violation]:
        """Both sides are equal under the site's rules."""
        violations = self.oracle.equal_to(self._place.user.expected())
        # By a listing that is behind an object is none of ours any more, and stays when its file
        # goes: a known limit. Nothing is lost by it.
        if self._place.options["retire_deleted"] and not self._world.chances.met["stale"]:
            return violations
        return [each for each in violations if not each.what.endswith("instead of None")]

    def uploads_left(self) -> list[Violation]:
        """No upload in parts is left, but of a key of which nobody was let see or abort it.

        A rule of the bucket ends it. Nothing is lost by it.
        """
        failed = self._world.chances.left_keys
        left = self.oracle.no_upload_is_left()
        return [each for each in left if each.what.rpartition(" (")[0] not in failed]

    def sound(self) -> list[Violation]:
        """Every rule that must hold at any moment."""
        oracle = self.oracle
        found: list[Violation] = [
            *oracle.every_version_is_whole(), *oracle.every_version_is_the_users(),
            *oracle.no_version_comes_back(), *oracle.every_deletion_names_what_it_deletes(),
        ]  # fmt: skip
        # A request that comes late names a version that may be there again: it is looked for.
        events = {event.number: event for event in self.history()}
        late = {e.key for e in events.values() if e.fault == Kind.LATE and e.changes}
        gone = oracle.every_deletion_is_the_users()
        found += [each for each in gone if events[each.event].key not in late]
        if not self._may_leave_gaps():
            found += [each for each in oracle.no_rename_leaves_a_gap() if each.event > self._mark]
        found += self._place.deletions.judge(self._events)
        if not self._place.options["retire_deleted"]:
            found += [Violation("no deletion", e.key, e.number) for e in self._deletions()]
        if self._place.options["on_drift"] == "hold":
            found += self._unapproved()
        return found

    def begin(self) -> None:
        """A sequence begins: both sides are equal."""
        self._mark = self._world.model.store.event
        self._met = self._world.chances.met.copy()
        self._place.deletions.begin(self._world.true_time())

    def _may_leave_gaps(self) -> bool:
        """Whether a new name may be in doubt while the old one goes, since the sequence began."""
        met = self._world.chances.met - self._met
        others = any(number > self._mark for number in self._world.foreign)
        late = any(
            e.number > self._mark and e.fault == Kind.LATE and e.changes for e in self._events
        )
        return bool(late or others or met["unreadable"] or met["stale"])

    def _unapproved(self) -> Iterator[Violation]:
        """What others put is overwritten only after a person has said so."""
        for event in self._events:
            before = None if event.before is None else event.before.serial
            theirs = self._world.foreign_serials.get(-1 if before is None else before)
            if event.made is None or theirs is None:
                continue
            if not any(theirs <= at <= event.number for at in self._place.approvals):
                yield Violation("held drift", f"{event.key} of others overwritten", event.number)

    def after_turn(self, engine: Engine) -> None:
        """Hold the site to its word: `in_sync` is to be true whenever nothing is unheard of."""
        world, place = self._world, self._place
        if wrong := place.deletions.wanted(engine):
            raise BrokenError(f"it wants to delete what nobody deleted: {wrong}")
        if not engine.status["in_sync"] or not engine.is_quiet or world.foreign:
            return
        if world.chances.met["stale"] != world.stale_before:
            return  # whoever believes a listing that is behind is in sync with what was
        state = (place.changes, world.model.store.event)
        is_in_doubt = world.wire.under_way or len(engine.site.recovery) or not place.has_root
        is_late = world.agenda.now - world.wire.late_at < _SECOND_LOOK_SECONDS
        if state == self._claimed or is_in_doubt or is_late or place.user.is_writing:
            return
        self._claimed = state
        self.claims += 1
        if violations := self.equal():
            raise BrokenError(f"it says in sync: {violations}")

    def files(self) -> Mapping[str, str]:
        return self._place.user.expected()

    def _deletions(self) -> list[Event]:
        return [e for e in self.history() if e.operation == "DeleteObject" and e.changes]
