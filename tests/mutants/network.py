"""Guards against networks and servers in bad condition."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

CRT = "tests/s3/test_crt_contract.py::"
PATIENCE = "tests/s3/test_patience.py::"
BUCKET = "tests/scenarios/failures/test_bucket.py::"

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
        old="            is_relapse = now - self._contact_at < _RELAPSE_SECONDS and not has_served",
        new="            is_relapse = False",
        tests=[BUCKET + "test_a_bucket_that_answers_nothing_but_looks_is_asked_ever_less"],
    ),
    Mutant(
        name="a bucket once lost often is always looked at late",
        file="s3syncd/site/access.py",
        old="            is_relapse = now - self._contact_at < _RELAPSE_SECONDS and not has_served",
        new="            is_relapse = True",
        tests=[BUCKET + "test_a_bucket_that_answers_nothing_but_looks_is_asked_ever_less"],
    ),
    Mutant(
        name="a bucket that serves between its losses is asked ever less",
        file="s3syncd/site/access.py",
        old=" < _RELAPSE_SECONDS and not has_served",
        new=" < _RELAPSE_SECONDS",
        tests=[BUCKET + "test_a_bucket_that_serves_between_its_losses_is_asked_soon"],
    ),
    Mutant(
        name="a path pays for the outage of its bucket with a longer pause",
        file="s3syncd/site/retries.py",
        old="delay_seconds(1 if is_sites else attempts,",
        new="delay_seconds(attempts,",
        tests=[BUCKET + "test_a_bucket_that_answers_nothing_but_looks_is_asked_ever_less"],
    ),
    Mutant(
        name="silence is a failure as any other",
        file="s3syncd/transfer/outcomes.py",
        old='        reason, advice = "stalled", _SILENCE_ADVICE',
        new="        pass",
        tests=[BUCKET + "test_a_few_silent_requests_are_the_buckets_trouble"],
    ),
    Mutant(
        name="sixteen silences are waited for",
        file="s3syncd/site/outcomes.py",
        old='"stalled": 4}',
        new='"stalled": 16}',
        tests=[BUCKET + "test_a_few_silent_requests_are_the_buckets_trouble"],
    ),
    Mutant(
        name="the narrowest window sends one request after the other to a store that refuses",
        file="s3syncd/core/window.py",
        old="            self._refusals = min(self._refusals + 1, _MOST_REFUSALS)",
        new="            pass",
        tests=[
            "tests/core/test_retry.py::test_a_window_that_cannot_get_narrower_rests_ever_longer"
        ],
    ),
    Mutant(
        name="a rest that is due is not taken",
        file="s3syncd/s3/transport.py",
        old=" and self._clock() >= self._rest_until",
        new="",
        tests=[PATIENCE + "test_a_store_that_asks_for_less_of_one_is_left_in_peace_for_a_while"],
    ),
    Mutant(
        name="nothing goes on after a rest",
        file="s3syncd/s3/transport.py",
        old="            self._direct.expire(now)\n        self._pump()\n",
        new="            self._direct.expire(now)\n",
        tests=[PATIENCE + "test_a_store_that_asks_for_less_of_one_is_left_in_peace_for_a_while"],
    ),
    Mutant(
        name="a command that waits for an answer waits for ever after a rest",
        file="s3syncd/s3/bucket.py",
        old="            self.expire(self._clock())  # nobody",
        new="            pass  # nobody",
        tests=[PATIENCE + "test_a_call_that_blocks_sees_its_own_rests_end"],
    ),
    Mutant(
        name="every control call may hold a worker for five minutes",
        file="s3syncd/s3/settings.py",
        old="CONTROL_READ_TIMEOUT_SECONDS: Final = 60",
        new="CONTROL_READ_TIMEOUT_SECONDS: Final = 300",
        tests=[
            "tests/s3/contact/test_client.py::test_only_completing_an_upload_may_be_silent_for_minutes"
        ],
    ),
    Mutant(
        name="an answer that trickles in keeps its request for ever",
        file="s3syncd/s3/transport.py",
        old="                if now >= deadline + BODY_PATIENCE_SECONDS:",
        new="                if False:",
        tests=[PATIENCE + "test_an_answer_that_has_begun_gets_more_time_and_then_is_given_up"],
    ),
    Mutant(
        name="an answer that has begun gets no more time than none",
        file="s3syncd/s3/transport.py",
        old="                if now >= deadline + BODY_PATIENCE_SECONDS:",
        new="                if True:",
        tests=[PATIENCE + "test_an_answer_that_has_begun_gets_more_time_and_then_is_given_up"],
    ),
    Mutant(
        name="a request that was given up is answered again when the CRT is done with it",
        file="s3syncd/s3/exchange.py",
        old="            resume = self._resume.pop()",
        new="            resume = self._resume[0]",
        tests=[PATIENCE + "test_an_answer_that_has_begun_gets_more_time_and_then_is_given_up"],
    ),
    Mutant(
        name="a server that answers nothing is no trouble where one file changed",
        file="s3syncd/site/outcomes.py",
        old="            self._silence.met(_told(outcome), outcome.hint)\n",
        new="            pass\n",
        tests=[
            "tests/scenarios/test_bucket_gone.py::test_one_silence_and_no_sign_of_life_are_the_buckets_trouble"
        ],
    ),
    Mutant(
        name="one object that hangs is the bucket's trouble",
        file="s3syncd/site/silence.py",
        old="message.answer is False",
        new="True",
        tests=[
            "tests/scenarios/test_bucket_gone.py::test_one_object_that_hangs_is_not_the_buckets_trouble"
        ],
    ),
    Mutant(
        name="a refused sign of life is none",
        file="s3syncd/site/silence.py",
        old="failure is None or failure.status is not None or ",
        new="failure is None or ",
        tests=["tests/scenarios/test_bucket_gone.py::test_a_refused_sign_of_life_is_an_answer"],
    ),
    Mutant(
        name="an answer meanwhile speaks for nothing",
        file="s3syncd/site/silence.py",
        old="        self._is_void = self._is_asked\n",
        new="",
        tests=[
            "tests/scenarios/test_bucket_gone.py::test_an_answer_meanwhile_speaks_for_the_bucket"
        ],
    ),
]
