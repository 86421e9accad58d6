"""Guards of whether there is a second process."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_OFFICE = "s3syncd/sender/office.py"
_OFFICE_TESTS = "tests/sender/test_office.py::"
_FAILING_PROCESS_TESTS = "tests/sender/test_failing_process.py::"
_OFFICE_END_TESTS = "tests/sender/test_office_end.py::"

MUTANTS = [
    Mutant(
        name="few uploads begin a second process",
        file=_OFFICE,
        old="self._ticked_at, self._wanted = now, 0",
        new="self._ticked_at = now",
        tests=[_OFFICE_TESTS + "test_for_few_uploads_none_is_begun"],
    ),
    Mutant(
        name="two are begun at once",
        file=_OFFICE,
        old="            self._thread = thread  # now: it may have ended before `start` returns\n",
        new="            pass\n",
        tests=[_OFFICE_TESTS + "test_one_is_begun_whoever_wants_it_at_once"],
    ),
    Mutant(
        name="one that failed at once is taken for alive",
        file=_OFFICE,
        old="                thread.start()\n",
        new="                thread.start()\n                thread.join(0.1)\n"
        "                self._thread = thread\n",
        tests=[_FAILING_PROCESS_TESTS + "test_where_none_can_be_begun_it_is_tried_again_later"],
    ),
    Mutant(
        name="it is asked for whatever there is",
        file=_OFFICE,
        old="line if line.in_flight < _MOST else None",
        new="line",
        tests=[_OFFICE_TESTS + "test_it_is_asked_for_no_more_than_it_does_soon"],
    ),
    Mutant(
        name="an idle one stays",
        file=_OFFICE,
        old="            self._dismiss(line)\n\n    def stop",
        new="            pass\n\n    def stop",
        tests=[_OFFICE_TESTS + "test_after_a_while_without_uploads_it_is_sent_home"],
    ),
    Mutant(
        name="a busy one is sent home",
        file=_OFFICE,
        old="        elif not line.in_flight and now >",
        new="        elif now >",
        tests=[_OFFICE_TESTS + "test_it_is_not_sent_home_while_an_answer_is_waited_for"],
    ),
    Mutant(
        name="a silent one is never killed",
        file=_OFFICE,
        old="  # in a file system that hangs it may outlive that\n            self._kill()\n",
        new="\n",
        tests=[
            _FAILING_PROCESS_TESTS
            + "test_one_that_says_nothing_for_long_is_killed_and_asked_no_more"
        ],
    ),
    Mutant(
        name="one is begun although the other cores are busy",
        file=_OFFICE,
        old="        return idle >= _SPARE * (busy + idle)\n",
        new="        return idle >= 0 * busy\n",
        tests=[_OFFICE_TESTS + "test_none_is_begun_where_others_use_the_other_cores"],
    ),
    Mutant(
        name="one that never begins is waited for",
        file=_OFFICE,
        old="                self._kill()\n            return\n",
        new="                pass\n            return\n",
        tests=[_FAILING_PROCESS_TESTS + "test_one_that_never_says_it_is_ready_is_killed"],
    ),
    Mutant(
        name="one that speaks is killed",
        file=_OFFICE,
        old="        if line.heard != heard or not line.in_flight:\n",
        new="        if not line.in_flight:\n",
        tests=[_FAILING_PROCESS_TESTS + "test_a_word_now_and_then_keeps_it_alive"],
    ),
    Mutant(
        name="after a failure another is begun at once",
        file=_OFFICE,
        old="        self._not_before = self._clock() + pause\n",
        new="",
        tests=[
            _FAILING_PROCESS_TESTS
            + "test_after_each_failure_the_pause_is_twice_as_long_up_to_an_hour"
        ],
    ),
    Mutant(
        name="pauses do not grow",
        file=_OFFICE,
        old="_PAUSE_SECONDS * 2**self._failures",
        new="_PAUSE_SECONDS",
        tests=[
            _FAILING_PROCESS_TESTS
            + "test_after_each_failure_the_pause_is_twice_as_long_up_to_an_hour"
        ],
    ),
    Mutant(
        name="failures are never forgotten",
        file=_OFFICE,
        old="            self._failures = 0\n",
        new="",
        tests=[_FAILING_PROCESS_TESTS + "test_an_orderly_end_lets_failures_be_forgotten"],
    ),
    Mutant(
        name="the version is not compared",
        file=_OFFICE,
        old="version != __version__",
        new="not version",
        tests=[_FAILING_PROCESS_TESTS + "test_one_of_another_version_is_sent_home_for_good"],
    ),
    Mutant(
        name="one that does not end is waited for",
        file=_OFFICE,
        old="            if thread.is_alive():\n                self._kill()\n",
        new="            if thread.is_alive():\n",
        tests=[_OFFICE_END_TESTS + "test_one_that_does_not_end_is_killed"],
    ),
    Mutant(
        name="one that is being begun at the end is not sent home",
        file=_OFFICE,
        old="if self._is_over:  # `stop` may not have seen it\n",
        new="if False:\n",
        tests=[_OFFICE_END_TESTS + "test_one_whose_line_is_just_being_made_is_sent_home_too"],
    ),
    Mutant(
        name="what a dead one was asked is not answered",
        file=_OFFICE,
        old="        line.close()\n        if self._begun",
        new="        if self._begun",
        tests=[_FAILING_PROCESS_TESTS + "test_what_it_was_asked_when_it_died_is_answered"],
    ),
    Mutant(
        name="one that is to be killed gets more uploads",
        file=_OFFICE,
        old="            self._line = None  # in a file system that hangs it may outlive that\n",
        new="",
        tests=[_FAILING_PROCESS_TESTS + "test_one_that_outlives_its_kill_gets_no_more_uploads"],
    ),
]
