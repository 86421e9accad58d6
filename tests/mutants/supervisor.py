"""Mutants of the supervisor: restarts, reloads, stops, the one-time pass, the plan."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_LIFE = "s3syncd/supervisor/life.py"
_FLEET = "s3syncd/supervisor/fleet.py"
_MAIN = "s3syncd/supervisor/supervisor.py"
_DESK = "s3syncd/supervisor/desk.py"
_ONCE = "s3syncd/supervisor/once.py"
_SIDES = "s3syncd/supervisor/sides.py"
_FORECAST = "s3syncd/supervisor/forecast.py"

MUTANTS = [
    Mutant(
        name="a verification keeps the root open",
        file="s3syncd/supervisor/verifying.py",
        old="            self._transfer.rest(for_good=True)",
        new="            pass",
        tests=[
            "tests/supervisor/test_verifying.py"
            "::test_a_verification_holds_the_root_no_longer_than_it_lasts"
        ],
    ),
    Mutant(
        name="what nobody fetches of a verification is kept",
        file="s3syncd/supervisor/verifications.py",
        old="Queue(_WAITING)",
        new="Queue()",
        tests=["tests/supervisor/test_verifications.py::test_what_nobody_fetches_is_not_heaped_up"],
    ),
    Mutant(
        name="a verification does not know what was sent",
        file="s3syncd/supervisor/verifying.py",
        old='word == "other_content" and is_as_sent and is_as_put',
        new="False",
        tests=["tests/e2e/test_verify.py::test_what_stat_cannot_see_is_found"],
    ),
    Mutant(
        name="an ended site keeps its lanes",
        file=_LIFE,
        old="            self._equipment.close_lanes()\n        if error is None:\n",
        new="            pass\n        if error is None:\n",
        tests=["tests/supervisor/test_desk.py::test_ended_site_no_longer_counts_in_the_pools"],
    ),
    Mutant(
        name="a call that waits for a dead site waits for ever",
        file=_DESK,
        old="        if self._is_closed:  # looked at",
        new="        if False:  # looked at",
        tests=["tests/supervisor/test_desk.py::test_call_that_waits_for_a_dead_site_goes_on"],
    ),
    Mutant(
        name="a failed site is started again at once",
        file=_LIFE,
        old="if may_restart and now >= self._restart_at and self.is_gone(now):",
        new="if may_restart and self.is_gone(now):",
        tests=[
            "tests/supervisor/test_restarts.py::"
            "test_failed_site_is_started_again_after_a_pause_and_not_before"
        ],
    ),
    Mutant(
        name="a failed site does not wait for the calls of the thread before",
        file=_LIFE,
        old="        return not has_calls or now >= self._ended_at + _CALLS_SECONDS\n",
        new="        return True\n",
        tests=[
            "tests/supervisor/test_restarts.py::"
            "test_failed_site_waits_for_the_calls_of_the_thread_before"
        ],
    ),
    Mutant(
        name="a failed site says what it said last",
        file=_LIFE,
        old="        if error is not None:\n            return self._told(",
        new="        if False and error is not None:\n            return self._told(",
        tests=[
            "tests/supervisor/test_restarts.py::test_failed_site_is_unavailable_and_the_others_go_on"
        ],
    ),
    Mutant(
        name="a stuck site says what it said last",
        file=_LIFE,
        old="        if self.is_stuck(now):\n            hint = ",
        new="        if False:\n            hint = ",
        tests=["tests/supervisor/test_fleet.py::test_site_that_does_not_turn_is_stuck_and_says_so"],
    ),
    Mutant(
        name="a restarted site is in sync before it looked",
        file=_LIFE,
        old='"in_sync": False, "in_sync_since": None, **facts}',
        new="**facts}",
        tests=[
            "tests/supervisor/test_restarts.py::"
            "test_restarted_site_does_not_show_what_the_thread_before_it_said"
        ],
    ),
    Mutant(
        name="an outage of S3 ends the daemon",
        file=_FLEET,
        old="any(life.failures >= limit for",
        new="any(max(life.failures, life.contacts_failed) >= limit for",
        tests=[
            "tests/supervisor/test_restarts.py::"
            "test_bucket_that_cannot_be_reached_never_ends_the_daemon"
        ],
    ),
    Mutant(
        name="stuck sites are waited for one after the other",
        file=_FLEET,
        old="answers = [question.answer(deadline - time.monotonic()) for question in asked]",
        new="answers = [question.answer(self._answer_seconds) for question in asked]",
        tests=[
            "tests/supervisor/test_fleet.py::test_sites_that_do_not_answer_are_waited_for_together"
        ],
    ),
    Mutant(
        name="a renamed site starts while the old one still writes",
        file=_FLEET,
        old="if name not in lives and not _is_occupied(settings, lives):",
        new="if name not in lives:",
        tests=[
            "tests/supervisor/test_reload.py::"
            "test_renamed_site_waits_until_the_old_one_writes_no_more"
        ],
    ),
    Mutant(
        name="a site that drains is joined by its successor",
        file=_FLEET,
        old="            if life.is_gone(now):\n",
        new="            if True:\n",
        tests=["tests/supervisor/test_reload.py::test_reload_does_not_wait_for_a_site_that_drains"],
    ),
    Mutant(
        name="state_dir may change while the daemon runs",
        file=_MAIN,
        old="            if config.state_dir != self._config.state_dir:\n",
        new="            if False:\n",
        tests=["tests/supervisor/test_reload_loop.py::test_moved_state_is_refused"],
    ),
    Mutant(
        name="whoever asks reloads in a thread of its own",
        file=_MAIN,
        old="        self._wishes.put(_Wish(_RELOAD, answers.put))\n",
        new="        answers.put(self._reload())\n",
        tests=[
            "tests/supervisor/test_reload_loop.py::"
            "test_reloads_happen_in_the_main_thread_one_after_the_other"
        ],
    ),
    Mutant(
        name="a second signal changes nothing",
        file=_MAIN,
        old="                grace_seconds = _AT_ONCE_SECONDS\n                break\n",
        new="                grace_seconds = _AT_ONCE_SECONDS\n                continue\n",
        tests=["tests/supervisor/test_supervisor.py::test_second_stop_is_at_once"],
    ),
    Mutant(
        name="a stop with work left ends as if there were none",
        file=_MAIN,
        old="            code = code_of(self.fleet.snapshots()) if is_asked else code\n",
        new="            code = 0 if is_asked else code\n",
        tests=[
            "tests/supervisor/test_supervisor.py::test_the_exit_code_of_a_stop_tells_what_is_left"
        ],
    ),
    Mutant(
        name="two signals at once count as one",
        file="s3syncd/supervisor/signals.py",
        old="            for number in reader.recv(_BYTES):\n",
        new="            for number in reader.recv(_BYTES)[:1]:\n",
        tests=["tests/supervisor/test_signals.py::test_two_signals_at_once_are_two"],
    ),
    Mutant(
        name="the watchdog is fed although a site is stuck",
        file=_MAIN,
        old="            if not self.fleet.stuck():\n",
        new="            if True:\n",
        tests=[
            "tests/supervisor/test_supervisor.py::test_watchdog_is_fed_no_more_when_a_site_is_stuck"
        ],
    ),
    Mutant(
        name="one site's outage ends the pass of the others",
        file=_ONCE,
        old="    return all(over)\n",
        new="    return any(over)\n",
        tests=[
            "tests/supervisor/test_giving_up.py::"
            "test_a_site_whose_turn_has_not_come_is_not_taken_for_one_that_stands_still"
        ],
    ),
    Mutant(
        name="a paused site is waited for in a one-time pass",
        file=_ONCE,
        old='status["state"] in {"halted", "paused"}',
        new='status["state"] == "halted"',
        tests=[
            "tests/supervisor/test_giving_up.py::"
            "test_a_site_is_over_when_nothing_more_will_come[told2-0.0]"
        ],
    ),
    Mutant(
        name="a plan is made of another root",
        file=_SIDES,
        old='        if verdict != "ok":\n',
        new="        if False:\n",
        tests=["tests/supervisor/test_planning.py::test_replaced_root_is_no_plan_of_deletions"],
    ),
    Mutant(
        name="a plan takes a file of another size for the deleted one renamed",
        file=_FORECAST,
        old="(inode, row.size_bytes) in self._sent",
        new="inode in {one for one, _size in self._sent}",
        tests=["tests/supervisor/test_forecast.py"],
    ),
    Mutant(
        name="a plan counts renames as deletions",
        file=_FORECAST,
        old="wanted=sum(not self._is_rename(path) for path in self._deleted),",
        new="wanted=len(self._deleted),",
        tests=[
            "tests/supervisor/test_planning.py::test_renamed_files_are_not_counted_as_deletions"
        ],
    ),
    Mutant(
        name="a page that fails for good is asked for ever",
        file=_SIDES,
        old="        if attempt > retries:\n",
        new="        if attempt > retries + 1:\n",
        tests=[
            "tests/supervisor/test_planning.py::"
            "test_page_that_fails_for_good_is_an_incomplete_listing"
        ],
    ),
    Mutant(
        name="a look that is refused is asked for again",
        file="s3syncd/s3/multipart.py",
        old="                if error.failure.kind not in _PASSING or attempt > self._retries:\n",
        new="                if attempt > self._retries:\n",
        tests=["tests/s3/test_repetitions.py::test_refusals_are_not_repeated"],
    ),
    Mutant(
        name="s3_ops_retries is not obeyed by looks",
        file="s3syncd/s3/multipart.py",
        old="not in _PASSING or attempt > self._retries:\n",
        new="not in _PASSING or attempt > 3:\n",
        tests=["tests/s3/test_repetitions.py::test_repetitions_end_where_the_configuration_says"],
    ),
    Mutant(
        name="an upload is completed again while the first may be at work",
        file="s3syncd/transfer/multipart.py",
        old="    return failure.kind is FailureKind.TRANSIENT and not is_open\n",
        new="    return failure.kind is FailureKind.TRANSIENT\n",
        tests=[
            "tests/transfer/parts/test_failures.py::"
            "test_complete_without_an_answer_and_without_an_object_stays_unknown"
        ],
    ),
    Mutant(
        name="s3_ops_retries is not obeyed by parts",
        file="s3syncd/transfer/parts.py",
        old="attempt > kit.settings.ops_retries:",
        new="attempt > 5:",
        tests=[
            "tests/transfer/parts/test_failures.py::"
            "test_part_is_repeated_as_often_as_configured_with_a_growing_pause"
        ],
    ),
    Mutant(
        name="a thousand sites start at once",
        file="s3syncd/supervisor/starts.py",
        old="while self._waiting and len(self._under_way) < _AT_ONCE:",
        new="while self._waiting:",
        tests=["tests/supervisor/test_starts.py"],
    ),
    Mutant(
        name="a silent site holds up those behind it",
        file="s3syncd/supervisor/starts.py",
        old="if life.is_starting and now < since + _PATIENCE_SECONDS",
        new="if life.is_starting",
        tests=["tests/supervisor/test_starts.py::test_a_silent_site_holds_nobody_up_for_long"],
    ),
    Mutant(
        name="a command to a site that has not begun is lost",
        file="s3syncd/supervisor/questions.py",
        old="life.is_leaving or not life.is_launched:",
        new="life.is_leaving:",
        tests=[
            "tests/supervisor/test_fleet.py"
            "::test_of_many_sites_some_wait_for_their_turn_and_say_that_they_start"
        ],
    ),
]
