"""Guards against networks and servers in bad condition."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

FAILURES = "tests/scenarios/test_failures.py::"

MUTANTS = [
    Mutant(
        name="a black hole is each path's trouble, not the bucket's",
        file="s3syncd/core/retry.py",
        old="AWS_IO_SOCKET_NO_ROUTE_TO_HOST AWS_IO_SOCKET_TIMEOUT\n",
        new="AWS_IO_SOCKET_NO_ROUTE_TO_HOST\n",
        tests=["tests/core/test_retry.py::test_meaning_of_a_failure"],
    ),
    Mutant(
        name="a bucket that loses us again and again is asked every second",
        file="s3syncd/site/access.py",
        old="            is_relapse = now - self._contact_at < _RELAPSE_SECONDS",
        new="            is_relapse = False",
        tests=[FAILURES + "test_a_bucket_that_answers_nothing_but_looks_is_asked_ever_less"],
    ),
    Mutant(
        name="a bucket once lost often is always looked at late",
        file="s3syncd/site/access.py",
        old="            is_relapse = now - self._contact_at < _RELAPSE_SECONDS",
        new="            is_relapse = True",
        tests=[FAILURES + "test_a_bucket_that_answers_nothing_but_looks_is_asked_ever_less"],
    ),
    Mutant(
        name="a path pays for the outage of its bucket with a longer pause",
        file="s3syncd/site/retries.py",
        old="delay_seconds(1 if is_sites else attempts,",
        new="delay_seconds(attempts,",
        tests=[FAILURES + "test_a_bucket_that_answers_nothing_but_looks_is_asked_ever_less"],
    ),
    Mutant(
        name="silence is a failure as any other",
        file="s3syncd/transfer/outcomes.py",
        old='        reason, advice = "stalled", _SILENCE_ADVICE',
        new="        pass",
        tests=[FAILURES + "test_a_few_silent_requests_are_the_buckets_trouble"],
    ),
    Mutant(
        name="sixteen silences are waited for",
        file="s3syncd/site/outcomes.py",
        old='"stalled": 4}',
        new='"stalled": 16}',
        tests=[FAILURES + "test_a_few_silent_requests_are_the_buckets_trouble"],
    ),
]
