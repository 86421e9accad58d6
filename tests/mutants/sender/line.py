"""Guards of the line to the second process, and of its other end."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_CHANNEL = "s3syncd/sender/channel.py"
_CREW = "s3syncd/pool/crew.py"
_LINE = "s3syncd/sender/line.py"
_SECOND = "s3syncd/sender/second.py"
_WORDS = "s3syncd/sender/words.py"
_CHANNEL_TESTS = "tests/sender/test_channel.py::"
_LINE_TESTS = "tests/sender/test_line.py::"
_SECOND_TESTS = "tests/sender/test_second_end.py::"
_WORDS_TESTS = "tests/sender/test_words.py::"

MUTANTS = [
    Mutant(
        name="what was sent is told as never begun",
        file=_LINE,
        old="resume(None if number in unsent else _lost(action))",
        new="resume(None)",
        tests=[_LINE_TESTS + "test_what_became_of_what_was_sent_is_not_known"],
    ),
    Mutant(
        name="what was never sent is told as unknown",
        file=_LINE,
        old="resume(None if number in unsent else _lost(action))",
        new="resume(_lost(action))",
        tests=[_LINE_TESTS + "test_what_was_never_sent_was_not_begun"],
    ),
    Mutant(
        name="what went out while the line ended is told as never begun",
        file=_LINE,
        old="            self.close()  # who closed it may not have seen this one\n",
        new="            self._waiting.pop(number)\n            resume(None)\n",
        tests=[_LINE_TESTS + "test_what_went_out_while_the_line_ended_is_not_told_as_never_begun"],
    ),
    Mutant(
        name="who asks while the line ends is not answered",
        file=_LINE,
        old="        if self.is_over:\n            self.close()",
        new="        if False:\n            self.close()",
        tests=[
            _LINE_TESTS + "test_after_the_end_nothing_is_begun",
            _LINE_TESTS + "test_whoever_asks_while_an_answer_is_given_is_answered_too",
        ],
    ),
    Mutant(
        name="an answer may be given twice",
        file=_LINE,
        old="waiting = self._waiting.pop(number, None)\n            if waiting is not None:\n",
        new="waiting = self._waiting.get(number)\n            if waiting is not None:\n",
        tests=[_LINE_TESTS + "test_an_answer_that_nobody_waits_for_is_passed_over"],
    ),
    Mutant(
        name="a lost upload is taken for one without effect",
        file=_LINE,
        old="hint=_HINT, is_unknown=True)",
        new="hint=_HINT, is_unknown=False)",
        tests=[_LINE_TESTS + "test_what_became_of_what_was_sent_is_not_known"],
    ),
    Mutant(
        name="a slow word is overtaken",
        file=_CHANNEL,
        old="        with self._taking:  # a slow word must not be overtaken by the next ones\n",
        new="        if True:\n",
        tests=[_CHANNEL_TESTS + "test_a_slow_word_is_not_overtaken_by_the_next_message"],
    ),
    Mutant(
        name="words without room come back in the wrong order",
        file=_CHANNEL,
        old="unsent.extendleft(reversed(words))",
        new="unsent.extendleft(words)",
        tests=[_CHANNEL_TESTS + "test_without_room_words_wait_and_none_is_lost_or_overtaken"],
    ),
    Mutant(
        name="words without room are lost",
        file=_CHANNEL,
        old="                unsent.extendleft(reversed(words))\n",
        new="",
        tests=[
            _CHANNEL_TESTS + "test_without_room_words_wait_and_none_is_lost_or_overtaken",
            _CHANNEL_TESTS + "test_what_is_said_to_nobody_is_not_sent",
        ],
    ),
    Mutant(
        name="nobody waits for room",
        file=_CHANNEL,
        old="is_for_room=isinstance(error, BlockingIOError)",
        new="is_for_room=False",
        tests=[_CHANNEL_TESTS + "test_without_room_words_wait_and_none_is_lost_or_overtaken"],
    ),
    Mutant(
        name="room is waited for though all is sent",
        file=_CHANNEL,
        old="                return\n        self._wait(is_for_room=False)\n",
        new="                return\n",
        tests=[_CHANNEL_TESTS + "test_there_is_room_again_without_anybody_who_flushes"],
    ),
    Mutant(
        name="the last words of one that died are not heard",
        file=_CHANNEL,
        old="            return self._received()\n        except OSError",
        new="            return []\n        except OSError",
        tests=[_CHANNEL_TESTS + "test_the_last_words_of_one_that_died_without_reading_are_heard"],
    ),
    Mutant(
        name="a line that ended is watched",
        file=_CHANNEL,
        old="self._poller.forget(self._end.fileno())  # an end can be read for ever\n",
        new="pass\n",
        tests=[_CHANNEL_TESTS + "test_the_descriptor_of_one_that_ended_is_not_watched"],
    ),
    Mutant(
        name="a full message waits for a flush",
        file=_CHANNEL,
        old="        if len(self._unsent) >= _AT_ONCE:\n            self.flush()\n",
        new="",
        tests=[_CHANNEL_TESTS + "test_many_words_are_one_message_and_do_not_wait"],
    ),
    Mutant(
        name="nobody flushes what was put",
        file=_CHANNEL,
        old="        poller.keep(self.flush)\n",
        new="",
        tests=[_CHANNEL_TESTS + "test_a_word_is_sent_when_nobody_has_anything_else_to_do"],
    ),
    Mutant(
        name="a worker waits, or goes to bed, with words that are kept back",
        file=_CREW,
        old="        self._waiter.flush()\n        with",
        new="        with",
        tests=[
            "tests/pool/test_crew.py::test_a_worker_without_a_step_lets_go_of_what_is_kept_back"
        ],
    ),
    Mutant(
        name="a worker goes to bed with words that are kept back",
        file=_CREW,
        old="        self._waiter.flush()\n        with",
        new="        if not self._is_waiting:\n            self._waiter.flush()\n        with",
        tests=[
            "tests/pool/test_crew.py::test_a_worker_without_a_step_lets_go_of_what_is_kept_back"
        ],
    ),
    Mutant(
        name="an action loses its baseline on the way",
        file=_WORDS,
        old="baseline and BaselineRow(*baseline),\n        remote and",
        new="None,\n        remote and",
        tests=[_WORDS_TESTS + "test_an_action_comes_back_equal"],
    ),
    Mutant(
        name="a lost upload is taken for known on the way",
        file=_WORDS,
        old="stale, unknown, provisional,\n        due,",
        new="stale, False, provisional,\n        due,",
        tests=[_WORDS_TESTS + "test_an_outcome_comes_back_equal_with_the_action_it_is_of"],
    ),
    Mutant(
        name="the second process ends without its last answers",
        file=_SECOND,
        old="        while self._unanswered:\n            pause.wait(_END_SECONDS)\n",
        new="",
        tests=[_SECOND_TESTS + "test_it_ends_with_the_last_answer_and_not_before"],
    ),
    Mutant(
        name="a site that cannot be met leaves its uploads unanswered",
        file=_SECOND,
        old="with suppress(OSError):",
        new="with suppress(EOFError):",
        tests=[_SECOND_TESTS + "test_nothing_is_begun_for_a_site_whose_authorities_cannot_be_read"],
    ),
]
