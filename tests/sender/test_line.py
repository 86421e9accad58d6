"""Whoever asks gets exactly one answer, and never hears that what was sent was not begun."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from s3syncd.core.entry import Outcome, Result
from s3syncd.s3.poller import Poller
from s3syncd.sender.channel import channel_pair
from s3syncd.sender.line import Line
from s3syncd.sender.words import plain_action, plain_outcome, plain_settle
from tests.sender.lines import SETTLE, Answers, End, action_for, catch_up

DONE = Outcome(action_for("any"), Result.DONE, effect="put", sent_bytes=1)


class Sides:
    """A line, the other side as the test plays it, and what the line told."""

    def __init__(self) -> None:
        ours, theirs = channel_pair()
        self.poller, self.other, self.answers = Poller(), End(theirs), Answers()
        self.ready: list[tuple[Line, str]] = []
        self.gone: list[Line] = []
        self.line = Line(
            ours,
            self.poller,
            on_ready=lambda line, version: self.ready.append((line, version)),
            on_gone=self.gone.append,
        )

    def ask(self, path: str) -> None:
        self.line.ask(7, action_for(path), SETTLE, f"id-{path}", self.answers.resume_for(path))

    def asked(self) -> dict[str, int]:
        """Let the other side take all that was sent; gives the number of each path."""
        self.poller.flush()
        return {word[3][1]: word[1] for word in self.other.hear() if word[0] == "upload"}

    def answer(self, number: int, outcome: Outcome | None = DONE) -> None:
        self.other.channel.tell(("done", number, outcome and plain_outcome(outcome)))
        catch_up(self.poller)

    def close(self) -> None:
        self.line.close()
        self.other.channel.close()
        self.other.poller.close()
        self.poller.close()


@pytest.fixture
def sides() -> Iterator[Sides]:
    sides = Sides()
    yield sides
    sides.close()


def is_unknown(answers: list[Outcome | None]) -> bool:
    """Whether there is one answer: that what became of it is to be found out."""
    (outcome,) = answers
    return outcome is not None and outcome.is_unknown and outcome.result is Result.RETRYABLE


def test_an_upload_is_asked_for_with_all_that_was_decided(sides: Sides) -> None:
    sides.ask("a")
    number = sides.asked()["a"]
    action = action_for("a")
    assert sides.other.words == [
        ("upload", number, 7, plain_action(action), plain_settle(SETTLE), "id-a")
    ]
    assert (sides.line.in_flight, sides.line.asked, sides.line.heard) == (1, 1, 0)


def test_each_ask_gets_its_own_outcome_whatever_the_order(sides: Sides) -> None:
    for path in "abc":
        sides.ask(path)
    numbers = sides.asked()
    for path in "cab":
        sides.answer(numbers[path], replace(DONE, reason=path))
    assert sides.answers.of == {
        path: [replace(DONE, action=action_for(path), reason=path)] for path in "abc"
    }
    assert (sides.line.in_flight, sides.line.heard) == (0, 3)


def test_what_the_other_side_did_not_begin_is_told_as_that(sides: Sides) -> None:
    sides.ask("a")
    sides.answer(sides.asked()["a"], None)
    assert sides.answers.of == {"a": [None]}


def test_an_answer_that_nobody_waits_for_is_passed_over(sides: Sides) -> None:
    sides.ask("a")
    number = sides.asked()["a"]
    sides.answer(number + 1)
    assert sides.answers.of == {"a": []}
    sides.answer(number)
    sides.answer(number)
    assert len(sides.answers.of["a"]) == 1


def test_what_was_never_sent_was_not_begun(sides: Sides) -> None:
    sides.ask("a")
    sides.line.close()
    assert sides.answers.of == {"a": [None]}
    assert sides.asked() == {}


def test_what_became_of_what_was_sent_is_not_known(sides: Sides) -> None:
    sides.ask("sent")
    sides.poller.flush()
    sides.ask("unsent")
    sides.line.close()
    assert is_unknown(sides.answers.of["sent"])
    assert sides.answers.of["unsent"] == [None]


def test_after_the_end_nothing_is_begun(sides: Sides) -> None:
    sides.line.close()
    sides.ask("a")
    assert sides.answers.of == {"a": [None]}
    assert sides.asked() == {}
    assert sides.line.in_flight == 0


def test_who_asks_after_hanging_up_is_answered_when_the_other_side_ends(sides: Sides) -> None:
    sides.ask("before")
    sides.line.hang_up()
    sides.ask("after")
    sides.answer(sides.asked()["before"])
    assert sides.other.ends == [1]
    sides.other.channel.close()
    catch_up(sides.poller)
    assert sides.gone == [sides.line]
    sides.line.close()
    assert len(sides.answers.of["before"]) == 1
    assert sides.answers.of["after"] == [None]


def test_to_close_twice_answers_once(sides: Sides) -> None:
    sides.ask("a")
    sides.poller.flush()
    sides.line.close()
    sides.line.close()
    assert is_unknown(sides.answers.of["a"])


def test_whoever_asks_while_an_answer_is_given_is_answered_too(sides: Sides) -> None:
    """An upload that was not begun there is followed by the next one's question."""
    told: list[Any] = []

    def resume(outcome: Outcome | None) -> None:
        told.append(outcome)
        sides.ask("next")

    sides.line.ask(7, action_for("a"), SETTLE, None, resume)
    sides.line.close()
    assert told == [None]
    assert sides.answers.of == {"next": [None]}


def test_what_went_out_while_the_line_ended_is_not_told_as_never_begun(sides: Sides) -> None:
    """`is_over` is seen by one whose word had already gone."""
    for number in range(31):
        sides.ask(f"early-{number}")
    sides.line.is_over = True  # as `close` has it first, in another thread
    sides.ask("sent with them")  # the last one of a message: goes at once
    assert "sent with them" in sides.asked()
    assert is_unknown(sides.answers.of["sent with them"])


def test_whoever_asks_while_the_line_ends_gets_one_true_answer() -> None:
    for _ in range(6):
        race()


def race() -> None:
    sides, barrier = Sides(), threading.Barrier(4)

    def ask(asker: int) -> None:
        barrier.wait(10)
        for number in range(40):
            sides.ask(f"{asker}-{number}")

    def close() -> None:
        barrier.wait(10)
        while sides.line.asked < 20:  # in the midst of it
            sides.poller.flush()
        sides.line.close()

    threads = [threading.Thread(target=ask, args=(asker,)) for asker in range(3)]
    threads.append(threading.Thread(target=close))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    sent = sides.asked()
    assert len(sides.answers.of) == 120
    for path, answers in sides.answers.of.items():
        assert len(answers) == 1, path
        assert path not in sent or answers != [None], "sent, and told as never begun"
    assert sides.line.in_flight == 0
    sides.close()


def test_a_site_is_told_what_is_learnt_about_it(sides: Sides) -> None:
    class Site:
        def __init__(self) -> None:
            self.told: list[object] = []

        def learnt(self, *, is_md5: bool) -> None:
            self.told.append(is_md5)

        def counted(self, plain: tuple[Any, ...]) -> None:
            self.told.append(plain)

    one, other = Site(), Site()
    numbers = sides.line.enroll(one), sides.line.enroll(other)
    assert numbers[0] != numbers[1]
    sides.other.channel.tell(("learnt", numbers[0], False))
    sides.other.channel.tell(("counted", numbers[1], ((), (("throttled", 1),))))
    catch_up(sides.poller)
    assert (one.told, other.told) == ([False], [((), (("throttled", 1),))])


def test_the_version_of_the_other_side_is_told(sides: Sides) -> None:
    sides.other.channel.tell(("ready", 0, "1.2"))
    catch_up(sides.poller)
    assert sides.ready == [(sides.line, "1.2")]


def test_a_site_that_leaves_is_told_at_once_and_after_its_uploads(sides: Sides) -> None:
    sides.ask("a")
    sides.line.leave(7)
    assert [word[0] for word in sides.other.hear()] == ["upload", "leave"]


def test_after_the_end_nothing_is_told(sides: Sides) -> None:
    sides.line.close()
    sides.line.tell("rest", 7, False)
    assert sides.line._channel.close() == []
