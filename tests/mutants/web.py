"""Mutants of what the daemon shows over HTTP, of metrics and of health."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

_APP = "s3syncd/web/app.py"
_SERVER = "s3syncd/web/server.py"
_SIDE = "s3syncd/web/http.py"
_HEALTH = "s3syncd/core/health.py"
_HTTP_TESTS = "tests/web/test_http.py::"
_HEALTH_TESTS = "tests/core/test_health.py::"

MUTANTS = [
    Mutant(
        name="any host name is answered over HTTP",
        file=_APP,
        old="        return host in self._hosts or _is_address(host)\n",
        new="        return True\n",
        tests=[_HTTP_TESTS + "test_a_name_that_somebody_elses_dns_may_point_here_is_refused"],
    ),
    Mutant(
        name="other methods are answered over HTTP",
        file=_APP,
        old='        if environ["REQUEST_METHOD"] not in _METHODS:\n',
        new="        if False:\n",
        tests=[_HTTP_TESTS + "test_nothing_can_be_changed"],
    ),
    Mutant(
        name="pages need no token",
        file=_APP,
        old="        if not is_trusted:\n",
        new="        if False:\n",
        tests=[_HTTP_TESTS + "test_without_the_token_nothing_is_shown"],
    ),
    Mutant(
        name="a probe without the token tells details",
        file=_APP,
        old="if is_shown else word)",
        new=")",
        tests=[_HTTP_TESTS + "test_a_probe_needs_no_token_for_the_bare_verdict"],
    ),
    Mutant(
        name="a part of the token is enough",
        file=_APP,
        old='hmac.compare_digest(given.strip().encode("latin-1"), self._token.encode())',
        new='self._token.encode().startswith(given.strip().encode("latin-1"))',
        tests=[_HTTP_TESTS + "test_without_the_token_nothing_is_shown"],
    ),
    Mutant(
        name="who reads nothing stays connected",
        file=_SERVER,
        old="            if is_idle or began < oldest:\n",
        new="            if began < oldest:\n",
        tests=[_HTTP_TESTS + "test_who_reads_nothing_is_closed"],
    ),
    Mutant(
        name="a request may come byte by byte for ever",
        file=_SERVER,
        old="            if is_idle or began < oldest:\n",
        new="            if is_idle:\n",
        tests=[_HTTP_TESTS + "test_who_does_not_come_to_the_end_of_a_request_is_closed"],
    ),
    Mutant(
        name="connections over HTTP are not bounded",
        file=_SERVER,
        old="connection_limit=connections + _OWN_CHANNELS",
        new="connection_limit=10_000",
        tests=[_HTTP_TESTS + "test_descriptors_are_bounded_however_many_connect"],
    ),
    Mutant(
        name="an exposed address is listened on without a token",
        file=_SIDE,
        old="        if self._is_exposed:\n",
        new="        if False:\n",
        tests=[
            _HTTP_TESTS + "test_an_address_that_others_reach_is_not_listened_on_without_a_token"
        ],
    ),
    Mutant(
        name="a taken port is tried once",
        file=_SIDE,
        old="            self._is_stopping.wait(self._retry_seconds)\n",
        new="            self._is_stopping.wait()\n",
        tests=[_HTTP_TESTS + "test_a_taken_port_is_told_and_tried_again_until_it_is_free"],
    ),
    Mutant(
        name="a live daemon's socket is taken over",
        file="s3syncd/web/sockets.py",
        old="            probe.connect(str(path))\n        except ConnectionRefusedError:\n",
        new="            raise ConnectionRefusedError\n        except ConnectionRefusedError:\n",
        tests=[_HTTP_TESTS + "test_a_socket_of_somebody_who_answers_is_left_alone"],
    ),
    Mutant(
        name="a bucket that cannot be used is healthy",
        file=_HEALTH,
        old="    if state in _HELPLESS:\n",
        new='    if state == "halted":\n',
        tests=[_HEALTH_TESTS + "test_each_trouble_turns_it_red_alone_and_names_the_site"],
    ),
    Mutant(
        name="a site that stands still is healthy",
        file=_HEALTH,
        old="        if still > STILL_SECONDS:\n",
        new="        if False:\n",
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
            "tests/scenarios/test_health.py::"
            "test_a_site_whose_work_stands_still_is_unhealthy_until_it_comes_forward"
        ],
    ),
    Mutant(
        name="a bucket that refuses writes is healthy",
        file="s3syncd/site/counters.py",
        old="            if outcome.reason in _REFUSALS:\n",
        new="            if False:\n",
        tests=[
            "tests/scenarios/test_health.py::"
            "test_a_bucket_that_refuses_a_write_is_unhealthy_until_it_takes_one"
        ],
    ),
    Mutant(
        name="one good write does not end a refusal",
        file="s3syncd/site/counters.py",
        old="            if outcome.effect in _WRITES:\n",
        new="            if False:\n",
        tests=[
            "tests/scenarios/test_health.py::"
            "test_a_bucket_that_refuses_a_write_is_unhealthy_until_it_takes_one"
        ],
    ),
    Mutant(
        name="a site that scans is ready",
        file="s3syncd/core/health.py",
        old='    return status["last_reconcile_at"] is not None or cannot\n',
        new="    return True\n",
        tests=["tests/supervisor/test_view.py::test_readiness_waits_for_every_site_that_can"],
    ),
]
