"""Guards against what was decided, or asked, before something else became known."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_DECISIONS = "s3syncd/site/decisions.py"
_OUTCOMES = "s3syncd/site/outcomes.py"
_NEWS = "tests/scenarios/test_old_news.py::"
_DOUBT = _NEWS + "test_a_deletion_decided_while_the_version_was_in_doubt_is_of_that_version"

MUTANTS = [
    Mutant(
        name="a file that is back is forgotten with its object",
        file="s3syncd/transfer/retire.py",
        old="is_stale=is_back)",
        new="is_stale=False)",
        tests=[
            _NEWS + "test_a_file_that_came_back_while_its_object_was_asked_for_is_uploaded",
            "tests/transfer/test_retire.py"
            "::test_file_that_is_back_when_its_object_is_known_to_be_gone_is_to_be_looked_at",
        ],
    ),
    Mutant(
        name="what a pass met after an upload that it is older than is passed over",
        file=_DECISIONS,
        old="self._see_file(action)\n            return True\n        if path in self._recovery:",
        new="return True\n        if path in self._recovery:",
        tests=[_NEWS + "test_what_a_pass_met_after_an_upload_that_it_is_older_than_is_done"],
    ),
    Mutant(
        name="a file that a pass meets while its object is deleted is passed over",
        file=_DECISIONS,
        old="self._see_file(action)\n            return True\n        return False",
        new="return True\n        return False",
        tests=[_NEWS + "test_a_file_that_comes_while_its_object_is_deleted_is_uploaded"],
    ),
    Mutant(
        name="what was planned before an answer came is carried out after it",
        file=_OUTCOMES,
        old='        self._decide_again(path, now)\n        if outcome.effect == "adopted"',
        new='        if outcome.effect == "adopted"',
        tests=[
            _DOUBT + "[known_after_a_lost_answer]",
            _NEWS
            + "test_a_file_put_back_while_its_upload_was_in_doubt_is_compared_with_what_came_of_it",
        ],
    ),
    Mutant(
        name="what was planned before a late effect showed is carried out after it",
        file=_OUTCOMES,
        old="self._decide_again(path, now)\n        self._looks.note(path, now, is_soon=True)\n",
        new="self._looks.note(path, now, is_soon=True)\n",
        tests=[_DOUBT + "[known_to_be_late]"],
    ),
    Mutant(
        name="what was planned before the listed version was known is carried out after it",
        file=_OUTCOMES,
        old="        self._decide_again(outcome.action.path, now)\n",
        new="",
        tests=[
            _NEWS + "test_a_file_touched_while_its_listed_version_was_asked_for_keeps_that_version"
        ],
    ),
    Mutant(
        name="a hold of deletions holds the upload of a file that is back",
        file=_DECISIONS,
        old=" or action.local is not None:\n",
        new=":\n",
        tests=[_NEWS + "test_what_others_put_over_a_file_whose_deletion_was_held_is_overwritten"],
    ),
    Mutant(
        name="a file that failed is compared with what others have overwritten since",
        file=_DECISIONS,
        old="                self._parts.ledger.forget(path)  # it is not",
        new="                pass  # it is not",
        tests=[
            _NEWS
            + "test_what_others_put_over_a_file_that_failed_is_overwritten_when_it_is_tried_again"
        ],
    ),
]
