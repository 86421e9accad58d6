"""Guards of passes and of the listings they merge."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_DECISIONS = "s3syncd/site/decisions.py"
_UNSEEN = "tests/scenarios/passes/test_unseen.py"
_NEWER = "tests/scenarios/passes/test_newer.py"
_RETRIES = "tests/scenarios/failures/test_retries.py"
_RANGES = "s3syncd/site/ranges.py"
_AHEAD = "tests/scenarios/test_listing_ahead.py"

MUTANTS = [
    Mutant(
        name="what a void pass saw gone is believed",
        file=_DECISIONS,
        old="        if self._retirement.withdraw():",
        new="        if self._retirement.waiting < 0:",
        tests=[f"{_UNSEEN}::test_a_listing_that_fails_at_its_second_page_deletes_nothing"],
    ),
    Mutant(
        name="a scan that broke off is taken for whole",
        file="s3syncd/site/schedule.py",
        old="                if batch.is_last and not batch.is_complete:\n"
        "                    self._void(one)\n",
        new="",
        tests=[
            f"{_UNSEEN}::test_a_scan_that_breaks_off_deletes_nothing",
            f"{_UNSEEN}::test_a_scan_that_breaks_off_forgets_nothing",
        ],
    ),
    Mutant(
        name="a listing out of order is merged as it comes",
        file=_RANGES,
        old="return page.is_ascending and (",
        new="return (",
        tests=[f"{_UNSEEN}::test_a_store_that_lists_out_of_order_is_sorted_and_converges"],
    ),
    Mutant(
        name="a range begins with keys of the one before",
        file=_RANGES,
        old="page.first_key > self._last_key)",
        new='page.first_key > "")',
        tests=[
            f"{_AHEAD}::test_a_store_that_does_not_begin_where_asked_is_noticed_and_listed_whole"
        ],
    ),
    Mutant(
        name="a range goes on behind its end",
        file=_RANGES,
        old="entries[: bisect_right(entries, self._until[0], key=_path_of)]",
        new="entries",
        tests=[f"{_AHEAD}::test_keys_that_appear_meanwhile_are_nobodys_loss"],
    ),
    Mutant(
        name="a range ends before its end",
        file=_RANGES,
        old="self._last_key >= self._until[1]:",
        new="self._received >= self._rows:",
        tests=[f"{_AHEAD}::test_keys_that_appear_meanwhile_are_nobodys_loss"],
    ),
    Mutant(
        name="a range fetches all its pages at once",
        file=_RANGES,
        old=" and len(self.pages) < _PAGES_AHEAD",
        new="",
        tests=[f"{_AHEAD}::test_many_foreign_keys_in_a_range_are_counted_and_held_back"],
    ),
    Mutant(
        name="every range of a listing is begun at once",
        file="s3syncd/site/listing.py",
        old="has_room = len(self.ranges) < RANGES_AHEAD",
        new="has_room = True",
        tests=[f"{_AHEAD}::test_at_most_eight_ranges_of_five_pages_are_held"],
    ),
    Mutant(
        name="a store that refuses to begin in the middle is asked to for ever",
        file="s3syncd/site/listing.py",
        old="if failure.kind is FailureKind.REFUSED and one.after and one.token is None:",
        new="if False:",
        tests=[f"{_AHEAD}::test_a_store_that_refuses_to_begin_in_the_middle_is_listed_whole"],
    ),
    Mutant(
        name="a pass decides about a path with an open intent",
        file=_DECISIONS,
        old="        if path in self._recovery:\n",
        new="        if path in self._recovery and path is None:\n",
        tests=[f"{_NEWER}::test_a_path_whose_lost_answer_waits_for_its_second_look_is_not_decided"],
    ),
    Mutant(
        name="a pass decides about a path recorded since it began",
        file=_DECISIONS,
        old="self._parts.ledger.changed_since(path, one.started_seq)",
        new="self._parts.ledger.changed_since(path, one.started_seq + 1_000_000)",
        tests=[f"{_NEWER}::test_a_path_recorded_while_a_pass_runs_is_not_decided_by_it"],
    ),
    Mutant(
        name="passes bring refused paths forward",
        file=_DECISIONS,
        old="        if self._retries.is_pending(action):\n",
        new="        if action is None:\n",
        tests=[f"{_RETRIES}::test_passes_do_not_bring_a_refused_path_forward"],
    ),
]
