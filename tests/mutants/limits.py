"""Guards of the limits of bandwidth and requests."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_RATE = "s3syncd/core/rate.py"
_TURNS = "s3syncd/core/turns.py"
_PACING = "s3syncd/s3/pacing.py"
_RATES = "s3syncd/config/rates.py"

_RATE_TESTS = "tests/core/test_rate.py::"
_TURNS_TESTS = "tests/core/test_turns.py::"
_LIMITS_TESTS = "tests/s3/pacing/test_limits.py::"
_THREAD_TESTS = "tests/s3/pacing/test_thread.py::"
_OTHER_CLIENTS_TESTS = "tests/s3/pacing/test_other_clients.py::"
_E2E = "tests/e2e/test_limits.py::"
_LAW = _TURNS_TESTS + "test_no_limit_is_exceeded_in_any_stretch_of_time"

MUTANTS = [
    Mutant(
        name="a large body is not paid back",
        file=_RATE,
        old="            self.loan += amount\n",
        new="            self.loan += 0\n",
        tests=[_RATE_TESTS + "test_a_large_body_borrows_and_the_next_waits_in_proportion", _LAW],
    ),
    Mutant(
        name="two large bodies may borrow at once",
        file=_RATE,
        old="            return self.loan <= _SLACK\n",
        new="            return self.loan <= amount\n",
        tests=[_LAW],
    ),
    Mutant(
        name="what is saved up grows without end",
        file=_RATE,
        old="            self.tokens = self.burst\n",
        new="            pass\n",
        tests=[_TURNS_TESTS + "test_a_saved_up_second_goes_at_once_and_no_more"],
    ),
    Mutant(
        name="small bodies pay back the loan of a large one, all of it",
        file=_RATE,
        old="        self._share = small / (small + max(1, large))\n",
        new="        self._share = 0.0\n",
        tests=[_TURNS_TESTS + "test_a_site_of_huge_files_does_not_hold_up_small_ones_of_another"],
    ),
    Mutant(
        name="small bodies leave nothing to pay back a large one's loan",
        file=_RATE,
        old="        self._share = small / (small + max(1, large))\n",
        new="        self._share = 1.0 if small else 0.0\n",
        tests=[_TURNS_TESTS + "test_a_large_body_does_not_starve_behind_small_ones"],
    ),
    Mutant(
        name="another rate gives a new burst",
        file=_RATE,
        old="min(self.tokens, self.burst) if was_limited else self.burst",
        new="self.burst",
        tests=[_RATE_TESTS + "test_another_rate_gives_no_new_burst_and_forgets_no_loan"],
    ),
    Mutant(
        name="a clock that went back takes away",
        file=_RATE,
        old="max(0.0, now - self._at)",
        new="(now - self._at)",
        tests=[_RATE_TESTS + "test_a_clock_that_goes_back_stalls_nothing"],
    ),
    Mutant(
        name="a night that reaches into the next day ends at midnight",
        file=_RATE,
        old="        return minute < self.end and (day - 1) % len(EVERY_DAY) in self.days\n",
        new="        return False\n",
        tests=[_RATE_TESTS + "test_a_period_covers_its_minutes"],
    ),
    Mutant(
        name="smaller requests overtake one that waits for room",
        file=_TURNS,
        old="            and ((budget, budget.is_large(amount)) in taken or not",
        new="            and (not",
        tests=[_TURNS_TESTS + "test_two_sites_that_always_have_work_get_the_same"],
    ),
    Mutant(
        name="the site that asks most gets most",
        file=_TURNS,
        old="        line.served += self._overall.cost_seconds(turn.size_bytes)\n",
        new="        line.served += 0\n",
        tests=[
            _TURNS_TESTS + "test_requests_are_shared_between_sites_however_many_one_has_asked_for"
        ],
    ),
    Mutant(
        name="a site held back by its own limit saves up turns",
        file=_TURNS,
        old="            line.served = max(line.served, self._virtual)\n        else:\n",
        new="            pass\n        else:\n",
        tests=[_TURNS_TESTS + "test_a_site_that_its_own_limit_held_back_saves_no_turns_up"],
    ),
    Mutant(
        name="a site's own limit is not taken from",
        file=_TURNS,
        old="        line.scope.take(turn.size_bytes)\n",
        new="",
        tests=[_LAW],
    ),
    Mutant(
        name="the overall limit is not taken from",
        file=_TURNS,
        old="        self._overall.take(turn.size_bytes)\n",
        new="",
        tests=[_LAW],
    ),
    Mutant(
        name="requests without a body are free",
        file=_TURNS,
        old="        self.requests.take(1)\n",
        new="        self.requests.take(min(1, size_bytes))\n",
        tests=[_LAW],
    ),
    Mutant(
        name="a request without a body waits behind bodies",
        file=_TURNS,
        old="2 if is_large else 1 if size_bytes else 0\n",
        new="2 if is_large else 1\n",
        tests=[_TURNS_TESTS + "test_a_request_without_a_body_does_not_wait_for_bytes"],
    ),
    Mutant(
        name="a deletion waits behind the looks for others, and its own look grows old",
        file=_PACING,
        old='len(request.body), start, request.method == "DELETE")',
        new="len(request.body), start, False)",
        tests=[_LIMITS_TESTS + "test_a_deletion_goes_before_the_site_s_other_requests"],
    ),
    Mutant(
        name="what goes first takes turns from other sites",
        file=_TURNS,
        old="            if served < line.served:  # another queue of the site went meanwhile\n",
        new="            if False:\n",
        tests=[_TURNS_TESTS + "test_what_goes_first_takes_no_turn_of_another_site"],
    ),
    Mutant(
        name="waiting polls",
        file=_TURNS,
        old="min((wait for wait in waits if wait), default=_NEVER)",
        new="min(waits, default=_NEVER)",
        tests=[_TURNS_TESTS + "test_who_waits_behind_another_wakes_nobody"],
    ),
    Mutant(
        name="limits that follow the clock are looked at when there is room only",
        file=_PACING,
        old="            wait = min(wait, _LOOK_SECONDS, moment.left_seconds)\n",
        new="            pass\n",
        tests=[_THREAD_TESTS + "test_the_thread_waits_until_something_can_happen"],
    ),
    Mutant(
        name="a stop waits for the limit",
        file="s3syncd/supervisor/life.py",
        old="            self._equipment.hurry()\n",
        new="            pass\n",
        tests=["tests/supervisor/test_reload.py::test_a_site_that_stops_waits_for_no_limit"],
    ),
    Mutant(
        name="what waits is not canceled when its site leaves",
        file=_PACING,
        old="            ticket.resume(canceled())\n\n    def _act_on_rest",
        new="            pass\n\n    def _act_on_rest",
        tests=[_E2E + "test_a_stop_does_not_wait_for_the_limit_and_nothing_is_in_doubt"],
    ),
    Mutant(
        name="a site that leaves still waits for new turns",
        file=_PACING,
        old="if each.turns.is_leaving]",
        new="if False]",
        tests=[_LIMITS_TESTS + "test_after_a_site_leaves_only_what_has_its_turn_at_once_is_sent"],
    ),
    Mutant(
        name="a mistake in the thread of the limits holds all requests for ever",
        file=_PACING,
        old="                self._begin_anew()\n",
        new="                return\n",
        tests=[_THREAD_TESTS + "test_a_mistake_in_the_thread_holds_nobody_for_ever"],
    ),
    Mutant(
        name="control requests are not counted",
        file="s3syncd/s3/bucket.py",
        old="        self.turns.sent()\n",
        new="",
        tests=[_OTHER_CLIENTS_TESTS + "test_every_request_of_a_bucket_passes_its_turns"],
    ),
    Mutant(
        name="requests for objects do not pass the limits",
        file="s3syncd/s3/bucket.py",
        old="        return self.turns.paced(request, self._transport.send(request))\n",
        new="        return self._transport.send(request)\n",
        tests=[
            _OTHER_CLIENTS_TESTS + "test_every_request_of_a_bucket_passes_its_turns",
            _E2E + "test_no_more_requests_are_made_than_allowed",
        ],
    ),
    Mutant(
        name="the thread of the limits sends requests itself, and waits where they wait",
        file=_PACING,
        old="        self._tickets.pop(ticket, None)\n        ticket.resume(Later(ticket.start))",
        new="        self._tickets.pop(ticket, None)\n        ticket.start(ticket.resume)",
        tests=[_THREAD_TESTS + "test_waiting_holds_no_worker_and_a_worker_begins_the_request"],
    ),
    Mutant(
        name="a changed limit restarts the site",
        file="s3syncd/supervisor/fleet.py",
        old="    return old.model_copy(update=limits) == new\n",
        new="    return old == new\n",
        tests=[
            "tests/supervisor/test_reload.py::"
            "test_changed_limits_restart_no_site_and_are_in_force_at_once"
        ],
    ),
    Mutant(
        name="a changed limit waits for a restart",
        file="s3syncd/supervisor/fleet.py",
        old="        self._shop.limit(config)\n",
        new="",
        tests=[_E2E + "test_a_reload_changes_the_limit_for_those_that_wait_and_restarts_no_site"],
    ),
    Mutant(
        name="what was not sent because the site stops counts as failed",
        file="s3syncd/site/outcomes.py",
        old='        if outcome.reason == "canceled" and not outcome.is_unknown:\n',
        new="        if False:\n",
        tests=[
            "tests/scenarios/failures/test_retries.py::"
            "test_what_was_not_sent_because_the_site_stops_has_not_failed"
        ],
    ),
    Mutant(
        name="megabits are taken for megabytes",
        file=_RATES,
        old='(word != size and size.endswith("B"))',
        new="(word != size)",
        tests=["tests/config/test_limits.py::test_what_is_no_limit_is_refused_with_what_to_write"],
    ),
    Mutant(
        name="a forgotten unit all but stops the site",
        file=_RATES,
        old="    if rate < LEAST_BYTES_PER_SECOND:\n",
        new="    if rate < 0:\n",
        tests=["tests/config/test_limits.py::test_what_is_no_limit_is_refused_with_what_to_write"],
    ),
    Mutant(
        name="entries that are never reached are accepted",
        file=_RATES,
        old="    if any(each.is_always for each in periods[:-1]):\n",
        new="    if False:\n",
        tests=["tests/config/test_limits.py::test_what_is_no_limit_is_refused_with_what_to_write"],
    ),
]
