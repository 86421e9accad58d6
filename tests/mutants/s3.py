"""Mutants of the S3 side."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

REPLY = "tests/s3/test_reply.py::"
CRT = "tests/s3/test_crt_contract.py::"
FAILING_REQUESTS = "tests/s3/test_failing_requests.py::"
PATIENCE = "tests/s3/test_patience.py::"
CERTIFICATES = "tests/s3/contact/test_certificates.py::"
CLIENT = "tests/s3/contact/test_client.py::"
LISTING = "tests/s3/test_listing.py::"

MUTANTS = [
    Mutant(
        name="an answered request stays registered, and with it the CRT's memory for ever",
        file="s3syncd/s3/transport.py",
        old="        self._live.pop(exchange, None)\n        exchange.answer(reply)",
        new="        exchange.answer(reply)",
        tests=[CRT + "test_answered_requests_are_let_go"],
    ),
    Mutant(
        name="a request goes out without Content-Length: stored empty, reported as success",
        file="s3syncd/s3/crt.py",
        old='                ("Content-Length", str(len(body))),\n',
        new="",
        tests=[CRT + "test_content_length_is_told_for_every_request"],
    ),
    Mutant(
        name="the CRT retries on its own",
        file="s3syncd/s3/crt.py",
        old="        return s3.S3RetryConfig(retry_mode=mode.NONE)",
        new="        return s3.S3RetryConfig()",
        tests=[CRT + "test_nothing_is_sent_twice"],
    ),
    Mutant(
        name="all that is asked for is handed to the CRT, where it cannot be cancelled",
        file="s3syncd/s3/transport.py",
        old="len(self._live) < self._window.limit and ",
        new="",
        tests=[CRT + "test_no_more_requests_are_handed_over_than_the_window_bears"],
    ),
    Mutant(
        name="a deadline that passed cancels nothing",
        file="s3syncd/s3/transport.py",
        old="                exchange.is_expired = True\n                request.cancel()",
        new="                exchange.is_expired = True",
        tests=[PATIENCE + "test_stalled_request_is_cancelled_at_its_deadline"],
    ),
    Mutant(
        name="an empty target reaches the CRT and kills the process",
        file="s3syncd/s3/transport.py",
        old='        if not request.target.startswith("/"):',
        new="        if False:",
        tests=[CRT + "test_empty_target_is_refused_because_it_would_kill_the_process"],
    ),
    Mutant(
        name="an answer without ETag counts as stored",
        file="s3syncd/s3/answer.py",
        old='request.needs == "etag" and',
        new='request.needs == "never" and',
        tests=[
            FAILING_REQUESTS
            + "test_put_failure_says_what_it_means_and_whether_it_may_have_been_applied"
        ],
    ),
    Mutant(
        name="a weak ETag is another version than the strong one",
        file="s3syncd/core/digest.py",
        old="""text.removeprefix('W/"').strip""",
        new="text.strip",
        tests=[
            FAILING_REQUESTS + "test_a_weak_etag_asks_for_the_strong_one",
            LISTING + "test_a_weak_etag_is_listed_as_the_version_that_it_names",
        ],
    ),
    Mutant(
        name="a condition that nobody set counts as lost",
        file="s3syncd/s3/answer.py",
        old="    if _is_of_another(request, reply):",
        new="    if False:",
        tests=[REPLY + "test_a_condition_that_a_put_did_not_set_was_not_lost_by_it"],
    ),
    Mutant(
        name="a page that is answered to a look counts as an object",
        file="s3syncd/s3/reads.py",
        old='is_effect=False, needs="etag")',
        new="is_effect=False)",
        tests=[FAILING_REQUESTS + "test_a_page_is_no_object"],
    ),
    Mutant(
        name="an error behind a success counts as carried out",
        file="s3syncd/s3/answer.py",
        old="    elif body and not _is_its_own(request, body):",
        new="    elif False:",
        tests=[FAILING_REQUESTS + "test_a_success_with_somebody_elses_body_is_none"],
    ),
    Mutant(
        name="any document is the result of a deletion",
        file="s3syncd/s3/answer.py",
        old='    "DeleteObject": (b"DeleteObject", b"DeleteResult"),\n',
        new="",
        tests=[REPLY + "test_an_effect_with_a_body_that_is_not_its_own_may_not_have_been_applied"],
    ),
    Mutant(
        name="a blank body makes a success doubtful",
        file="s3syncd/s3/answer.py",
        old="(found[1] or roots[0])",
        new='(found[1] or b"")',
        tests=[REPLY + "test_a_body_that_is_blank_or_the_result_makes_no_doubt"],
    ),
    Mutant(
        name="a look at a part has no ETag",
        file="s3syncd/s3/answer.py",
        old="frozenset({200, 206})",
        new="frozenset({200})",
        tests=[REPLY + "test_a_success_is_one_only_with_all_that_it_must_carry"],
    ),
    Mutant(
        name="an error behind a success shows the token",
        file="s3syncd/s3/transport.py",
        old="        reply = self._without_token(reply)\n",
        new="        reply = reply if error is None else self._without_token(reply)\n",
        tests=[FAILING_REQUESTS + "test_an_error_behind_a_success_does_not_show_the_token"],
    ),
    Mutant(
        name="an effect whose answer was lost counts as not applied",
        file="s3syncd/s3/answer.py",
        old="    if request.is_effect and not is_harmless",
        new="    if False and not is_harmless",
        tests=[
            FAILING_REQUESTS
            + "test_put_failure_says_what_it_means_and_whether_it_may_have_been_applied"
        ],
    ),
    Mutant(
        name="a body that the CRT lost is taken for a listing",
        file="s3syncd/s3/answer.py",
        old='request.needs == "body" and',
        new='request.needs == "never" and',
        tests=[FAILING_REQUESTS + "test_body_that_ends_by_closing_is_no_listing"],
    ),
    Mutant(
        name="keys out of order are believed",
        file="s3syncd/s3/listing.py",
        old="(keys[0] > after and all(map(lt, keys, islice(keys, 1, None))))",
        new="keys[0] > after",
        tests=[LISTING + "test_keys_out_of_order_or_twice_are_noticed"],
    ),
    Mutant(
        name="what stands between two objects is passed over",
        file="s3syncd/s3/contents.py",
        old="sum(map(len, wholes)) != length",
        new="False",
        tests=[LISTING + "test_object_unlike_the_others_is_read_like_any_other"],
    ),
    Mutant(
        name="an entity in a key is taken as it is written",
        file="s3syncd/s3/contents.py",
        old='not ("&" in text or "<" in text',
        new='not ("<" in text',
        tests=[LISTING + "test_object_unlike_the_others_is_read_like_any_other"],
    ),
    Mutant(
        name="objects inside another element are taken for the listing's",
        file="s3syncd/s3/listing.py",
        old='        if len(root.findall(f"{namespace}Contents")) == 1:',
        new="        if True:",
        tests=[LISTING + "test_objects_below_another_element_or_of_another_namespace_are_none"],
    ),
    Mutant(
        name="a listing cut off without a token counts as complete",
        file="s3syncd/s3/listing.py",
        old="    if not token:\n        raise ListingError",
        new="    if not token:\n        return None\n        raise ListingError",
        tests=[LISTING + "test_page_that_cannot_be_believed_is_never_an_empty_one"],
    ),
    Mutant(
        name="an error page counts as an empty listing",
        file="s3syncd/s3/listing.py",
        old="    if wanted and name != wanted:",
        new="    if False:",
        tests=[LISTING + "test_page_that_cannot_be_believed_is_never_an_empty_one"],
    ),
    Mutant(
        name="entities are expanded",
        file="s3syncd/s3/listing.py",
        old='(has_marks and (b"<!DOCTYPE" in body or b"<!ENTITY" in body)) or b"\\0" in body',
        new="False",
        tests=[LISTING + "test_page_that_cannot_be_believed_is_never_an_empty_one"],
    ),
    Mutant(
        name="a wrong region that botocore corrected by itself is not reported",
        file="s3syncd/s3/client.py",
        old='        if settings.region not in {None, "", used}:',
        new="        if False:",
        tests=[
            "tests/s3/contact/test_client.py::"
            "test_wrong_region_is_reported_even_if_a_second_request_finds_the_bucket"
        ],
    ),
    Mutant(
        name="an authority that was renewed in its file is not trusted until a restart",
        file="s3syncd/s3/client.py",
        old="            ca_digest=digest_of(ca_file),\n",
        new="",
        tests=[
            CERTIFICATES
            + "test_an_authority_that_changes_in_its_file_is_trusted_after_the_next_contact"
        ],
    ),
    Mutant(
        name="trust is remembered by the name of its file",
        file="s3syncd/s3/wire.py",
        old="return self.ca_file, self.ca_digest, self.verify_tls",
        new='return self.ca_file, "", self.verify_tls',
        tests=[
            CERTIFICATES
            + "test_an_authority_that_changes_in_its_file_is_trusted_after_the_next_contact"
        ],
    ),
    Mutant(
        name="each contact reads botocore's files again and keeps them",
        file="s3syncd/s3/client.py",
        old='    session.register_component("data_loader", loader)\n',
        new="",
        tests=[CLIENT + "test_what_the_library_reads_from_files_is_read_once"],
    ),
    Mutant(
        name="the shared reader of files looks in more and more places",
        file="s3syncd/s3/client.py",
        old="    loader.search_paths[:] = dict.fromkeys(loader.search_paths)",
        new="    pass",
        tests=[CLIENT + "test_what_the_library_reads_from_files_is_read_once"],
    ),
    Mutant(
        name="an expired certificate is blamed on the authority",
        file="s3syncd/s3/contact.py",
        old='        ("has expired",),',
        new='        ("never",),',
        tests=[CERTIFICATES + "test_each_trouble_with_certificates_has_its_own_words"],
    ),
    Mutant(
        name="unverified certificates are told on standard error between the log's lines",
        file="s3syncd/s3/client.py",
        old='            warnings.filterwarnings("ignore", message="Unverified HTTPS request")\n',
        new="            pass\n",
        tests=[CERTIFICATES + "test_unverified_certificates_are_no_noise_on_standard_error"],
    ),
    Mutant(
        name="the CRT's thread is new to Python with every callback",
        file="s3syncd/s3/exchange.py",
        old="        visits.settle()\n",
        new="",
        tests=[
            "tests/s3/test_visits.py::test_what_a_callback_leaves_in_its_thread_the_next_one_finds"
        ],
    ),
    Mutant(
        name="an end while the request is sent is taken for no connection",
        file="s3syncd/s3/contact.py",
        old="    if any(sign in text for sign in _CLOSED):",
        new="    if False:",
        tests=[
            "tests/s3/contact/test_network.py::"
            "test_an_end_while_the_request_is_sent_is_no_trouble_of_the_network"
        ],
    ),
]
