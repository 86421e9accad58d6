"""Guards of what changes in silence: scrubs, and the look after a machine went down."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_AFTERMATH = "tests/scenarios/test_aftermath.py"
_SCRUB = "tests/scenarios/test_scrub.py"

MUTANTS = [
    Mutant(
        name="a scrub that was only put off counts as one that ended",
        file="s3syncd/site/scrub.py",
        old="            ledger.set_meta(_FIRST_FROM, done)\n",
        new="            ledger.set_meta(_DONE, done)\n",
        tests=[f"{_SCRUB}::test_a_scrub_that_never_ran_has_no_end"],
    ),
    Mutant(
        name="a chmod sends what changed in silence",
        file="s3syncd/site/dispatch.py",
        old="        if self._scrub.holds(planned.action):",
        new="        if False:",
        tests=[f"{_SCRUB}::test_other_permissions_do_not_send_what_is_held"],
    ),
    Mutant(
        name="files are read again as fast as the disk can",
        file="s3syncd/site/scrub.py",
        old="        self._next_at = now + max(_FILE_BYTES, cost) / self._rate",
        new="        self._next_at = now",
        tests=[f"{_SCRUB}::test_it_is_read_no_faster_than_allowed"],
    ),
    Mutant(
        name="files are read again while there is work to do",
        file="s3syncd/site/scrub.py",
        old="        elif not self._is_idle() or len",
        new="        elif len",
        tests=[f"{_SCRUB}::test_it_waits_while_there_is_anything_else_to_do"],
    ),
    Mutant(
        name="silent changes are forgotten by a restart",
        file="s3syncd/site/scrub.py",
        old="        self._parts.ledger.set_meta(_HELD, text)",
        new="        self._parts.ledger.set_meta(_HELD, None if text else text)",
        tests=[f"{_SCRUB}::test_what_is_held_survives_a_restart"],
    ),
    Mutant(
        name="a scrub begins anew after a restart",
        file="s3syncd/site/scrub.py",
        old="        self._position = ledger.meta(_POSITION)",
        new="        self._position = None",
        tests=[f"{_SCRUB}::test_a_restart_goes_on_where_it_was"],
    ),
    Mutant(
        name="an edit that a stat tells of is taken for a silent one",
        file="s3syncd/transfer/scrub.py",
        old="        if source.entry[1:5] != row[1:5]:",
        new="        if source.entry[1] != row[1]:",
        tests=[f"{_SCRUB}::test_a_file_that_changed_as_files_do_is_left_to_looks"],
    ),
    Mutant(
        name="nobody asks whether the machine went down",
        file="s3syncd/site/dispatch.py",
        old="                    self._aftermath.met(planned.action)",
        new="                    pass",
        tests=[f"{_AFTERMATH}::test_a_file_that_came_back_empty_is_reported_and_sent"],
    ),
    Mutant(
        name="a clean stop is taken for a crash",
        file="s3syncd/site/aftermath.py",
        old="not ledger.was_clean and bool(before)",
        new="bool(before)",
        tests=[f"{_AFTERMATH}::test_after_an_orderly_shutdown_nothing_is_reported"],
    ),
    Mutant(
        name="a file emptied by its user is reported",
        file="s3syncd/site/aftermath.py",
        old="            self.is_open = False",
        new="            pass",
        tests=[f"{_AFTERMATH}::test_a_file_emptied_after_the_site_was_in_sync_is_its_users_doing"],
    ),
    Mutant(
        name="a look ends the report of a file that is still empty",
        file="s3syncd/site/problems.py",
        old="if reason != SILENT and (local.size_bytes or reason != EMPTIED):",
        new="if reason != SILENT:",
        tests=[f"{_AFTERMATH}::test_the_report_stays_until_the_file_has_content_again"],
    ),
    Mutant(
        name="a scrub that fails goes on at once",
        file="s3syncd/site/scrub.py",
        old="            self._next_at = now + _FAILED_SECONDS\n",
        new="",
        tests=[
            "tests/scenarios/test_scrub.py"
            "::test_what_fails_for_no_reason_of_a_file_fails_once_a_minute"
        ],
    ),
]
