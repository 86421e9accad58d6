"""What needs people reaches them: folded, in bounded memory, and again when nobody took it."""

from __future__ import annotations

import itertools

import pytest

from s3syncd.core.logline import Redaction
from s3syncd.core.notices import Notice
from s3syncd.notify.webhook import (
    GATHER_SECONDS,
    LOOK_SECONDS,
    MAX_WAITING,
    SPACING_SECONDS,
    Webhook,
)
from tests.notify.fakes import Log, Post

SECRET = "CaNaRy9x/SECRETvalue1234567890"


def notice(site: str = "a", kind: str = "halted", text: str = "") -> Notice:
    return Notice(site, kind, "root_replaced", text, 1_700_000_000.0)


class Posting:
    """A webhook and the time."""

    def __init__(self) -> None:
        self.post = Post()
        self.log = Log()
        self.found: list[Notice] = []
        self.now = 1_000.0
        self.hook = Webhook(
            self.post, self._look, log=self.log, redaction=Redaction([SECRET]), host="nas",
            wall=lambda: self.now,
        )  # fmt: skip

    def _look(self, now: float) -> list[Notice]:
        assert now == self.now
        found, self.found = self.found, []
        return found

    def turn(self, *found: Notice) -> list[list[str]]:
        """Find these; give the sites of each document that was posted."""
        self.found = list(found)
        before = len(self.post.sent)
        self.now += self.hook.turn(self.now)
        return [[n["site"] for n in told["notices"]] for told in self.post.documents()[before:]]

    def turns(self, seconds: float) -> list[list[str]]:
        """Find nothing for so long."""
        return [told for _ in range(int(seconds / LOOK_SECONDS)) for told in self.turn()]


@pytest.fixture
def posting() -> Posting:
    return Posting()


def test_nothing_is_posted_while_there_is_nothing_to_tell(posting: Posting) -> None:
    assert posting.turns(100) == []
    assert posting.hook.state == {
        "last_sent_wall": None, "error": None, "waiting": 0, "dropped": 0,
    }  # fmt: skip


def test_what_is_found_at_once_or_a_little_later_is_one_message(posting: Posting) -> None:
    assert posting.turn(*(notice(f"s{n}") for n in range(500))) == []
    assert posting.turn(*(notice(f"s{n}") for n in range(500, 1000))) == []
    (told,) = posting.turns(100)
    assert told[0] == "s0"
    (document,) = posting.post.documents()
    assert document["omitted"] == 900
    assert posting.post.sent[0][0] == 1_000.0 + GATHER_SECONDS
    assert document["host"] == "nas"


def test_what_is_found_one_after_the_other_is_a_few_messages(posting: Posting) -> None:
    told = [posted for n in range(60) for posted in posting.turn(notice(f"s{n}"))]
    assert len(told) <= 60 * LOOK_SECONDS / SPACING_SECONDS
    told += posting.turns(60)
    assert list(itertools.chain.from_iterable(told)) == [f"s{n}" for n in range(60)]


def test_what_nobody_takes_waits_and_is_posted_again(posting: Posting) -> None:
    posting.post.error = "the server answers 500"
    posting.turn(notice("a"))
    posting.turns(300)
    posting.turn(notice("b"))
    assert posting.hook.state["error"] == "the server answers 500"
    assert posting.hook.state["waiting"] == 2
    assert posting.log.events.count("notify.failed") == 1
    posting.post.error = ""
    tried = len(posting.post.sent)
    assert posting.turns(400)[0] == ["a", "b"]
    assert posting.hook.state["waiting"] == 0
    assert posting.hook.state["error"] is None
    assert posting.log.events[-1] == "notify.recovered"
    assert tried < 70, "less and less often"


def test_attempts_come_with_growing_pauses(posting: Posting) -> None:
    posting.post.error = "Connection refused"
    posting.turn(notice())
    posting.turns(3600)
    assert 12 <= len(posting.post.sent) <= 60


def test_a_server_that_asks_for_patience_is_left_alone(posting: Posting) -> None:
    posting.post.error, posting.post.retry_after_seconds = "the server answers 429", 600.0
    posting.turn(notice())
    posting.turns(600)
    assert len(posting.post.sent) == 1
    posting.post.error = ""
    assert posting.turns(15) == [["a"]]


def test_a_server_cannot_ask_for_silence_for_ever(posting: Posting) -> None:
    posting.post.error, posting.post.retry_after_seconds = "the server answers 429", 1e8
    posting.turn(notice())
    posting.turns(3700)
    assert len(posting.post.sent) == 2


def test_of_too_much_the_oldest_goes_and_is_counted(posting: Posting) -> None:
    posting.post.error = "Connection refused"
    for n in range(0, MAX_WAITING + 2000, 500):
        posting.turn(*(notice(f"s{m}") for m in range(n, n + 500)))
    assert posting.hook.state["waiting"] == MAX_WAITING
    assert posting.hook.state["dropped"] == 2000
    posting.post.error = ""
    (told,) = posting.turns(400)
    assert told[0] == "s2000"
    assert posting.post.documents()[-1]["dropped"] == 2000
    assert posting.hook.state["dropped"] == 0


def test_of_what_came_and_went_meanwhile_the_last_word_is_told(posting: Posting) -> None:
    posting.post.error = "Connection refused"
    for kind in ("halted", "recovered", "halted"):
        posting.turn(notice(kind=kind))
    posting.post.error = ""
    posting.turns(400)
    assert [n["kind"] for n in posting.post.documents()[-1]["notices"]] == ["halted"]


def test_no_secret_is_told(posting: Posting) -> None:
    posting.turn(notice(text=f"the server said {SECRET}"))
    posting.turns(10)
    assert SECRET.encode() not in (posting.post.sent[0][1] or b"")
    assert "********" in posting.post.documents()[0]["text"]
