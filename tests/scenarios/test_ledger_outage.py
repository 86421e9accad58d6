"""A disk that is full: nothing is begun without its intent, nothing that was done is forgotten."""

from __future__ import annotations

import resource
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest

from s3syncd.core.entry import Outcome
from s3syncd.errors import LedgerError
from s3syncd.site import Command, Inbox, SiteThread
from s3syncd.site.messages import Noted, Stop
from s3syncd.site.outage import Outage
from s3syncd.transfer import PartDone
from tests.scenarios.world import World
from tests.waiting import until


@contextmanager
def _full_disk() -> Iterator[None]:
    """Make real writes fail (EFBIG), as a full or failing disk does; small files still fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def settled(world: World) -> World:
    """40 files in sync, and a ledger above the size that a full disk takes."""
    return world.filled(40)


def _fail(world: World) -> LedgerError:
    """Change a file, and let its intent be refused."""
    world.write("f000", "newer", hint=True)
    with pytest.raises(LedgerError) as told:
        world.run(5)
    return told.value


def _outage(world: World, error: LedgerError) -> Outage:
    return Outage(world.site, world.inbox, error, clock=lambda: world.now)


def _let_pass(world: World, outage: Outage, seconds: float) -> None:
    """Do what the thread does while the ledger is out."""
    end = world.now + seconds
    while world.now < end and not outage.is_over:
        wait = outage.advance(world.now)
        for message in world.inbox.take(0):
            outage.keep(message)
        while world.lane.step():
            pass
        world.now += wait


def test_nothing_is_sent_whose_intent_was_refused(settled: World) -> None:
    with _full_disk():
        _fail(settled)
    assert settled.store.effects() == []


def test_an_effect_that_was_acknowledged_meanwhile_is_recorded(settled: World) -> None:
    settled.write("new", hint=True)
    settled.lane.is_held = True
    settled.run(1)
    with _full_disk():
        outage = _outage(settled, _fail(settled))
        _let_pass(settled, outage, 5)
        settled.lane.is_held = False
        _let_pass(settled, outage, 30)
        assert settled.puts() == ["new"]
        assert not outage.is_over
    _let_pass(settled, outage, 60)
    assert outage.is_over
    settled.site.close()
    settled.start()
    assert settled.ledger.baseline("new") is not None
    settled.settle()
    assert settled.puts() == ["new", "f000"]
    assert settled.objects == settled.files


def test_a_deletion_that_was_acknowledged_meanwhile_is_recorded(settled: World) -> None:
    settled.remove("f001", hint=True)
    settled.run(1)
    settled.lane.is_held = True
    settled.run(5)
    assert settled.lane.in_flight == 1
    with _full_disk():
        outage = _outage(settled, _fail(settled))
        settled.lane.is_held = False
        _let_pass(settled, outage, 30)
    _let_pass(settled, outage, 60)
    settled.site.close()
    settled.start()
    assert settled.ledger.baseline("f001") is None
    settled.settle()
    assert settled.deleted() == ["f001"]


def test_a_record_that_fails_half_way_is_not_lost(settled: World) -> None:
    """The outcome itself meets the full disk: it is handed to the outage a second time."""
    settled.write("new", hint=True)
    settled.lane.is_held = True
    settled.run(1)
    settled.lane.is_held = False
    while settled.lane.step():
        pass
    (message,) = settled.inbox.take(0)
    with _full_disk():
        settled.ledger.set_meta("anything", "1")
        with pytest.raises(LedgerError) as told:
            settled.ledger.commit()
        with pytest.raises(LedgerError):
            settled.site.handle(message, settled.now)
        outage = _outage(settled, told.value)
        outage.keep(message)
        _let_pass(settled, outage, 3)
    _let_pass(settled, outage, 60)
    settled.site.close()
    settled.start()
    assert settled.ledger.baseline("new") is not None
    settled.settle()
    assert settled.puts() == ["new"]


def test_the_status_says_so_and_nothing_waits_for_ever(settled: World) -> None:
    answers: list[Any] = []
    with _full_disk():
        outage = _outage(settled, _fail(settled))
        settled.inbox.put(Command("pause", {}, answers.append))
        settled.inbox.put(Noted(PartDone("f000", "u", 1, "e", 1), answers.append))
        _let_pass(settled, outage, 20)
        status = settled.status
    assert (status["state"], status["reason"]) == ("unavailable", "ledger_unavailable")
    assert status["hint"]
    assert not status["in_sync"]
    assert answers[0]["ok"] is False
    assert answers[1] is False


def test_a_stop_ends_the_wait(settled: World) -> None:
    with _full_disk():
        outage = _outage(settled, _fail(settled))
        settled.inbox.put(Stop(settled.now + 5))
        began = settled.now
        _let_pass(settled, outage, 60)
        assert outage.is_over
        assert settled.now - began <= 7


# --- the thread -----------------------------------------------------------------------------------


class _FailingLedger:
    """Refuses to commit until it is `well`."""

    is_damaged = False

    def __init__(self) -> None:
        self.is_well = threading.Event()
        self.recorded: list[str] = []

    def commit(self) -> None:
        if not self.is_well.is_set():
            raise LedgerError("disk full", hint="make room")

    def record(self, row: Any) -> None:
        self.recorded.append(row)


class _FailingSite:
    """A site whose every message meets a full disk."""

    is_stopped = is_busy = False
    stop_deadline = None

    def __init__(self) -> None:
        self.ledger = _FailingLedger()
        self.outages: list[str] = []
        self.is_closed = False
        self.backlog = SimpleNamespace(in_flight={}, finish=lambda _path: None)
        self.board = SimpleNamespace(publish_outage=lambda _now, e: self.outages.append(e.hint))
        log = SimpleNamespace(error=lambda *_words, **_facts: None)
        self.parts = SimpleNamespace(
            ledger=self.ledger, log=log, jitter=lambda: 0.0, wall=lambda: 0.0
        )

    def begin(self, _now: float) -> None:
        """Nothing to begin."""

    def handle(self, _message: object, _now: float) -> None:
        raise LedgerError("disk full", hint="make room")

    def advance(self, _now: float) -> float:
        return 0.05

    def close(self) -> None:
        self.is_closed = True


def test_the_thread_waits_for_the_ledger_and_ends_with_the_error() -> None:
    from s3syncd.core.entry import Action, BaselineRow, Kind, Result, Settle
    from s3syncd.site.backlog import Planned
    from s3syncd.site.messages import Finished

    site, inbox = _FailingSite(), Inbox()
    ends: list[BaseException | None] = []
    thread = SiteThread(
        "s", inbox, lambda: site, clock=time.monotonic, on_end=ends.append  # type: ignore[arg-type,return-value]
    )  # fmt: skip
    action = Action(Kind.UPLOAD, "a", None, None, None, 2, "new")
    row = BaselineRow("a", 1, 2, 3, 4, 5, None, "e", "STANDARD")
    done = Outcome(action, Result.DONE, "put", row)
    inbox.put(Finished(Planned(action, Settle(), is_live=True), done))
    thread.start()
    until(lambda: site.outages, what="the outage is shown")
    assert not ends
    site.ledger.is_well.set()
    thread.join(10)
    assert isinstance(ends[0], LedgerError)
    assert site.ledger.recorded == [row]
    assert site.is_closed


def test_what_waits_grows_older_while_the_ledger_is_out(settled: World) -> None:
    settled.write("new", hint=True)
    settled.lane.is_held = True
    settled.run(10)
    with _full_disk():
        outage = _outage(settled, _fail(settled))
        _let_pass(settled, outage, 300)
    assert settled.status["reason"] == "ledger_unavailable"
    assert settled.status["pending"]["actions"] >= 1
    assert 305 < settled.status["oldest_pending_seconds"] < 320
