"""Guards of the command line and the control socket."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_REQUESTS = "tests/web/control/test_requests.py"
_SOCKET = "tests/web/control/test_socket.py"
_CHECK = "tests/cli/test_check.py"
_PLAN = "tests/cli/test_plan.py"
_RESET = "tests/cli/test_reset.py"

MUTANTS = [
    Mutant(
        name="the control socket is open to everybody",
        file="s3syncd/web/control.py",
        old="            self._path.chmod(0o600)\n",
        new="            self._path.chmod(0o666)\n",
        tests=[f"{_SOCKET}::test_the_socket_is_for_its_owner_only"],
    ),
    Mutant(
        name="a socket another daemon answers at is taken over",
        file="s3syncd/web/control.py",
        old="                probe.connect(address)\n",
        new="                raise ConnectionRefusedError\n",
        tests=[f"{_SOCKET}::test_a_socket_somebody_answers_at_is_not_taken_over"],
    ),
    Mutant(
        name="a file in the socket's place is deleted",
        file="s3syncd/web/control.py",
        old="        if not stat.S_ISSOCK(mode):\n",
        new="        if not stat.S_ISSOCK(mode) and not self._path.unlink() and False:\n",
        tests=[f"{_SOCKET}::test_a_file_in_the_way_is_left_alone"],
    ),
    Mutant(
        name="a request may be of any length",
        file="s3syncd/web/control.py",
        old="or len(connection.inbound) > MAX_REQUEST_BYTES:\n",
        new="and False:\n",
        tests=[f"{_REQUESTS}::test_an_oversized_request_is_refused_and_the_connection_ends"],
    ),
    Mutant(
        name="a silent client keeps its place for ever",
        file="s3syncd/web/control.py",
        old="if each.deadline <= now]:",
        new="if each.deadline < 0]:",
        tests=[f"{_REQUESTS}::test_silent_clients_lose_their_places_to_those_who_wait"],
    ),
    Mutant(
        name="any argument is passed on to the daemon",
        file="s3syncd/web/control.py",
        old="            if not isinstance(value, COMMANDS[name].get(key, type(None))):\n",
        new="            if value is None:\n",
        tests=[
            f"{_REQUESTS}::test_a_request_that_makes_no_sense_is_refused_and_reaches_nobody",
        ],
    ),
    Mutant(
        name="reset does not mind a running daemon",
        file="s3syncd/cli/reset.py",
        old="    return StateLock(state_dir)\n",
        new='    return StateLock(state_dir / "elsewhere")\n',
        tests=[f"{_RESET}::test_reset_refuses_while_the_daemon_runs"],
    ),
    Mutant(
        name="reset destroys the ledger instead of setting it aside",
        file="s3syncd/cli/reset.py",
        old="    return folder.rename(aside)\n",
        new="    shutil.rmtree(folder)\n    return aside\n",
        tests=[f"{_RESET}::test_reset_sets_the_ledger_aside_and_touches_nothing_else"],
    ),
    Mutant(
        name="what is held is told after what is merely behind",
        file="s3syncd/core/standing.py",
        old='    if any(map(waits_for_person, listed)):\n',
        new='    if all(map(waits_for_person, listed)):\n',
        tests=["tests/cli/test_exits.py"
               "::test_the_exit_code_tells_what_waits_for_a_person_first"],
    ),
    Mutant(
        name="drift that waits for a person is merely behind",
        file="s3syncd/core/standing.py",
        old='if reason in {"drift", "silent_change"}',
        new='if reason == "silent_change"',
        tests=["tests/cli/test_exits.py"
               "::test_the_exit_code_tells_what_waits_for_a_person_first"],
    ),
    Mutant(
        name="status waits for what only a person can end",
        file="s3syncd/cli/settled.py",
        old="        if any(map(waits_for_person, sites)):\n",
        new="        if False:\n",
        tests=["tests/cli/test_waits.py"
               "::test_status_does_not_wait_for_a_site_that_waits_for_a_person"],
    ),
    Mutant(
        name="the schema refuses what loads",
        file="s3syncd/config/schema.py",
        old='_TEXT: Final = ["string", "number"]',
        new='_TEXT: Final = ["string"]',
        tests=["tests/cli/test_config.py"
               "::test_the_schema_is_never_stricter_than_the_program"],
    ),
    Mutant(
        name="a watched status leaves the terminal as it drew it",
        file="s3syncd/cli/watch.py",
        old="            self._write(_LEAVE + ",
        new="            self._write(",
        tests=["tests/cli/test_watch.py"
               "::test_on_a_terminal_a_picture_takes_the_place_of_the_one_before"],
    ),
    Mutant(
        name="a store that is not AWS is given the prices of AWS",
        file="s3syncd/core/cost.py",
        old="    if not is_aws:\n",
        new="    if is_aws is None:\n",
        tests=["tests/core/test_cost.py::test_a_store_that_is_not_aws_has_requests_and_no_price"],
    ),
    Mutant(
        name="listing too often is no warning",
        file="s3syncd/core/cost.py",
        old="    if amount < DEAR_DOLLARS:\n",
        new="    if amount >= 0:\n",
        tests=["tests/core/test_cost.py"
               "::test_listing_too_often_is_a_warning_with_what_a_day_would_cost"],
    ),
    Mutant(
        name="deletion without versions is no warning",
        file="s3syncd/s3/keeping.py",
        old="    if not is_retiring:\n",
        new="    if is_retiring is not None:\n",
        tests=["tests/cli/test_check_keeping.py"
               "::test_deleting_where_no_versions_are_kept_is_a_warning"],
    ),
    Mutant(
        name="unfinished uploads that no rule ends are not told",
        file="s3syncd/s3/keeping.py",
        old="    if has_rules and not any(",
        new="    if not has_rules and not any(",
        tests=["tests/cli/test_check_keeping.py"
               "::test_unfinished_uploads_that_no_rule_ends_are_a_warning"],
    ),
    Mutant(
        name="a file system without events is not told",
        file="s3syncd/local/probe.py",
        old="    if not kind or is_local(kind):\n",
        new="    if kind:\n",
        tests=["tests/cli/test_check_root.py"
               "::test_a_filesystem_without_events_is_a_warning_with_the_remedy"],
    ),
    Mutant(
        name="listings are charged like uploads",
        file="s3syncd/core/tally.py",
        old='    "ListObjectsV2": "list",\n',
        new='    "ListObjectsV2": "write",\n',
        tests=["tests/core/test_tally.py::test_requests_are_classed_as_a_bill_does_it"],
    ),
    Mutant(
        name="a word that nobody foresaw makes a series of its own",
        file="s3syncd/metrics.py",
        old='        found[reason if reason in found else "other"] += count\n',
        new="        found[reason] = found.get(reason, 0) + count\n",
        tests=["tests/test_metrics.py"
               "::test_a_scrape_grows_with_the_sites_and_with_nothing_else"],
    ),
    Mutant(
        name="a watch of many sites leaves out those that need somebody",
        file="s3syncd/cli/status.py",
        old="(not waits_for_person(site), site[\"in_sync\"]))",
        new="0)",
        tests=["tests/cli/test_watch.py"
               "::test_of_many_sites_those_that_need_somebody_are_shown"],
    ),
    Mutant(
        name="check as JSON succeeds whatever it found",
        file="s3syncd/cli/check.py",
        old='    is_failed = any(each["verdict"] == Verdict.FAILED for each in listed)\n',
        new="    is_failed = False\n",
        tests=[f"{_CHECK}::test_check_as_json_has_every_finding_and_the_same_exit_code"],
    ),
    Mutant(
        name="a name that drives the terminal is offered to the shell",
        file="s3syncd/cli/completion.py",
        old=" if name == printable(name)]",
        new="]",
        tests=["tests/cli/test_completion.py"
               "::test_a_name_that_would_drive_the_terminal_is_not_offered"],
    ),
    Mutant(
        name="what was not done of a paused site is success",
        file="s3syncd/core/standing.py",
        old="    return NOT_IN_SYNC if code == IN_SYNC and is_paused else code\n",
        new="    return code\n",
        tests=["tests/core/test_standing.py"
               "::test_work_of_a_paused_site_was_not_done_though_it_is_in_sync"],
    ),
    Mutant(
        name="a plan that nobody reads to its end keeps the bucket",
        file="s3syncd/cli/plan.py",
        old="        with closing(site):\n            yield site\n",
        new="        yield site\n",
        tests=[f"{_PLAN}::test_a_plan_whose_reader_leaves_lets_go_of_the_bucket"],
    ),
    Mutant(
        name="programs are told commands with placeholders",
        file="s3syncd/cli/status.py",
        old="json.dumps(advice_of(arguments).spoken(status), indent=2)",
        new="json.dumps(status, indent=2)",
        tests=["tests/cli/test_advice.py::test_a_program_is_told_whole_commands_too"],
    ),
    Mutant(
        name="what nobody has listed is advised to be approved",
        file="s3syncd/core/advice.py",
        old="            if not held_list:\n",
        new="            if False:\n",
        tests=["tests/core/test_advice.py"
               "::test_what_is_not_known_stays_out_or_stays_a_placeholder"],
    ),
    Mutant(
        name="a state directory of another daemon is fine",
        file="s3syncd/cli/daemon_probes.py",
        old="    if holder.is_of(config):\n",
        new="    if True:\n",
        tests=["tests/cli/test_check_daemon.py"
               "::test_a_state_directory_that_a_daemon_has_is_told_by_whose_daemon_it_is"],
    ),
    Mutant(
        name="an address is looked at by taking away what stands there",
        file="s3syncd/web/sockets.py",
        old="    _is_stale(path)\n    descriptor",
        new="    _is_stale(path) and path.unlink()\n    descriptor",
        tests=["tests/cli/test_check_daemon.py"
               "::test_a_socket_to_listen_on_is_told_if_taken_and_left_alone_if_not"],
    ),
    Mutant(
        name="a plan that could not be made says that there is nothing to do",
        file="s3syncd/cli/plan.py",
        old="    if not site.is_whole:\n",
        new="    if False:\n",
        tests=[
            "tests/cli/test_plan.py"
            "::test_a_plan_that_could_not_be_made_claims_nothing"
        ],
    ),
    Mutant(
        name="a probe leaves behind what it made",
        file="s3syncd/local/writable.py",
        old="        shutil.rmtree(made, ignore_errors=True)\n",
        new="        pass\n",
        tests=["tests/cli/test_check_places.py::test_everything_is_tried_and_nothing_stays_behind"],
    ),
    Mutant(
        name="a file name can drive the terminal",
        file="s3syncd/cli/wording.py",
        old="(letter if letter.isprintable() else",
        new="(letter if letter else",
        tests=["tests/cli/test_render.py::test_foreign_text_cannot_drive_the_terminal"],
    ),
    Mutant(
        name="the configuration before the command is lost",
        file="s3syncd/cli/main.py",
        old="        default=argparse.SUPPRESS,\n",
        new="        default=_DEFAULT_CONFIG,\n",
        tests=["tests/cli/test_main.py"
               "::test_the_configuration_may_stand_before_or_after_the_command"],
    ),
    Mutant(
        name="check leaves behind what a store should have refused",
        file="s3syncd/s3/probe.py",
        old='        left = "" if failure else self._remove(answer)\n',
        new='        left = ""\n',
        tests=["tests/cli/test_check_bucket.py"
               "::test_a_store_that_ignores_conditions_is_told_and_cleaned_up"],
    ),
    Mutant(
        name="check does not abort the upload it began",
        file="s3syncd/s3/probe.py",
        old='        _, failure = self._ask("abort_multipart_upload", **upload)\n',
        new="        failure = None\n",
        tests=["tests/cli/test_check_bucket.py"
               "::test_check_probes_a_real_server_and_leaves_nothing_behind"],
    ),
    Mutant(
        name="check believes a store that an upload is gone",
        file="s3syncd/s3/probe.py",
        old="        if failure.status == 404 and not self._is_left(upload):\n",
        new="        if failure.status == 404:\n",
        tests=["tests/cli/test_check_bucket.py"
               "::test_an_upload_said_to_be_gone_that_is_there_is_left_behind"],
    ),
]  # fmt: skip
