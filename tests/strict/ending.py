"""How a run ends: faults stop, both sides become equal, nothing more is done, a ledger is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from tests.strict.oracle import Oracle, Violation
from tests.strict.record import Record

__all__ = ["Client", "end_run"]


class Client(Protocol):
    """What is judged, as far as a run's end needs it."""

    def settle(self) -> None:
        """Wait until it says that it is done."""

    def idle_cycle(self) -> None:
        """Let it look at both sides once more, and wait until it says that it is done."""

    def verify(self) -> None:
        """Let it compare both sides by their content, and fail where it finds a difference."""

    def lose_ledger(self) -> None:
        """Stop it, take its ledger away, and start it again."""

    def files(self) -> Mapping[str, str]:
        """Give its side: path -> digest."""


def end_run(client: Client, oracle: Oracle, record: Record) -> None:
    """End a run whose faults are over, and fail where a promise is broken.

    1. What it says it has reached, it has: both sides are equal, no upload is left.
    2. A cycle on top, and a look at all content, ask for nothing that changes anything.
    3. Without its ledger it comes to the same again, and deletes nothing on the way.
    """
    client.settle()
    _assert_none([
        *oracle.broken(), *oracle.equal_to(client.files()), *oracle.no_upload_is_left(),
    ])  # fmt: skip

    mark = record.history().mark
    client.idle_cycle()
    client.verify()
    _assert_none(oracle.nothing_asked_for(since=mark))

    mark = record.history().mark
    client.lose_ledger()
    client.settle()
    _assert_none([
        *oracle.nothing_deleted(since=mark), *oracle.equal_to(client.files()),
        *oracle.no_upload_is_left(), *oracle.broken(),
    ])  # fmt: skip


def _assert_none(violations: list[Violation]) -> None:
    assert not violations, "\n".join(
        f"{each.event}: {each.rule}: {each.what}" for each in violations
    )
