"""Mutants of messages, and of when they are sent."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_NOTICES = "s3syncd/core/notices.py"
_BULLETIN = "s3syncd/core/bulletin.py"
_OUTLET = "s3syncd/notify/outlet.py"
_WEBHOOK = "s3syncd/notify/webhook.py"
_HEARTBEAT = "s3syncd/notify/heartbeat.py"
_COMPANIONS = "s3syncd/supervisor/companions.py"
_CORE_TESTS = "tests/core/test_notices.py::"
_OUTLET_TESTS = "tests/notify/test_outlet.py::"
_WEBHOOK_TESTS = "tests/notify/test_webhook.py::"
_BEAT_TESTS = "tests/notify/test_heartbeat.py::"
_SIDE_TESTS = "tests/supervisor/test_companions.py::"
_REFUSED_TEST = _SIDE_TESTS + "test_a_file_that_is_refused_for_long_is_posted_and_so_is_its_end"

MUTANTS = [
    Mutant(
        name="a configuration that is good again is told to nobody",
        file=_COMPANIONS,
        old="        yield _DAEMON, [Check(",
        new="        if error:\n            yield _DAEMON, [Check(",
        tests=[_REFUSED_TEST],
    ),
    Mutant(
        name="a daemon that refuses a file is said to stand still",
        file=_BULLETIN,
        old='    if reason == "config_refused":',
        new="    if False:",
        tests=[_REFUSED_TEST],
    ),
    Mutant(
        name="a site that goes to and fro is told of each time",
        file=_NOTICES,
        old="REMIND_SECONDS if known.is_told else self._interval_seconds",
        new="REMIND_SECONDS if known.is_told else 0.0",
        tests=[_CORE_TESTS + "test_a_site_that_goes_to_and_fro_is_told_of_once_in_the_interval"],
    ),
    Mutant(
        name="a message leaves out which file its command wants",
        file=_COMPANIONS,
        old="Advice.with_file(config.path)",
        new="Advice()",
        tests=[_SIDE_TESTS + "test_what_is_told_names_the_file_of_the_daemon"],
    ),
    Mutant(
        name="a good moment ends an outage",
        file=_NOTICES,
        old="now - known.away_at >= CALM_SECONDS\n        if was_over",
        new="True\n        if was_over",
        tests=[_CORE_TESTS + "test_a_good_moment_in_a_long_outage_is_no_end_of_it"],
    ),
    Mutant(
        name="troubles of the past are remembered for ever",
        file=_NOTICES,
        old="        self._forget(names, now)\n",
        new="",
        tests=[_CORE_TESTS + "test_sites_that_are_gone_and_troubles_that_are_over_are_forgotten"],
    ),
    Mutant(
        name="a message grows with the sites",
        file=_BULLETIN,
        old="for each in ordered[:MAX_LISTED]]",
        new="for each in ordered]",
        tests=[_CORE_TESTS + "test_a_thousand_notices_are_one_document_of_bounded_size"],
    ),
    Mutant(
        name="a server's words may mention everybody",
        file=_BULLETIN,
        old='_escaped("\\n" + _line(*rest[0]))',
        new='"\\n" + _line(*rest[0])',
        tests=[_CORE_TESTS + "test_words_of_a_server_are_no_mention_and_no_link"],
    ),
    Mutant(
        name="notices that nobody takes are heaped up",
        file=_WEBHOOK,
        old="while len(self._waiting) > MAX_WAITING:",
        new="while False:",
        tests=[_WEBHOOK_TESTS + "test_of_too_much_the_oldest_goes_and_is_counted"],
    ),
    Mutant(
        name="notices are dropped when they are not taken",
        file=_WEBHOOK,
        old="            self._failed(error, now)\n            return\n",
        new="            self._failed(error, now)\n",
        tests=[_WEBHOOK_TESTS + "test_what_nobody_takes_waits_and_is_posted_again"],
    ),
    Mutant(
        name="messages follow one another without a pause",
        file=_WEBHOOK,
        old="        self._next_at = now + SPACING_SECONDS\n",
        new="",
        tests=[_WEBHOOK_TESTS + "test_what_is_found_one_after_the_other_is_a_few_messages"],
    ),
    Mutant(
        name="a server may ask for silence for ever",
        file=_WEBHOOK,
        old="now + min(pause, _LONGEST_PAUSE_SECONDS)",
        new="now + pause",
        tests=[_WEBHOOK_TESTS + "test_a_server_cannot_ask_for_silence_for_ever"],
    ),
    Mutant(
        name="secrets are posted",
        file=_WEBHOOK,
        old="json.dumps(self._redaction(told))",
        new="json.dumps(told)",
        tests=[_WEBHOOK_TESTS + "test_no_secret_is_told"],
    ),
    Mutant(
        name="a heartbeat goes on while something is wrong",
        file=_HEARTBEAT,
        old="if not self._is_well() or not self._ping(now):",
        new="if not self._ping(now):",
        tests=[_BEAT_TESTS + "test_nothing_is_sent_while_something_is_wrong"],
    ),
    Mutant(
        name="a daemon that ends at each start looks alive",
        file=_HEARTBEAT,
        old="now + min(FIRST_SECONDS, self._interval_seconds)",
        new="now",
        tests=[_BEAT_TESTS + "test_a_daemon_that_ends_as_it_starts_never_looked_alive"],
    ),
    Mutant(
        name="a heartbeat does not ask whether the loops turn",
        file=_COMPANIONS,
        old="return self._view.live().is_good and self._view.health().is_good",
        new="return self._view.health().is_good",
        tests=[_SIDE_TESTS + "test_pings_stop_while_the_daemon_is_unhealthy_or_a_loop_is_stuck"],
    ),
    Mutant(
        name="a server that drips is never cut off",
        file=_OUTLET,
        old="                _cut(stream)\n",
        new="                pass\n",
        tests=[_OUTLET_TESTS + "test_a_server_that_drips_is_cut_off"],
    ),
    Mutant(
        name="any certificate is trusted",
        file=_OUTLET,
        old="self._context or ssl.create_default_context()",
        new="self._context or ssl._create_unverified_context()",
        tests=[_OUTLET_TESTS + "test_a_certificate_is_verified"],
    ),
    Mutant(
        name="redirects are followed",
        file=_OUTLET,
        old="        Plain(),\n",
        new="        Plain(),\n        urllib.request.HTTPRedirectHandler(),\n",
        tests=[_OUTLET_TESTS + "test_no_redirect_is_followed"],
    ),
    Mutant(
        name="each look at a burst is a message of its own",
        file=_WEBHOOK,
        old="max(self._next_at, now + GATHER_SECONDS)",
        new="self._next_at",
        tests=[_WEBHOOK_TESTS + "test_what_is_found_at_once_or_a_little_later_is_one_message"],
    ),
    Mutant(
        name="a turn that fails is the last",
        file="s3syncd/supervisor/rounds.py",
        old="                pause = self._again_seconds\n",
        new="                return\n",
        tests=[
            "tests/supervisor/test_rounds.py::test_a_turn_that_fails_is_told_and_is_not_the_last"
        ],
    ),
]
