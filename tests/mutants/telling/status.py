"""Mutants of what is shown, and of health."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_HEALTH = "s3syncd/core/health.py"
_PENDING = "s3syncd/site/pending.py"
_RETRIES = "s3syncd/site/retries.py"
_HEALTH_TESTS = "tests/core/test_health.py::"
_PENDING_TESTS = "tests/scenarios/test_pending.py::"

MUTANTS = [
    Mutant(
        name="what failed and waits to be tried again is not pending",
        file=_PENDING,
        old="under_way + len(asked) + failed.actions",
        new="under_way + len(asked)",
        tests=[_PENDING_TESTS + "test_what_failed_and_waits_to_be_tried_again_is_pending"],
    ),
    Mutant(
        name="a path that failed and is tried again counts twice",
        file=_PENDING,
        old="    failed = site.retries.outstanding(is_counted)",
        new="    failed = site.retries.outstanding(lambda _path: False)",
        tests=[_PENDING_TESTS + "test_each_path_counts_once_however_it_waits"],
    ),
    Mutant(
        name="a change is as old as its first failure",
        file="s3syncd/site/outcomes.py",
        old="        heard_at = self._looks.heard_at(outcome.action.path)\n",
        new="        heard_at = now\n",
        tests=[
            _PENDING_TESTS + "test_a_change_is_as_old_as_its_first_sight_not_as_its_first_failure"
        ],
    ),
    Mutant(
        name="a change begins its age anew at a restart",
        file=_RETRIES,
        old="_Wait(now - max(0.0, wall - since), 0,",
        new="_Wait(now, 0,",
        tests=[_PENDING_TESTS + "test_the_age_of_a_change_outlives_a_restart"],
    ),
    Mutant(
        name="what failed rests",
        file=_PENDING,
        old=" and not site.retries.is_striving",
        new="",
        tests=[_PENDING_TESTS + "test_a_file_that_the_server_never_answers_is_no_progress"],
    ),
    Mutant(
        name="a look that is answered is progress",
        file="s3syncd/site/figures.py",
        old="site.parts.bucket.tally.parts,",
        new="site.parts.bucket.tally.by_class()['read'],",
        tests=[_PENDING_TESTS + "test_a_file_that_the_server_never_answers_is_no_progress"],
    ),
    Mutant(
        name="an effect without an answer is nothing under way",
        file=_PENDING,
        old=" or site.recovery.unseen)",
        new=")",
        tests=[_PENDING_TESTS + "test_an_effect_without_an_answer_is_under_way_until_it_is_known"],
    ),
    Mutant(
        name="a paused site hears nothing",
        file="s3syncd/site/site.py",
        old="        self.hearing.advance(now)\n",
        new="        if not self.pause.is_on:\n            self.hearing.advance(now)\n",
        tests=[_PENDING_TESTS + "test_changes_during_a_pause_are_pending"],
    ),
    Mutant(
        name="a pause is a failure at once",
        file=_HEALTH,
        old="    if seconds > FORGOTTEN_SECONDS:",
        new="    if seconds:",
        tests=[_HEALTH_TESTS + "test_what_may_be_is_green"],
    ),
    Mutant(
        name="a pause is forgotten by health, too",
        file=_HEALTH,
        old="    if seconds > FORGOTTEN_SECONDS:",
        new="    if False:",
        tests=[_HEALTH_TESTS + "test_each_trouble_turns_it_red_alone_and_names_the_site"],
    ),
    Mutant(
        name="a pause begins anew with each start",
        file="s3syncd/site/pause.py",
        old="wall() if written is None else float(written)",
        new="wall()",
        tests=[
            "tests/scenarios/test_commands.py"
            "::test_a_pause_is_as_old_as_it_is_over_restarts_and_leaps_of_the_clock"
        ],
    ),
    Mutant(
        name="a directory that hangs is healthy",
        file=_HEALTH,
        old="    if figures.root_silent_seconds > SILENT_SECONDS:",
        new="    if False:",
        tests=[
            "tests/scenarios/test_health.py::test_a_directory_that_hangs_turns_it_red_and_is_named"
        ],
    ),
    Mutant(
        name="a link is trouble",
        file="s3syncd/web/overview.py",
        old='- int(status.get("problems_skipped", 0))',
        new="",
        tests=["tests/web/test_rows.py"],
    ),
    Mutant(
        name="a deaf watcher is taken for one that proves to hear",
        file="s3syncd/local/cookie.py",
        old="if self._is_answered or self.proved_at is None:",
        new="if True:",
        tests=["tests/local/test_hearing.py::test_the_watcher_tells_when_it_last_proved_to_hear"],
    ),
    Mutant(
        name="health does not ask whether the watcher hears",
        file="s3syncd/site/figures.py",
        old="            watcher_proved_at=site.hearing.proved_at,\n",
        new="",
        tests=[
            "tests/scenarios/test_health.py"
            "::test_a_watcher_that_proves_nothing_any_more_turns_it_red"
        ],
    ),
    Mutant(
        name="a site says nothing of a server that is silent from the start",
        file="s3syncd/site/status.py",
        old="if waits_for := site.access.waits_for(now):",
        new="if waits_for := None:",
        tests=[
            "tests/scenarios/failures/test_bucket.py::test_a_server_that_is_silent_from_the_start_is_named"
        ],
    ),
    Mutant(
        name="nothing waits in a directory that is missing",
        file="s3syncd/site/figures.py",
        old="            self.unknown_since = now\n",
        new="            pass\n",
        tests=[
            "tests/scenarios/test_pending.py::test_what_waits_is_not_known_where_the_root_is_missing"
        ],
    ),
]
