"""Mutants of what the daemon tells by itself, and of what it notices of its configuration."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_NOTICES = "s3syncd/core/notices.py"
_BULLETIN = "s3syncd/core/bulletin.py"
_OUTLET = "s3syncd/notify/outlet.py"
_WEBHOOK = "s3syncd/notify/webhook.py"
_HEARTBEAT = "s3syncd/notify/heartbeat.py"
_COMPANIONS = "s3syncd/supervisor/companions.py"
_REREADING = "s3syncd/supervisor/rereading.py"
_CORE_TESTS = "tests/core/test_notices.py::"
_OUTLET_TESTS = "tests/notify/test_outlet.py::"
_WEBHOOK_TESTS = "tests/notify/test_webhook.py::"
_BEAT_TESTS = "tests/notify/test_heartbeat.py::"
_SIDE_TESTS = "tests/supervisor/test_companions.py::"
_FILE_TESTS = "tests/supervisor/test_rereading.py::"
_CONFIG_TESTS = "tests/config/test_telling.py::"
_HEALTH = "s3syncd/core/health.py"
_PENDING = "s3syncd/site/pending.py"
_RETRIES = "s3syncd/site/retries.py"
_HEALTH_TESTS = "tests/core/test_health.py::"
_PENDING_TESTS = "tests/scenarios/test_pending.py::"

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
        name="a file is read while it is being written",
        file=_REREADING,
        old="wait = SETTLED_SECONDS if seen is not None else MISSING_SECONDS",
        new="wait = 0.0 if seen is not None else MISSING_SECONDS",
        tests=[_FILE_TESTS + "test_a_file_that_is_still_being_written_is_left_alone"],
    ),
    Mutant(
        name="a file that is gone for a moment is a change",
        file=_REREADING,
        old="wait = SETTLED_SECONDS if seen is not None else MISSING_SECONDS",
        new="wait = SETTLED_SECONDS",
        tests=[_FILE_TESTS + "test_a_file_that_is_gone_for_a_moment_is_no_change"],
    ),
    Mutant(
        name="every touch of the configuration is a reload",
        file="s3syncd/supervisor/supervisor.py",
        old="if not is_asked and config == self._config and self._reload_error is None:",
        new="if False:",
        tests=[_SIDE_TESTS + "test_a_file_that_changed_in_nothing_that_counts_is_not_reloaded"],
    ),
    Mutant(
        name="addresses are written as they are",
        file="s3syncd/config/models.py",
        old="return frozenset(found.union(*map(references.secrets_in, urls)))",
        new="return frozenset(found)",
        tests=[_CONFIG_TESTS + "test_an_address_is_never_shown"],
    ),
    Mutant(
        name="an address with a secret may stand in a file that everybody may read",
        file="s3syncd/config/references.py",
        old="return is_inline(written) and secrets_in(written) != {written}",
        new="return False",
        tests=[
            _CONFIG_TESTS
            + "test_an_address_with_a_secret_is_refused_in_a_file_that_everybody_may_read"
        ],
    ),
    Mutant(
        name="a log that was rotated is written to for ever",
        file="s3syncd/logs.py",
        old="            if _is_same_file(self._own, self._file):\n",
        new="            if True:\n",
        tests=[
            "tests/logs/test_lines.py::test_a_file_that_was_rotated_is_opened_anew_without_being_told"
        ],
    ),
    Mutant(
        name="whoever breaks the file can ask the daemon nothing",
        file="s3syncd/config/peek.py",
        old="    found = _STATE_DIR.search(text)\n",
        new="    found = None\n",
        tests=["tests/cli/test_status.py::test_the_status_is_told_though_the_file_was_broken"],
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
