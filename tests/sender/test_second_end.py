"""The second process answers whatever it was asked, and ends when it has."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from s3syncd import __version__
from s3syncd.pool import Call
from s3syncd.sender.channel import Word, channel_pair
from s3syncd.sender.second import Second, Sizes
from s3syncd.sender.words import plain_action, plain_settle
from s3syncd.transfer import Transfer
from tests.sender.lines import SETTLE, End, action_for
from tests.waiting import until


class Hired:
    """A second process as a thread; the test is the first one."""

    def __init__(self, make_transfer: Callable[..., Transfer] = Transfer) -> None:
        ours, theirs = channel_pair()
        self.first = End(ours)
        second = Second(theirs, Sizes(2, 8, 2**20), make_transfer=make_transfer)
        self.thread = threading.Thread(target=second.run, name="second", daemon=True)
        self.thread.start()

    def heard(self, count: int) -> list[Word]:
        """Wait for so many words after the greeting."""
        until(lambda: len(self.first.hear()) > count)
        assert self.first.words[0] == ("ready", 0, __version__)
        return self.first.words[1:]

    def meet(self, number: int, *, ca_file: str | None) -> None:
        endpoint = (ca_file is not None, "127.0.0.1:1", "us-east-1", ca_file, "", True)
        self.first.channel.put(("site", number, (
            ("/nowhere", "p/", (), (), ()),
            ("upload", False, False, "overwrite", None),
            (endpoint, "", ("key", "secret", None)),
            ("bucket", "p/", 4),
            (None, None),
        )))  # fmt: skip

    def ask(self, number: int, site: int) -> None:
        plain: Any = plain_action(action_for(f"f{number}"))
        self.first.channel.put(("upload", number, site, plain, plain_settle(SETTLE), None))

    def dismiss(self) -> None:
        self.first.channel.hang_up()
        self.thread.join(10)
        assert not self.thread.is_alive()

    def close(self) -> None:
        self.first.channel.close()
        self.first.poller.close()
        self.thread.join(10)


@pytest.fixture
def hired() -> Iterator[Hired]:
    hired = Hired()
    yield hired
    hired.close()


def test_it_says_who_it_is_and_ends_when_it_is_sent_home(hired: Hired) -> None:
    assert hired.heard(0) == []
    hired.dismiss()
    hired.first.hear()
    assert hired.first.ends == [1]


def test_it_ends_with_the_last_answer_and_not_before() -> None:
    is_begun, may_end = threading.Event(), threading.Event()

    class Slow(Transfer):
        def call_for(self, *_: Any, **__: Any) -> Call:
            is_begun.set()
            may_end.wait(20)
            yield from ()
            return None

    hired = Hired(Slow)
    try:
        hired.meet(1, ca_file=None)
        hired.ask(5, 1)
        hired.first.channel.hang_up()
        assert is_begun.wait(10)
        hired.thread.join(0.1)
        assert hired.thread.is_alive(), "it is in an upload"
        may_end.set()
        [(kind, number, _)] = [word for word in hired.heard(1) if word[0] == "done"]
        assert (kind, number) == ("done", 5)
        hired.thread.join(10)
        assert not hired.thread.is_alive()
    finally:
        may_end.set()
        hired.close()


def test_nothing_is_begun_for_a_site_that_it_was_not_told_of(hired: Hired) -> None:
    hired.ask(5, 77)
    hired.first.channel.flush()
    assert hired.heard(1) == [("done", 5, None)]


def test_nothing_is_begun_for_a_site_whose_authorities_cannot_be_read(hired: Hired) -> None:
    hired.meet(1, ca_file="/nowhere/ca.pem")
    hired.ask(5, 1)
    hired.first.channel.flush()
    assert hired.heard(1) == [("done", 5, None)]


def test_nothing_is_begun_for_a_site_that_has_left(hired: Hired) -> None:
    hired.meet(1, ca_file=None)
    hired.first.channel.tell(("leave", 1))
    hired.ask(5, 1)
    hired.first.channel.flush()
    assert hired.heard(1) == [("done", 5, None)]


def test_more_than_there_is_room_for_is_answered_and_before_the_end(hired: Hired) -> None:
    hired.meet(1, ca_file=None)
    for number in range(100):
        hired.ask(number, 1)
    hired.dismiss()
    words = hired.first.hear()
    answers = [word for word in words if word[0] == "done"]
    assert sorted(word[1] for word in answers) == list(range(100))
    assert all(word[2] is not None for word in answers), "each was begun"
    assert hired.first.ends == [len(words)]
