"""Mutants of connections, and of who waits for them."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

CONNECTION = "s3syncd/s3/connection.py"
IN_ADDRESSES = "tests/s3/direct/test_addresses.py::test_"
IN_ANSWERS = "tests/s3/direct/test_answers.py::test_"
IN_CANCEL = "tests/s3/direct/test_cancel.py::test_"
IN_LENT = "tests/s3/direct/test_lent.py::test_"
IN_REUSE = "tests/s3/direct/test_reuse.py::test_"

MUTANTS = [
    Mutant(
        name="an address that is silent is not remembered",
        file=CONNECTION,
        old="            if error is not None:\n                self._route.failed(self._tried)\n",
        new="",
        tests=[IN_ADDRESSES + "an_address_that_failed_is_tried_last_for_a_while"],
    ),
    Mutant(
        name="an address that is well again is still avoided",
        file=CONNECTION,
        old="            self._route.reached(self._tried)\n",
        new="",
        tests=[IN_ADDRESSES + "an_address_that_is_well_again_has_its_turns_again"],
    ),
    Mutant(
        name="an idle connection is used after data came on it",
        file=CONNECTION,
        old="            if self._on_end is None:  # nobody asked\n                self._close()\n",
        new="            if self._on_end is None:  # nobody asked\n",
        tests=[IN_REUSE + "an_idle_connection_that_is_no_more_is_not_used"],
    ),
    Mutant(
        name="what was sent in part counts as not sent",
        file=CONNECTION,
        old="is_unsent=not self._has_sent",
        new="is_unsent=True",
        tests=[IN_ANSWERS + "an_end_before_the_whole_answer_leaves_the_effect_in_doubt"],
    ),
    Mutant(
        name="what was never sent leaves the effect in doubt",
        file=CONNECTION,
        old="is_unsent=not self._has_sent",
        new="is_unsent=False",
        tests=[IN_CANCEL + "a_cancel_tells_once_and_lets_go_in_every_state"],
    ),
    Mutant(
        name="half an answer at the end of the connection is one",
        file=CONNECTION,
        old="if self._on_end is not None and self._answer.end():",
        new="if self._on_end is not None:",
        tests=[IN_ANSWERS + "an_end_before_the_whole_answer_leaves_the_effect_in_doubt"],
    ),
    Mutant(
        name="whoever asked is told twice",
        file=CONNECTION,
        old="        on_end, self._on_end = self._on_end, None\n",
        new="        on_end = self._on_end\n",
        tests=[IN_CANCEL + "a_cancel_tells_once_and_lets_go_in_every_state"],
    ),
    Mutant(
        name="a connection is kept in the middle of a request that was answered early",
        file=CONNECTION,
        old="        if self._unsent or not self._answer.keeps_alive:",
        new="        if not self._answer.keeps_alive:",
        tests=[IN_ANSWERS + "an_answer_before_the_body_was_read_counts_and_ends_the_connection"],
    ),
    Mutant(
        name="a store has kept what was not sent to it",
        file=CONNECTION,
        old="        if self._unsent and self._answer.status < 300:",
        new="        if False:",
        tests=[IN_ANSWERS + "a_success_before_the_body_was_sent_is_none"],
    ),
    Mutant(
        name="a late cancel hits the next request on the connection",
        file=CONNECTION,
        old="        if on_end is not None and on_end is not self._on_end:",
        new="        if False:",
        tests=[IN_CANCEL + "a_late_cancel_spares_the_next_request_on_the_connection"],
    ),
    Mutant(
        name="an answer is lost when the store reads no more",
        file=CONNECTION,
        old="                if not self._has_answer(link):\n",
        new="                if True:\n",
        tests=[IN_ANSWERS + "an_answer_is_read_though_the_store_reads_no_more"],
    ),
    Mutant(
        name="lent memory is given back by a request that ended in the middle",
        file=CONNECTION,
        old="        self._unsent = None\n        return None",
        new="        self._unsent and self._unsent._lent.finish()\n        return None",
        tests=[IN_LENT + "a_part_that_ends_in_the_middle_holds_nothing_and_gives_nothing_back"],
    ),
    Mutant(
        name="a fast line keeps its thread to the end of the body",
        file=CONNECTION,
        old="        while unsent and left > 0:",
        new="        while unsent:",
        tests=[IN_LENT + "a_line_that_takes_everything_leaves_others_their_turn"],
    ),
    Mutant(
        name="after its turn a line waits for nothing",
        file=CONNECTION,
        old="        self._wait(link, is_for_room=bool(unsent))",
        new="        self._wait(link, is_for_room=bool(unsent) and left > 0)",
        tests=[IN_LENT + "a_line_that_takes_everything_leaves_others_their_turn"],
    ),
    Mutant(
        name="an idle connection that is gone fails the request",
        file=CONNECTION,
        old="                    if not self._has_sent:  # the store closed it while it was idle",
        new="                    if False:",
        tests=[IN_REUSE + "a_reset_that_nobody_was_told_of_costs_no_request"],
    ),
    Mutant(
        name="a poller that is full loses the request",
        file=CONNECTION,
        old="            except (OSError, ValueError) as refused:",
        new="            except UnicodeError as refused:",
        tests=[IN_ADDRESSES + "a_poller_that_watches_no_more_fails_the_request_and_leaks_nothing"],
    ),
    Mutant(
        name="a poller keeps what it watches no longer",
        file="s3syncd/s3/poller.py",
        old="        self._owners.pop(fd, None)\n",
        new="",
        tests=["tests/s3/test_poller.py::test_what_is_forgotten_is_not_told"],
    ),
]
