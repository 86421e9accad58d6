"""Guards of the second process and of the line to it."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_BRANCH = "s3syncd/sender/branch.py"
_CHANNEL = "s3syncd/sender/channel.py"
_CREW = "s3syncd/pool/crew.py"
_LINE = "s3syncd/sender/line.py"
_OFFICE = "s3syncd/sender/office.py"
_SECOND = "s3syncd/sender/second.py"
_WORDS = "s3syncd/sender/words.py"

_BOTH_TESTS = "tests/sender/test_both.py::"
_WHICH_WAY_TESTS = "tests/sender/test_which_way.py::"
_CHANNEL_TESTS = "tests/sender/test_channel.py::"
_LINE_TESTS = "tests/sender/test_line.py::"
_OFFICE_TESTS = "tests/sender/test_office.py::"
_FAILING_PROCESS_TESTS = "tests/sender/test_failing_process.py::"
_OFFICE_END_TESTS = "tests/sender/test_office_end.py::"
_SECOND_TESTS = "tests/sender/test_second_end.py::"
_WORDS_TESTS = "tests/sender/test_words.py::"

MUTANTS = [
    # --- what was sent, and what was not
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
    # --- the line
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
    # --- whether there is one
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
    # --- what goes there
    Mutant(
        name="where a foreign version waits for a person the second process decides",
        file=_BRANCH,
        old='settings.policy.on_drift != "hold"',
        new='settings.policy.on_drift != ""',
        tests=[
            _WHICH_WAY_TESTS + "test_where_a_foreign_version_waits_for_a_person_nothing_goes_there"
        ],
    ),
    Mutant(
        name="limits are passed over",
        file=_BRANCH,
        old="self._office.line() if self._bucket.turns.are_free else None",
        new="self._office.line()",
        tests=[_WHICH_WAY_TESTS + "test_under_a_limit_nothing_goes_there"],
    ),
    Mutant(
        name="large files go there",
        file=_BRANCH,
        old="local is None or local.size_bytes > MOST_BYTES or",
        new="local is None or",
        tests=[_WHICH_WAY_TESTS + "test_only_small_files_go_there"],
    ),
    Mutant(
        name="new credentials are not told",
        file=_BRANCH,
        old='                line.tell("keys", known.number, tuple(frozen))\n',
        new="                pass\n",
        tests=[_BOTH_TESTS + "test_new_credentials_are_told_before_the_next_upload"],
    ),
    Mutant(
        name="another root than the accepted one is read there",
        file=_BRANCH,
        old='line.tell("root", self._known.number, _plain(identity))',
        new="pass",
        tests=[_BOTH_TESTS + "test_nothing_is_read_below_another_root_than_the_accepted_one"],
    ),
    Mutant(
        name="a store that asks to slow down is heard there only",
        file=_BRANCH,
        old="            self._bucket.window.throttled()  #",
        new="            pass  #",
        tests=[_BOTH_TESTS + "test_a_store_that_asks_to_slow_down_is_heard_by_both"],
    ),
    # --- the other side
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
