"""There is a second process while it is of use, and one at most."""

from __future__ import annotations

import threading

import pytest

from s3syncd.cores import Usage
from tests.sender.bureau import MANY, MOST, Bureau, threads
from tests.waiting import until


def test_for_few_uploads_none_is_begun(bureau: Bureau) -> None:
    bureau.want(MANY - 1)
    bureau.tick(1.0)
    bureau.want(MANY - 1)
    assert (bureau.begun, threads()) == ([], [])


def test_for_many_within_a_second_one_is_begun(bureau: Bureau) -> None:
    line = bureau.ready()
    assert line.in_flight == 0
    assert bureau.journal.events == ["sender.started"]


def test_until_it_is_ready_nothing_goes_there(bureau: Bureau) -> None:
    bureau.want()
    until(lambda: bool(bureau.begun))
    bureau.want(3 * MANY)
    bureau.tick(1.0)
    assert len(bureau.begun) == 1


def test_one_is_begun_whoever_wants_it_at_once(bureau: Bureau) -> None:
    barrier = threading.Barrier(4)

    def want() -> None:
        barrier.wait(10)
        bureau.want(2 * MANY)

    wanting = [threading.Thread(target=want) for _ in range(4)]
    for thread in wanting:
        thread.start()
    for thread in wanting:
        thread.join(10)
    until(lambda: bool(bureau.begun))
    assert len(bureau.begun) == len(threads()) == 1


def test_it_is_asked_for_no_more_than_it_does_soon(bureau: Bureau) -> None:
    line = bureau.ready()
    for number in range(MOST):
        assert bureau.office.line() is line
        bureau.ask(line, f"{number}")
    assert bureau.office.line() is None
    bureau.answer_all()
    assert bureau.office.line() is line
    assert len(bureau.begun) == 1


def test_after_a_while_without_uploads_it_is_sent_home(bureau: Bureau) -> None:
    bureau.ready()
    bureau.tick(29.0)
    assert bureau.office.line() is not None
    bureau.tick(2.0)
    assert bureau.office.line() is None
    bureau.process.end.hear()
    assert bureau.process.end.ends == [0]
    bureau.process.exit()
    bureau.ended()
    assert not bureau.process.is_killed
    assert bureau.journal.events == ["sender.started", "sender.ended"]


def test_an_upload_keeps_it_for_another_while(bureau: Bureau) -> None:
    line = bureau.ready()
    bureau.tick(29.0)
    bureau.ask(line, "a")
    bureau.answer_all()
    bureau.tick(2.0)
    bureau.tick(29.0)
    assert bureau.office.line() is line
    bureau.tick(2.0)
    assert bureau.office.line() is None


def test_it_is_not_sent_home_while_an_answer_is_waited_for(bureau: Bureau) -> None:
    line = bureau.ready()
    bureau.ask(line, "a")
    bureau.tick(1.0)
    bureau.tick(60.0)
    assert bureau.office.line() is line
    assert not bureau.process.is_killed


@pytest.mark.parametrize(
    ("busy", "idle", "is_begun"), [(10, 10, True), (11, 9, False), (0, 20, True), (20, 0, False)]
)
def test_none_is_begun_where_others_use_the_other_cores(
    bureau: Bureau, busy: int, idle: int, is_begun: bool
) -> None:
    bureau.usage = Usage(1000, 1000)
    bureau.want(MANY - 1)
    bureau.usage = Usage(1000 + busy, 1000 + idle)
    bureau.want(1)
    assert (bureau.office._thread is not None) is is_begun
    if is_begun:
        until(lambda: bool(bureau.begun))


def test_while_the_burst_lasts_it_is_judged_again(bureau: Bureau) -> None:
    bureau.usage = Usage(0, 0)
    bureau.want(MANY - 1)
    bureau.usage = Usage(20, 0)
    bureau.want(1)
    assert bureau.office._thread is None
    bureau.want(MANY - 1)
    bureau.usage = Usage(20, 20)
    bureau.want(1)
    until(lambda: bool(bureau.begun))


def test_after_an_orderly_end_the_next_burst_begins_another_at_once(bureau: Bureau) -> None:
    for count in (1, 2, 3):
        bureau.ready()
        assert len(bureau.begun) == count
        bureau.tick(1.0)
        bureau.tick(31.0)
        bureau.process.exit()
        bureau.ended()
    assert bureau.journal.events == ["sender.started", "sender.ended"] * 3
