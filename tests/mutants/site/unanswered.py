"""Guards of effects that no answer came for."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_DISPATCH = "s3syncd/site/dispatch.py"
_OUTCOMES = "s3syncd/site/outcomes.py"
_LOST_ANSWERS = "tests/scenarios/failures/test_lost_answers.py"
_OUTAGE = "tests/scenarios/test_ledger_outage.py"
_LATE = "tests/scenarios/test_late_effects.py"
_UNANSWERED = "s3syncd/site/unanswered.py"
_RECOVERY = "s3syncd/site/recovery.py"
_STRAGGLERS = "s3syncd/site/stragglers.py"
_LATER = "tests/scenarios/test_stragglers.py"

MUTANTS = [
    Mutant(
        name="a kill leaves no request that comes late where nothing tells of it",
        file=_STRAGGLERS,
        old="(is_left or not ledger.was_clean)",
        new="is_left",
        tests=[
            f"{_LATER}::test_an_older_content_that_comes_late_is_found_a_minute_after_the_start"
        ],
    ),
    Mutant(
        name="a stop in the middle leaves no request that comes late",
        file="s3syncd/site/site.py",
        old="            stragglers.leave(self.parts.ledger)\n",
        new="            pass\n",
        tests=[
            f"{_LATER}::test_an_older_content_that_comes_late_is_found_a_minute_after_the_start"
        ],
    ),
    Mutant(
        name="a lost ledger leaves no request that comes late",
        file=_STRAGGLERS,
        old=" or ledger.was_fresh:",
        new=":",
        tests=[f"{_LATER}::test_a_lost_ledger_tells_of_no_request"],
    ),
    Mutant(
        name="after each start there is one more comparison",
        file=_STRAGGLERS,
        old="        ledger.set_meta(_LEFT, None)\n",
        new="        pass\n",
        tests=[f"{_LATER}::test_it_is_asked_once"],
    ),
    Mutant(
        name="what was to come later comes with a pass of before",
        file="s3syncd/site/timetable.py",
        old="        self._is_doubt_met = self.is_doubtful\n",
        new="        self._is_doubt_met = self.is_doubtful\n"
        '        self._again_at = float("inf")\n',
        tests=[
            f"{_LATER}::test_an_older_content_that_comes_late_is_found_a_minute_after_the_start"
        ],
    ),
    Mutant(
        name="of effects without an answer only the last is remembered",
        file=_UNANSWERED,
        old="    return (*one.older, *last)\n",
        new="    return ()\n",
        tests=[f"{_LATE}::test_an_upload_that_comes_after_a_lost_deletion_is_deleted_too"],
    ),
    Mutant(
        name="a kill lets an older effect be forgotten",
        file=_RECOVERY,
        old="        for intent in self._parts.ledger.lates():\n",
        new="        for intent in ():\n",
        tests=[f"{_LATE}::test_an_upload_that_comes_after_a_lost_deletion_is_deleted_too"],
    ),
    Mutant(
        name="a new intent takes the place of one that may still be applied",
        file="s3syncd/site/dispatch.py",
        old="        self._recovery.displace(action.path)\n",
        new="",
        tests=[f"{_LATE}::test_an_upload_answered_since_does_not_end_the_wait_for_the_first"],
    ),
    Mutant(
        name="the end of the last effect ends the wait for those before it",
        file=_RECOVERY,
        old="        if not one.older:\n            ledger.drop_lates(path)\n            return\n",
        new="        ledger.drop_lates(path)\n        return\n",
        tests=[
            f"{_LATE}::test_the_version_of_a_published_upload_does_not_end_the_wait_for_the_one_before"
        ],
    ),
    Mutant(
        name="what somebody else did counts as our effect",
        file=_RECOVERY,
        old='frozenset({"put", "reclassed", "deleted"})',
        new='frozenset({"put", "reclassed", "deleted", "gone"})',
        tests=[f"{_LATE}::test_an_object_that_others_took_away_does_not_end_the_wait"],
    ),
    Mutant(
        name="what a listing tells of a path that waits is left for the end of the wait",
        file=_RECOVERY,
        old="            one.has_been_seen, one.due_at = False, now\n",
        new="            pass\n",
        tests=[f"{_LATE}::test_what_a_listing_tells_of_a_path_that_waits_is_looked_into_at_once"],
    ),
    Mutant(
        name="the minute of an effect without an answer begins before it was sent",
        file=_RECOVERY,
        old="        until = now + _SECOND_LOOK_SECONDS\n        self._open[intent.path]",
        new="        until = now\n        self._open[intent.path]",
        tests=[f"{_LATE}::test_the_minute_begins_when_it_is_known_that_no_answer_comes"],
    ),
    Mutant(
        name="what an older upload made is somebody else's",
        file="s3syncd/transfer/recover.py",
        old="    if late is not None and not _is_work_of(intent, seen):",
        new="    if False:",
        tests=[f"{_LATE}::test_an_upload_that_comes_after_a_lost_deletion_is_deleted_too"],
    ),
    Mutant(
        name="a plan given up leaves its intent behind an open one",
        file="s3syncd/site/dispatch.py",
        old="self._recovery.is_of(intent)",
        new="intent.path in self._recovery",
        tests=[f"{_LATE}::test_a_plan_given_up_leaves_no_intent_behind_an_open_one"],
    ),
    Mutant(
        name="intents are not durable before the effect",
        file=_DISPATCH,
        old="        if has_written:\n            self._parts.ledger.commit()\n",
        new="",
        tests=[
            f"{_OUTAGE}::test_nothing_is_sent_whose_intent_was_refused",
        ],
    ),
    Mutant(
        name="a path is sent again while its last effect is unknown",
        file=_DISPATCH,
        old="        if not self._recovery.is_in_doubt(path):",
        new="        if path:",
        tests=[
            f"{_LOST_ANSWERS}::test_nothing_is_sent_for_a_path_before_its_lost_answer_is_looked_into"
        ],
    ),
    Mutant(
        name="a lost answer is taken for a failure",
        file=_OUTCOMES,
        old="        if outcome.is_unknown:\n            self._recovery",
        new="        if outcome.is_unknown and path in self._recovery:\n            self._recovery",
        tests=[
            f"{_LOST_ANSWERS}::test_a_lost_answer_is_looked_into_at_once_and_again_after_a_minute"
        ],
    ),
    Mutant(
        name="what was not applied at once is not looked at again",
        file="s3syncd/site/recovery.py",
        old="_SECOND_LOOK_SECONDS = 60.0",
        new="_SECOND_LOOK_SECONDS = 0.0",
        tests=[f"{_LOST_ANSWERS}::test_a_put_applied_late_over_a_newer_one_is_found"],
    ),
    Mutant(
        name="a stop looks into every open effect",
        file="s3syncd/site/recovery.py",
        old="        published = [path for path, one in self._open.items() if one.is_applied]\n",
        new="        published = list(self._open)\n",
        tests=["tests/scenarios/test_provisional.py::test_a_stop_does_not_ask_about_lost_answers"],
    ),
]
