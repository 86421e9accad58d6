"""Guards that only a running daemon shows: what ends by itself, and what follows a crash."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

MUTANTS = [
    Mutant(
        name="a stop waits for a first contact",
        file="s3syncd/site/site.py",
        old="self.access.has_other_calls or",
        new="self.parts.lane.in_flight or",
        tests=[
            "tests/e2e/test_stopped_server.py::"
            "test_a_daemon_that_waits_for_its_first_contact_ends_at_once"
        ],
    ),
    Mutant(
        name="an interrupted action is forgotten when it was not carried out",
        file="s3syncd/transfer/recover.py",
        old="    return replace(outcome, follow_up=after)\n",
        new="    return outcome\n",
        tests=[
            "tests/transfer/test_recover.py::"
            "test_interrupted_upload_of_this_file_is_kept_and_every_other_aborted",
            "tests/transfer/test_recover.py::test_copy_that_does_not_show_is_carried_out_again",
        ],
    ),
    Mutant(
        name="an adopted object keeps its class until the next pass",
        file="s3syncd/site/outcomes.py",
        old='        if outcome.effect == "adopted" and',
        new='        if outcome.effect == "" and',
        tests=[
            "tests/e2e/test_configuration.py::"
            "test_a_class_is_changed_once_also_where_the_store_does_not_tell_it"
        ],
    ),
    Mutant(
        name="what is held for one reason and then for another is not looked at again",
        file="s3syncd/site/retire.py",
        old="self.recheck_held()  # the list a person is asked about",
        new="pass  #",
        tests=["tests/e2e/test_deletions.py::test_held_files_that_come_back_are_no_longer_held"],
    ),
    Mutant(
        name="a store that answers 404 to a PUT is asked again at once",
        file="s3syncd/transfer/outcomes.py",
        old='FailureKind.MISSING: (_RETRY, "vanished"',
        new='FailureKind.MISSING: (_AGAIN, "vanished"',
        tests=["tests/transfer/small/test_failures.py::test_failure_says_whose_trouble_it_is"],
    ),
]
