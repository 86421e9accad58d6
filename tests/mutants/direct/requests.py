"""Mutants of requests: which are taken, how they are signed, over which connection they go."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

DIRECT = "s3syncd/s3/direct.py"
SIGNING = "s3syncd/s3/signing.py"
IN_ADDRESSES = "tests/s3/direct/test_addresses.py::test_"
IN_ANSWERS = "tests/s3/direct/test_answers.py::test_"
IN_CANCEL = "tests/s3/direct/test_cancel.py::test_"
IN_TAKEN = "tests/s3/direct/test_taken.py::test_"
IN_PEEKS = "tests/s3/direct/test_peeks.py::test_"
IN_REUSE = "tests/s3/direct/test_reuse.py::test_"
IN_SIGNING = "tests/s3/test_signing.py::test_"

MUTANTS = [
    Mutant(
        name="parts go by the CRT",
        file=DIRECT,
        old='    "UploadPart": MAX_BODY_BYTES,\n',
        new="",
        tests=[IN_TAKEN + "what_may_be_long_or_hide_an_error_is_not_taken"],
    ),
    Mutant(
        name="a header may end itself",
        file=DIRECT,
        old="        if not (text.isprintable() and signer.is_sendable):",
        new="        if not signer.is_sendable:",
        tests=[IN_ANSWERS + "a_header_that_would_end_is_refused_and_nothing_is_sent"],
    ),
    Mutant(
        name="a token may end its header",
        file=DIRECT,
        old="        if not (text.isprintable() and signer.is_sendable):",
        new="        if not text.isprintable():",
        tests=[IN_ANSWERS + "a_token_that_would_end_its_header_is_refused"],
    ),
    Mutant(
        name="an idle connection is used however old it is",
        file=DIRECT,
        old="            if now < connection.idle_since + _IDLE_SECONDS:",
        new="            if True:",
        tests=[IN_REUSE + "an_old_idle_connection_is_not_used_and_is_closed"],
    ),
    Mutant(
        name="idle connections stay open",
        file=DIRECT,
        old="            while now >= self._idle[0].idle_since + _IDLE_SECONDS:",
        new="            while False:",
        tests=[IN_REUSE + "an_idle_connection_is_closed_when_its_time_is_over"],
    ),
    Mutant(
        name="an address that is silent is waited for",
        file=DIRECT,
        old="                    connection.try_next(now)\n",
        new="                    pass\n",
        tests=[IN_ADDRESSES + "another_address_is_tried_where_one_is_silent"],
    ),
    Mutant(
        name="a connection outlives the close that did not see it",
        file=DIRECT,
        old="        if self._is_closed:  # `close` may",
        new="        if False:  # `close` may",
        tests=[IN_CANCEL + "a_connection_that_becomes_idle_after_the_close_is_closed"],
    ),
    Mutant(
        name="the answer to a HEAD is waited for to the end of the object",
        file=DIRECT,
        old='has_body=request.method != "HEAD",',
        new="has_body=True,",
        tests=[IN_REUSE + "the_length_in_an_answer_to_a_head_is_not_waited_for"],
    ),
    Mutant(
        name="an object is read though nobody wants it",
        file=DIRECT,
        old='is_cut=request.operation == "GetObject",',
        new="is_cut=False,",
        tests=[IN_PEEKS + "a_store_that_sends_all_of_it_is_not_listened_to"],
    ),
    Mutant(
        name="an object that somebody wants is not read",
        file=DIRECT,
        old="in _MOST_BYTES and not _wants_object(request)",
        new="in _MOST_BYTES",
        tests=[IN_PEEKS + "objects_that_somebody_wants_are_not_read_this_way"],
    ),
    Mutant(
        name="the key of one day signs for ever",
        file=SIGNING,
        old="        if not now.startswith(day.date) or not day.date:",
        new="        if not day.date:",
        tests=[IN_SIGNING + "the_last_second_of_a_day_and_the_first_have_other_scopes"],
    ),
    Mutant(
        name="a query is not put in order for its signature",
        file=SIGNING,
        old='sorted(query.split("&"), key=lambda pair: pair.partition("="))',
        new='query.split("&")',
        tests=[IN_SIGNING + "signature_is_the_one_that_botocore_makes"],
    ),
    Mutant(
        name="a line on which nothing moves is waited for",
        file=DIRECT,
        old="                connection.stall(moved)\n",
        new="                pass\n",
        tests=[
            IN_CANCEL + "a_line_on_which_nothing_moves_is_given_up_and_leaves_the_effect_in_doubt"
        ],
    ),
]
