"""The oracle: says of a history of requests what must never have happened.

It predicts nothing. It takes what the store saw and what the user's diary says, and explains each
version and each deletion by something the user did; what it cannot explain is a violation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final, NamedTuple

from tests.strict.diary import Diary, Line
from tests.strict.faults import Kind
from tests.strict.history import Event, History
from tests.strict.looks import Looks
from tests.strict.order import Sight, Stale, first_place, stale_sights
from tests.strict.record import Record
from tests.strict.state import Change

__all__ = ["Oracle", "Violation"]

# What was read may arrive so much later: it is sent again after a lost answer, a stall or a kill.
_LATE_SECONDS: Final = 60.0
_WRITES: Final = frozenset({"CompleteMultipartUpload", "CopyObject", "PutObject"})


class Violation(NamedTuple):
    """What must not have been: the rule, in words what broke it, and the request's number."""

    rule: str
    what: str
    event: int = 0


class Oracle:
    """Judges what was done to one prefix of one bucket, on behalf of one user.

    Each rule is a method that gives its violations; `assert_sound` fails if there is any. Rules
    about now (`equal_to`, `nothing_asked_for`, ...) are separate: they hold at certain moments.

    Args:
        record: of the store.
        diary: of the user, on the store's clock.
        bucket: that belongs to the site.
        prefix: '' or ending in a slash.
        given_up: signatures of requests whose clients left without an answer -> when, in epoch
            seconds; grows while the oracle is there.
    """

    def __init__(
        self,
        record: Record,
        diary: Diary,
        *,
        bucket: str,
        prefix: str = "",
        given_up: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        self._record = record
        self._diary = diary
        self._bucket = bucket
        self._prefix = prefix
        self._given_up = given_up
        self._look = Looks(record)

    def assert_sound(self) -> None:
        """Fail unless every rule holds that must hold at any moment."""
        found = self.broken()
        assert not found, "\n".join(f"{each.event}: {each.rule}: {each.what}" for each in found)

    def broken(self) -> list[Violation]:
        """Judge by every rule that must hold at any moment."""
        return [
            *self.every_version_is_whole(),
            *self.every_version_is_the_users(),
            *self.no_version_comes_back(),
            *self.every_deletion_is_the_users(),
            *self.every_deletion_names_what_it_deletes(),
            *self.no_rename_leaves_a_gap(),
            *self.nothing_elsewhere_was_touched(),
        ]

    def every_version_is_whole(self) -> list[Violation]:
        """No version ever served was torn, mixed, truncated or invented."""
        return [
            Violation("whole", f"{event.key}: {self._look(serial).flaw}", event.number)
            for event, serial in self._versions()
            if self._look(serial).flaw
        ]

    def every_version_is_the_users(self) -> list[Violation]:
        """Each version stood at its path on the user's side, before it was sent."""
        found = []
        for event, serial in self._versions():
            digest, size = self._look(serial).digest, self._look(serial).size_bytes
            lines = self._lines(event.key)
            if not any(line.digest == digest and line.at <= event.at for line in lines):
                what = f"nobody wrote {digest} ({size} bytes) at {event.key}"
                found.append(Violation("user's version", what, event.number))
        return found

    def no_version_comes_back(self) -> list[Violation]:
        """What readers saw of a key happened in the order in which the user did it.

        The same state may show twice in a row (it was sent again); an older one never comes after
        a newer. What a server carried out long after it hung up is not the client's doing, nor is
        what came late (see `order`).
        """
        found = []
        for stale in self._stale():
            event, key, digest = stale.sight
            if not stale.is_excused:
                what = f"{key}: {digest or 'its absence'} after a later state was there"
                found.append(Violation("order", what, event.number))
        return found

    def late(self) -> list[Stale]:
        """Give the older versions that came after newer ones, but are excused."""
        return [stale for stale in self._stale() if stale.is_excused]

    def every_deletion_is_the_users(self) -> list[Violation]:
        """Each object that vanished was deleted by the user, once for each time, before."""
        return [
            Violation("user's deletion", f"nobody deleted {change.key}", event.number)
            for event, change, removal in self._deletions()
            if removal is None
        ]

    def no_rename_leaves_a_gap(self) -> list[Violation]:
        """The old name of a renamed file went when its content was there under another one.

        A file that was put there since with the same bytes, unsent, is another one: nobody can know
        of its content before it is read.
        """
        found: list[Violation] = []
        sent = {made: event.at for event, made in self._versions()}
        late = self._made_late(self._record.history())
        for event, change, removal in self._deletions():
            if removal is None or change.before is None or change.before.serial in late:
                continue
            digest = self._look(change.before.serial).digest
            path, sent_at = change.key.removeprefix(self._prefix), sent.get(change.before.serial)
            if not self._diary.has_stood(path, digest, since=sent_at, until=removal):
                continue
            is_renamed = any(
                self._diary.is_at(path, digest, since=removal.at, at=event.at)
                for path, _ in self._diary
            )
            if is_renamed:
                left = self._record.tree(self._bucket, at=event.number).values()
                if all(self._look(serial).digest != digest for serial in left):
                    found.append(Violation("rename", f"{change.key} was the last", event.number))
        return found

    def every_deletion_names_what_it_deletes(self) -> list[Violation]:
        """Each DELETE is conditional on a version, whether there was anything to delete or not."""
        rule = "conditional deletion"
        found = []
        for event in self._own(self._record.history().of("DeleteObject*")):
            if event.operation != "DeleteObject" or event.if_match in {"", "*"}:
                found.append(Violation(rule, f"{event.key}: no version is named", event.number))
            elif event.changes and event.before and event.before.etag != event.if_match:
                what = f"{event.key}: {event.before.etag} went instead of {event.if_match}"
                found.append(Violation(rule, what, event.number))
        return found

    def every_write_is_conditional(self) -> list[Violation]:
        """Each write names what it replaces; for modes with another writer, not for upload mode."""
        return [
            Violation("conditional write", f"{event.operation} of {event.key}", event.number)
            for event in self._own(self._record.history())
            if event.operation in _WRITES
            and not {"if-match", "if-none-match"} & dict(event.conditions).keys()
        ]

    def nothing_elsewhere_was_touched(self) -> list[Violation]:
        """No request that changes something was about another bucket or prefix."""
        return [
            Violation("elsewhere", f"{event.operation} of {event.bucket}/{event.key}", event.number)
            for event in self._record.history().mutations()
            if event.bucket != self._bucket or not event.key.startswith(self._prefix)
        ]

    def no_upload_is_left(self) -> list[Violation]:
        """No multipart upload is neither complete nor aborted."""
        return [
            Violation("upload left", f"{key} ({upload_id})")
            for key, upload_id in self._record.open_uploads(self._bucket)
        ]

    def equal_to(self, files: Mapping[str, str], *, at: int | None = None) -> list[Violation]:
        """The prefix holds exactly these files (path -> digest), now or after an event."""
        seen = {
            key.removeprefix(self._prefix): self._look(serial).digest
            for key, serial in self._record.tree(self._bucket, at=at).items()
            if key.startswith(self._prefix)
        }
        return [
            Violation("equal", f"{path}: {seen.get(path)} instead of {files.get(path)}", at or 0)
            for path in sorted({*seen, *files})
            if seen.get(path) != files.get(path)
        ]

    def claim_was_true(
        self, files: Mapping[str, str], *, since: int, until: int
    ) -> list[Violation]:
        """At one moment of a span of events, in which sync was claimed, both sides were equal."""
        broken: list[Violation] = []
        for at in sorted({since, *(each.event for _, each in self._changes())}):
            if since <= at <= until and not (broken := self.equal_to(files, at=at)):
                return []
        return [each._replace(rule="claim") for each in broken]

    def nothing_asked_for(self, *, since: int) -> list[Violation]:
        """No request since a mark was meant to change anything."""
        return [
            Violation("idle", f"{event.operation} of {event.key}", event.number)
            for event in self._record.history().mutations(since=since)
        ]

    def nothing_deleted(self, *, since: int) -> list[Violation]:
        """No request since a mark was meant to delete an object."""
        return [
            Violation("no deletion", f"{event.operation} of {event.key}", event.number)
            for event in self._record.history().of("DeleteObject*", since=since)
        ]

    def _own(self, events: History | list[Event]) -> Iterator[Event]:
        return (
            each for each in events
            if each.bucket == self._bucket and each.key.startswith(self._prefix)
        )  # fmt: skip

    def _versions(self) -> Iterator[tuple[Event, int]]:
        """Give every version of an object that was ever made, and the request that made it."""
        for event in self._own(self._record.history()):
            if event.made is None or event.operation not in _WRITES or self._may_be_torn(event):
                continue
            yield event, event.made

    def _changes(self) -> Iterator[tuple[Event, Change]]:
        for event in self._record.history():
            for change in event.changes:
                if event.bucket == self._bucket and change.key.startswith(self._prefix):
                    yield event, change

    def _stale(self) -> list[Stale]:
        sights = (
            Sight(event, change.key, change.after and self._look(change.after.serial).digest)
            for event, change in self._changes()
            if event.fault != Kind.LATE and not self._may_be_torn(event)
        )
        return stale_sights(sights, self._lines, given_up=self._given_up)

    def _made_late(self, events: History) -> set[int | None]:
        """Give the serials of versions that a server made late."""
        made = {event.made for event in events if event.fault == Kind.LATE}
        if self._given_up:
            made |= {stale.sight.event.made for stale in self.late()}
        return made - {None}

    def _deletions(self) -> Iterator[tuple[Event, Change, Line | None]]:
        """Give each object that a deletion took away, and the user's deletion it follows."""
        used: dict[str, int] = {}
        events = self._record.history()
        excused = {event.made for event in events if self._may_be_torn(event)}
        late = self._made_late(events)
        for event, change in events.deletions():
            if event.bucket != self._bucket or not change.key.startswith(self._prefix):
                continue
            assert change.before is not None
            lines, digest = self._lines(change.key), self._look(change.before.serial).digest
            written = first_place(lines, digest, start=0, until=event.at)
            if written is None and change.before.serial in excused:
                continue
            if written is None:
                yield event, change, None
                continue
            # What came late, after its file's deletion, goes once more on the strength of that.
            is_back = change.before.serial in late
            start = (written if is_back else max(used.get(change.key, -1), written)) + 1
            removal = first_place(lines, None, start=start, until=event.at)
            if removal is not None:
                used[change.key] = max(used.get(change.key, -1), removal)
            yield event, change, None if removal is None else lines[removal]

    def _may_be_torn(self, event: Event) -> bool:
        """Whether the user had stopped in the middle of a change for longer than is waited for."""
        path = event.key.removeprefix(self._prefix)
        return self._diary.may_be_torn(path, event.at, late_seconds=_LATE_SECONDS)

    def _lines(self, key: str) -> list[Line]:
        return self._diary.of(key.removeprefix(self._prefix))
