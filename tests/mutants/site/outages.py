"""Guards of a site that cannot work as it should, and of what it says meanwhile."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_OUTCOMES = "s3syncd/site/outcomes.py"
_BUCKET = "tests/scenarios/failures/test_bucket.py"
_OUTAGE = "tests/scenarios/test_ledger_outage.py"
_STATUS = "tests/scenarios/test_status.py"
_SPACE = "tests/scenarios/test_space.py"

MUTANTS = [
    Mutant(
        name="work goes on in a state directory that is nearly full",
        file="s3syncd/site/site.py",
        old="self.pause.is_on or self.space.is_low or",
        new="self.pause.is_on or",
        tests=[f"{_SPACE}::test_nothing_is_begun_while_the_state_directory_is_nearly_full"],
    ),
    Mutant(
        name="a site that may not work for want of room is in sync",
        file="s3syncd/site/status.py",
        old="            and not site.space.is_low\n",
        new="",
        tests=[f"{_SPACE}::test_the_status_names_it_and_the_remedy"],
    ),
    Mutant(
        name="a little room is enough to go on",
        file="s3syncd/site/space.py",
        old="(_ENOUGH * least if self.is_low else least)",
        new="least",
        tests=[f"{_SPACE}::test_it_goes_on_by_itself_when_there_is_room_enough"],
    ),
    Mutant(
        name="one poison file makes the bucket unavailable",
        file=_OUTCOMES,
        old="            self._failed_in_a_row.add(outcome.action.path)",
        new="            self._failed_in_a_row.add(str(len(self._failed_in_a_row)))",
        tests=[f"{_BUCKET}::test_one_poison_file_never_makes_the_bucket_unavailable"],
    ),
    Mutant(
        name="outcomes of an outage are dropped",
        file="s3syncd/site/outage.py",
        old="                ledger.record(answer.row)",
        new="                ledger.count()",
        tests=[
            f"{_OUTAGE}::test_an_effect_that_was_acknowledged_meanwhile_is_recorded",
        ],
    ),
    Mutant(
        name="the thread ends while the ledger cannot be written",
        file="s3syncd/site/thread.py",
        old="        outage.wait()\n",
        new="",
        tests=[f"{_OUTAGE}::test_the_thread_waits_for_the_ledger_and_ends_with_the_error"],
    ),
    Mutant(
        name="a listing that is ahead spins the loop",
        file="s3syncd/site/listing.py",
        old="for one in self.ranges if self._may_ask(one)]",
        new="for one in self.ranges]",
        tests=[f"{_STATUS}::test_a_listing_that_is_ahead_of_the_scan_is_no_busy_loop"],
    ),
    Mutant(
        name="a hint leaves the site in sync",
        file="s3syncd/site/status.py",
        old="            len(site.looks)\n            or len(site.backlog)",
        new="            len(site.backlog)",
        tests=[f"{_STATUS}::test_it_is_not_in_sync_from_a_hint_until_the_record"],
    ),
]
