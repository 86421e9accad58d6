"""Mutants of what the daemon shows over HTTP, of metrics and of health."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_APP = "s3syncd/web/app.py"
_SERVER = "s3syncd/web/server.py"
_SIDE = "s3syncd/web/http.py"
_HEALTH = "s3syncd/core/health.py"
_FEED = "s3syncd/web/feed.py"
_ROWS = "s3syncd/web/overview.py"
_APP_TESTS = "tests/web/http/test_application.py::"
_WIRE_TESTS = "tests/web/http/test_connections.py::"
_PLACE_TESTS = "tests/web/http/test_listening.py::"
_BOUNDS_TESTS = "tests/web/events/test_bounds.py::"
_FOLLOWING_TESTS = "tests/web/events/test_following.py::"
_PAGE_TESTS = "tests/web/events/test_page.py::"
_FEED_TESTS = "tests/web/test_feed.py::"
_ROWS_TESTS = "tests/web/test_rows.py::"
_HEALTH_TESTS = "tests/core/test_health.py::"
_IN_SITE = "tests/scenarios/test_health.py::"

MUTANTS = [
    Mutant(
        name="any host name is answered over HTTP",
        file=_APP,
        old="        return host in self._hosts or _is_address(host)\n",
        new="        return True\n",
        tests=[_APP_TESTS + "test_a_name_that_somebody_elses_dns_may_point_here_is_refused"],
    ),
    Mutant(
        name="other methods are answered over HTTP",
        file=_APP,
        old='        if environ["REQUEST_METHOD"] not in _METHODS:\n',
        new="        if False:\n",
        tests=[_APP_TESTS + "test_nothing_can_be_changed"],
    ),
    Mutant(
        name="pages need no token",
        file=_APP,
        old="        if not is_trusted:\n",
        new="        if False:\n",
        tests=[_APP_TESTS + "test_without_the_token_nothing_is_shown"],
    ),
    Mutant(
        name="a probe without the token tells details",
        file=_APP,
        old="if is_shown else word)",
        new=")",
        tests=[_APP_TESTS + "test_a_probe_needs_no_token_for_the_bare_verdict"],
    ),
    Mutant(
        name="a part of the token is enough",
        file=_APP,
        old='hmac.compare_digest(given.strip().encode("latin-1"), self._token.encode())',
        new='self._token.encode().startswith(given.strip().encode("latin-1"))',
        tests=[_APP_TESTS + "test_without_the_token_nothing_is_shown"],
    ),
    Mutant(
        name="who reads nothing stays connected",
        file=_SERVER,
        old="            if is_idle or began < oldest:\n",
        new="            if began < oldest:\n",
        tests=[_WIRE_TESTS + "test_who_reads_nothing_is_closed"],
    ),
    Mutant(
        name="a request may come byte by byte for ever",
        file=_SERVER,
        old="            if is_idle or began < oldest:\n",
        new="            if is_idle:\n",
        tests=[_WIRE_TESTS + "test_who_does_not_come_to_the_end_of_a_request_is_closed"],
    ),
    Mutant(
        name="connections over HTTP are not bounded",
        file=_SERVER,
        old="connection_limit=connections + _OWN_CHANNELS",
        new="connection_limit=10_000",
        tests=[_WIRE_TESTS + "test_descriptors_are_bounded_however_many_connect"],
    ),
    Mutant(
        name="an exposed address is listened on without a token",
        file=_SIDE,
        old="        if self._is_exposed:\n",
        new="        if False:\n",
        tests=[
            _PLACE_TESTS + "test_an_address_that_others_reach_is_not_listened_on_without_a_token"
        ],
    ),
    Mutant(
        name="a taken port is tried once",
        file=_SIDE,
        old="            self._is_stopping.wait(self._retry_seconds)\n",
        new="            self._is_stopping.wait()\n",
        tests=[_PLACE_TESTS + "test_a_taken_port_is_told_and_tried_again_until_it_is_free"],
    ),
    Mutant(
        name="a live daemon's socket is taken over",
        file="s3syncd/web/sockets.py",
        old="            probe.connect(str(path))\n        except ConnectionRefusedError:\n",
        new="            raise ConnectionRefusedError\n        except ConnectionRefusedError:\n",
        tests=[_PLACE_TESTS + "test_a_socket_of_somebody_who_answers_is_left_alone"],
    ),
    Mutant(
        name="a bucket that cannot be used is healthy",
        file=_HEALTH,
        old="    if state in HELPLESS:\n",
        new='    if state == "halted":\n',
        tests=[_HEALTH_TESTS + "test_each_trouble_turns_it_red_alone_and_names_the_site"],
    ),
    Mutant(
        name="a site that stands still is healthy",
        file=_HEALTH,
        old="    if still > STILL_SECONDS:\n",
        new="    if False:\n",
        tests=[_HEALTH_TESTS + "test_each_trouble_turns_it_red_alone_and_names_the_site"],
    ),
    Mutant(
        name="a dead watcher is healthy",
        file=_HEALTH,
        old='    if status["watcher"] == "down" and state',
        new="    if False and state",
        tests=[_HEALTH_TESTS + "test_each_trouble_turns_it_red_alone_and_names_the_site"],
    ),
    Mutant(
        name="requests of the control plane have no metric",
        file="s3syncd/core/tally.py",
        old="        for operation, count in self.control.items():\n",
        new="        for operation, count in ():\n",
        tests=["tests/core/test_tally.py::test_requests_are_classed_as_a_bill_does_it"],
    ),
    Mutant(
        name="everything counts as progress",
        file="s3syncd/site/figures.py",
        old="        if is_at_rest or mark != self._mark:\n",
        new="        if True:\n",
        tests=[
            _IN_SITE + "test_a_site_whose_work_stands_still_is_unhealthy_until_it_comes_forward"
        ],
    ),
    Mutant(
        name="a bucket that refuses writes is healthy",
        file="s3syncd/site/counters.py",
        old="            if outcome.reason in _REFUSALS:\n",
        new="            if False:\n",
        tests=[_IN_SITE + "test_a_bucket_that_refuses_a_write_is_unhealthy_until_it_takes_one"],
    ),
    Mutant(
        name="one good write does not end a refusal",
        file="s3syncd/site/counters.py",
        old="            if outcome.effect in _WRITES:\n",
        new="            if False:\n",
        tests=[_IN_SITE + "test_a_bucket_that_refuses_a_write_is_unhealthy_until_it_takes_one"],
    ),
    Mutant(
        name="a site that scans is ready",
        file="s3syncd/core/health.py",
        old='    return status["last_reconcile_at"] is not None or cannot\n',
        new="    return True\n",
        tests=["tests/supervisor/test_view.py::test_readiness_waits_for_every_site_that_can"],
    ),
    Mutant(
        name="readers of events are not bounded",
        file=_FEED,
        old="            return None\n        return Reader(self, site, seat)\n",
        new="            seat = 0\n        return Reader(self, site, seat)\n",
        tests=[_FEED_TESTS + "test_readers_are_bounded_and_a_seat_that_is_left_is_free"],
    ),
    Mutant(
        name="a reader of events is told everything each second",
        file=_FEED,
        old="    if last is not None and last.value == value:\n",
        new="    if False:\n",
        tests=[_FEED_TESTS + "test_a_reader_is_first_told_everything_and_then_what_changed"],
    ),
    Mutant(
        name="each reader of events has a look of its own",
        file=_FEED,
        old="        if stage is None or self._clock() - stage.taken_at >= self._fresh_seconds:\n",
        new="        if True:\n",
        tests=[_FEED_TESTS + "test_all_readers_of_a_second_share_one_look"],
    ),
    Mutant(
        name="what a slow reader missed is lost to it",
        file=_FEED,
        old="        message, now_given = self._message(stage, number, site, given)\n",
        new="        message, now_given = self._message(\n"
        "            stage, number if number < 0 else stage.number - 1, site, given\n        )\n",
        tests=[_FEED_TESTS + "test_who_missed_some_seconds_is_told_all_that_changed_in_them"],
    ),
    Mutant(
        name="a site in sync is another one each second",
        file=_ROWS,
        old='"was": None if is_in_sync else',
        new='"was": None if False else',
        tests=[_FEED_TESTS + "test_a_site_that_stays_in_sync_is_told_of_once"],
    ),
    Mutant(
        name="all problems of all sites are in one message",
        file=_ROWS,
        old="for problem in _obstacles(status)[:_SHOWN]",
        new="for problem in _obstacles(status)",
        tests=[
            _FEED_TESTS + "test_ten_thousand_problems_in_a_thousand_sites_make_a_bounded_message"
        ],
    ),
    Mutant(
        name="the command for a site is not quoted",
        file="s3syncd/core/advice.py",
        old='f" {shlex.quote(site)}" if',
        new='f" {site}" if',
        tests=[_ROWS_TESTS + "test_each_standing_has_a_level_and_the_command_that_is_wanted"],
    ),
    Mutant(
        name="the page leaves out which file the command wants",
        file=_FEED,
        old='advice = Advice.with_file(overview.daemon.get("config"))',
        new="advice = Advice()",
        tests=[_ROWS_TESTS + "test_commands_are_those_to_be_typed_beside_the_daemon"],
    ),
    Mutant(
        name="messages for a slow reader pile up",
        file=_SERVER,
        old="        if self.total_outbufs_len:\n",
        new="        if False:\n",
        tests=[_BOUNDS_TESTS + "test_a_slow_reader_is_skipped_and_then_told_what_it_missed"],
    ),
    Mutant(
        name="who never reads its events keeps its seat",
        file=_SERVER,
        old="            if now - self._behind_since > behind_seconds:\n",
        new="            if False:\n",
        tests=[_BOUNDS_TESTS + "test_who_does_not_read_at_all_is_closed_and_the_seat_is_free"],
    ),
    Mutant(
        name="what was sent to a reader of events stays in memory",
        file=_SERVER,
        old="        self.current_outbuf_count = self.adj.outbuf_high_watermark\n",
        new="",
        tests=[_BOUNDS_TESTS + "test_of_what_was_sent_nothing_is_kept"],
    ),
    Mutant(
        name="a follower's second request is answered into its stream",
        file=_SERVER,
        old="            del self.requests[1:]  # what",
        new="            pass  # what",
        tests=[_BOUNDS_TESTS + "test_a_follower_that_hangs_up_or_goes_on_asking_loses_its_seat"],
    ),
    Mutant(
        name="a page of somebody else's takes seats",
        file=_APP,
        old='        if environ.get("HTTP_SEC_FETCH_SITE") in _STRANGERS:\n',
        new="        if False:\n",
        tests=[_FOLLOWING_TESTS + "test_a_page_of_somebody_elses_takes_no_seat"],
    ),
    Mutant(
        name="the page may make markup of text",
        file="s3syncd/web/page.py",
        old="            \"require-trusted-types-for 'script'\",\n",
        new="",
        tests=[_PAGE_TESTS + "test_the_page_is_whole_and_its_policy_allows_nothing_else"],
    ),
    Mutant(
        name="in sync is always since now",
        file="s3syncd/site/status.py",
        old="            if not self._was[0]:\n",
        new="            if True:\n",
        tests=[
            "tests/scenarios/test_status.py::"
            "test_it_tells_since_when_it_has_been_in_sync_without_a_break"
        ],
    ),
    Mutant(
        name="the last writes of a site are kept for ever",
        file="s3syncd/site/counters.py",
        old="deque(maxlen=_RECENT)",
        new="deque()",
        tests=["tests/scenarios/test_status.py::test_the_last_writes_are_known_and_are_few"],
    ),
    Mutant(
        name="who waits while no descriptor is free keeps the control thread busy",
        file="s3syncd/web/control.py",
        old="            self._rests_until = self._clock() + _REST_SECONDS\n",
        new="",
        tests=[
            "tests/web/test_no_descriptor.py::test_the_control_socket_rests_and_takes_them_later"
        ],
    ),
    Mutant(
        name="who waits while no descriptor is free keeps the web thread busy",
        file=_SERVER,
        old="            self._rests_until = time.monotonic() + self.rest_seconds\n",
        new="",
        tests=["tests/web/test_no_descriptor.py::test_the_pages_rest_and_take_them_later"],
    ),
]
