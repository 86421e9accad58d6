"""Words arrive once, whole and in order, whatever room there is and whoever speaks."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from s3syncd.sender.channel import Channel, Word, channel_pair
from tests.sender.lines import End, both_ends, catch_up

LONGEST = "\u00fc" * 512
"""A key of 1024 bytes."""

TOGETHER = 32
"""Words that go at once without a flush."""


@pytest.fixture
def ends() -> Iterator[tuple[End, End]]:
    with both_ends() as pair:
        yield pair


def test_words_arrive_in_order_both_ways(ends: tuple[End, End]) -> None:
    ours, theirs = ends
    said: list[Word] = [("a", 1, None), ("b", -2, ("c", b"\0", 2**64)), ("\u00fc", 1.5, True)]
    for word in said:
        ours.channel.tell(word)
        theirs.channel.tell(("back", *word))
    assert theirs.hear() == said
    assert ours.hear() == [("back", *word) for word in said]


def test_a_word_is_sent_when_nobody_has_anything_else_to_do(ends: tuple[End, End]) -> None:
    ours, theirs = ends
    ours.channel.put(("soon", 1))
    assert theirs.hear() == []
    ours.poller.flush()
    assert theirs.hear() == [("soon", 1)]


def test_what_is_told_goes_at_once_and_not_before_what_was_put(ends: tuple[End, End]) -> None:
    ours, theirs = ends
    ours.channel.put(("first", 1))
    ours.channel.tell(("second", 2))
    assert theirs.hear() == [("first", 1), ("second", 2)]


def test_many_words_are_one_message_and_do_not_wait(ends: tuple[End, End]) -> None:
    ours, theirs = ends
    for number in range(TOGETHER):
        assert theirs.hear() == [], "each costs a system call less"
        ours.channel.put(("word", number))
    assert theirs.hear() == [("word", number) for number in range(TOGETHER)]


def test_a_message_of_the_longest_keys_fits(ends: tuple[End, End]) -> None:
    ours, theirs = ends
    said = [(number, *[f"{LONGEST[:-2]}{place:04}" for place in range(4)]) for number in range(32)]
    for word in said:
        ours.channel.put(word)
    assert theirs.hear() == said


def fill(end: End) -> int:
    """Say more than there is room for; gives how many words."""
    said = 0
    while not end.channel._unsent:
        end.channel.tell((said, LONGEST * 20))
        said += 1
        assert said < 10_000, "there is always room"
    return said


def test_without_room_words_wait_and_none_is_lost_or_overtaken(ends: tuple[End, End]) -> None:
    ours, theirs = ends
    said = fill(ours)
    for number in range(said, said + 5):
        ours.channel.tell((number, ""))
    catch_up(ours.poller, theirs.poller)
    assert [word[0] for word in theirs.words] == list(range(said + 5))


def test_there_is_room_again_without_anybody_who_flushes(ends: tuple[End, End]) -> None:
    ours, theirs = ends
    said = fill(ours)
    theirs.hear()
    (happened,) = ours.poller.wait()
    happened()
    assert len(theirs.hear()) == said
    ours.poller.wake()
    assert ours.poller.wait() == [], "room is not told any more"


def test_the_end_is_told_once_and_after_the_last_word(ends: tuple[End, End]) -> None:
    ours, theirs = ends
    for number in range(3):
        ours.channel.put(("word", number))
    ours.channel.hang_up()
    theirs.hear()
    theirs.hear()
    assert theirs.words == [("word", 0), ("word", 1), ("word", 2)]
    assert theirs.ends == [3]


def test_after_the_other_end_hung_up_it_still_listens(ends: tuple[End, End]) -> None:
    ours, theirs = ends
    ours.channel.hang_up()
    theirs.hear()
    said = fill(theirs)
    catch_up(ours.poller, theirs.poller)
    theirs.channel.tell(("last", 1))
    assert len(ours.hear()) == said + 1
    assert (theirs.ends, ours.ends) == ([0], [])
    theirs.channel.close()
    ours.hear()
    assert ours.ends == [said + 1]


def test_the_last_words_of_one_that_died_without_reading_are_heard(ends: tuple[End, End]) -> None:
    ours, theirs = ends
    ours.channel.tell(("never read", 1))
    theirs.channel.tell(("said", 1))
    theirs.channel.tell(("said", 2))
    theirs.channel.close()
    assert ours.hear() == [("said", 1), ("said", 2)]
    assert ours.ends == [2]


def test_an_end_that_is_closed_gives_what_was_not_sent(ends: tuple[End, End]) -> None:
    ours, theirs = ends
    ours.channel.tell(("sent", 1))
    ours.channel.put(("unsent", 2))
    assert ours.channel.close() == [("unsent", 2)]
    ours.channel.tell(("late", 3))
    assert ours.channel.close() == [("unsent", 2), ("late", 3)]
    assert theirs.hear() == [("sent", 1)]
    assert theirs.ends == [1]


def test_what_is_said_to_nobody_is_not_sent(ends: tuple[End, End]) -> None:
    ours, theirs = ends
    theirs.channel.close()
    for number in range(3):
        ours.channel.tell(("word", number))
    ours.hear()
    assert ours.ends == [0]
    assert ours.channel.close() == [("word", number) for number in range(3)]


def test_what_is_said_after_hanging_up_is_not_sent(ends: tuple[End, End]) -> None:
    ours, theirs = ends
    ours.channel.tell(("before", 1))
    ours.channel.hang_up()
    ours.channel.tell(("after", 2))
    assert ours.channel.close() == [("after", 2)]
    assert theirs.hear() == [("before", 1)]


def test_the_descriptor_of_one_that_ended_is_not_watched(ends: tuple[End, End]) -> None:
    ours, theirs = ends
    ours.channel.hang_up()
    theirs.hear()
    theirs.poller.wake()
    assert theirs.poller.wait() == [], "an end could be read for ever"


def test_words_of_many_threads_arrive_once_each_in_the_order_of_each(
    ends: tuple[End, End],
) -> None:
    ours, theirs = ends

    def say(speaker: int) -> None:
        for number in range(300):
            (ours.channel.put if number % 7 else ours.channel.tell)((speaker, number))
        ours.channel.flush()

    threads = [threading.Thread(target=say, args=(speaker,)) for speaker in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        catch_up(ours.poller, theirs.poller)
    catch_up(ours.poller, theirs.poller)
    for speaker in range(4):
        assert [word[1] for word in theirs.words if word[0] == speaker] == list(range(300))
    assert len(theirs.words) == 1200


def test_a_slow_word_is_not_overtaken_by_the_next_message() -> None:
    """Whoever waits next at the poller finds the next message while the first is being taken."""
    ours, theirs = channel_pair()
    with both_ends() as (end, _):
        is_slow, may_end, taken = threading.Event(), threading.Event(), []

        def take(word: Word) -> None:
            if word[0] == "slow":
                is_slow.set()
                assert may_end.wait(10)
            taken.append(word[0])

        taking = Channel(theirs, end.poller, on_word=take, on_end=lambda: None)
        saying = Channel(ours, end.poller, on_word=take, on_end=lambda: None)
        saying.tell(("slow",))
        first = threading.Thread(target=taking._happened)
        first.start()
        assert is_slow.wait(10)
        saying.tell(("next",))
        has_come = threading.Event()

        def come() -> None:
            has_come.set()
            taking._happened()

        second = threading.Thread(target=come)
        second.start()
        assert has_come.wait(10)
        second.join(0.1)  # as long as it takes one that does not wait
        may_end.set()
        for thread in (first, second):
            thread.join(10)
        assert taken == ["slow", "next"]
        for channel in (taking, saying):
            channel.close()
