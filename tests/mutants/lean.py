"""Mutants of what is done without boto3."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

BOUNDS = "s3syncd/s3/bounds.py"
CALLER = "s3syncd/s3/caller.py"
CONTROL = "s3syncd/s3/control.py"
DIRECT = "s3syncd/s3/direct.py"
EVIDENCE = "s3syncd/s3/evidence.py"
LEAN = "s3syncd/s3/lean.py"
PLAIN = "s3syncd/s3/plain.py"
IN_BOUNDS = "tests/s3/contact/test_bounds.py::test_"
IN_REFUSALS = "tests/s3/contact/test_refusals.py::test_"
IN_CALLER = "tests/s3/test_caller.py::test_"
IN_LEAN = "tests/s3/test_lean.py::test_"
IN_LOADED = "tests/e2e/test_loaded.py::test_"
IN_PLAIN = "tests/s3/test_plain.py::test_"

MUTANTS = [
    Mutant(
        name="who asks a question loads boto3 for it",
        file="s3syncd/supervisor/attended.py",
        old="bucket = Bucket(settings, poller=poller)",
        new="bucket = Bucket(settings)",
        tests=[IN_LOADED + "a_question_needs_no_library_of_aws"],
    ),
    Mutant(
        name="a role is passed over and its source's keys are used",
        file=PLAIN,
        old="settings.role_arn or ",
        new="",
        tests=[IN_PLAIN + "whatever_may_mean_something_else_is_left_to_botocore"],
    ),
    Mutant(
        name="variables of AWS that are not known here count for nothing",
        file=PLAIN,
        old="    if not ours.keys() <= _VARIABLES or not all(ours.values()):\n",
        new="    if False:\n",
        tests=[IN_PLAIN + "whatever_may_mean_something_else_is_left_to_botocore"],
    ),
    Mutant(
        name="keys of a profile that are not known here count for nothing",
        file=PLAIN,
        old="    is_known = {*found.config, *found.credentials} <= _OF_PROFILE\n",
        new="    is_known = True\n",
        tests=[IN_PLAIN + "whatever_may_mean_something_else_is_left_to_botocore"],
    ),
    Mutant(
        name="the variables come before a profile that is named",
        file=PLAIN,
        old="    if any(found) and settings.profile is None:\n",
        new="    if any(found):\n",
        tests=[IN_PLAIN + "keys_and_region_come_from_where_botocore_has_them"],
    ),
    Mutant(
        name="any page is a bucket to which contact is made",
        file=LEAN,
        old="        if not prove_contact(answer.headers, answer.body):\n",
        new="        if False:\n",
        tests=[IN_REFUSALS + "a_success_that_lists_nothing_is_no_contact[direct-html]"],
    ),
    Mutant(
        name="any page is a bucket to which boto3 makes contact",
        file=BOUNDS,
        old="        prove_contact({name",
        new="        ({name",
        tests=[IN_REFUSALS + "a_success_that_lists_nothing_is_no_contact[crt-html]"],
    ),
    Mutant(
        name="a bucket is met whose listings have no end that can be told",
        file=EVIDENCE,
        old='    if not headers.keys() & {"content-length", "transfer-encoding"}:\n',
        new="    if False:\n",
        tests=[IN_REFUSALS + "a_store_that_tells_no_length_is_not_met"],
    ),
    Mutant(
        name="a listing need not tell whether it is the last",
        file=EVIDENCE,
        old=' or root.find(f"{namespace}IsTruncated") is None:',
        new=":",
        tests=[IN_REFUSALS + "a_success_that_lists_nothing_is_no_contact"],
    ),
    Mutant(
        name="any document says what became of an upload in parts",
        file=EVIDENCE,
        old="    if operation in _NAMED and name",
        new="    if False and name",
        tests=[IN_LEAN + "half_of_an_answer_is_no_success"],
    ),
    Mutant(
        name="no answer says that there are no parts",
        file=EVIDENCE,
        old="    if not body and operation not in _NAMED:\n",
        new="    if not body:\n",
        tests=[IN_LEAN + "half_of_an_answer_is_no_success"],
    ),
    Mutant(
        name="boto3 believes any answer about uploads in parts",
        file=BOUNDS,
        old="        prove_known(operation, body)\n",
        new="        pass\n",
        tests=[IN_LEAN + "a_success_means_the_same_whoever_asked"],
    ),
    Mutant(
        name="boto3 reads an answer however long it is",
        file=BOUNDS,
        old="        if self._left_bytes < 0 or self._left_tags < 0:",
        new="        if self._left_tags < 0:",
        tests=[IN_BOUNDS + "an_answer_may_be_as_long_as_any_and_no_longer"],
    ),
    Mutant(
        name="boto3 makes gigabytes of tags",
        file=BOUNDS,
        old="        if self._left_bytes < 0 or self._left_tags < 0:",
        new="        if self._left_bytes < 0:",
        tests=[IN_BOUNDS + "an_answer_of_nothing_but_tags_is_not_parsed"],
    ),
    Mutant(
        name="boto3 reads an answer for ever",
        file=BOUNDS,
        old="        if left <= 0:\n",
        new="        if left <= -500:\n",
        tests=[IN_BOUNDS + "a_drip_is_given_up_by_boto3_too"],
    ),
    Mutant(
        name="boto3 reads without bounds",
        file=BOUNDS,
        old="_pool_classes_by_scheme.update(",
        new="_pool_classes_by_scheme.copy().update(",
        tests=[IN_BOUNDS + "all_clients_of_boto3_read_within_bounds"],
    ),
    Mutant(
        name="boto3 follows redirects without end",
        file=BOUNDS,
        old="        if looks > _MOST_LOOKS:\n",
        new="        if False:\n",
        tests=[IN_REFUSALS + "a_redirect_that_leads_nowhere_is_not_followed_for_long"],
    ),
    Mutant(
        name="an answer that drips is waited for without end",
        file=CALLER,
        old="    if now >= deadline:\n",
        new="    if now >= deadline + 500:\n",
        tests=[IN_CALLER + "a_drip_is_given_up"],
    ),
    Mutant(
        name="contexts of authorities pile up",
        file="s3syncd/s3/trust.py",
        old="@lru_cache(_MOST_CONTEXTS)\n",
        new="@lru_cache(None)\n",
        tests=[IN_CALLER + "contexts_of_authorities_that_were_renewed_are_let_go"],
    ),
    Mutant(
        name="an error behind a success is a success of an upload in parts",
        file=CONTROL,
        old='        if root is not None and _name_of(root) == "Error":',
        new="        if False:",
        tests=[IN_LEAN + "a_success_means_the_same_whoever_asked"],
    ),
    Mutant(
        name="what a store says of an upload in parts is told with its token",
        file=CONTROL,
        old="        code, message = hidden(code, self._token), hidden(message, self._token)\n",
        new="",
        tests=[IN_LEAN + "a_refusal_means_the_same_whoever_asked"],
    ),
    Mutant(
        name="the list of parts is not signed",
        file=CALLER,
        old=", body_sha256=sha256(body).hexdigest(),\n",
        new=",\n",
        tests=[IN_LEAN + "what_is_sent_to_complete_is_the_same_and_signed"],
    ),
    Mutant(
        name="a connection that the store has closed is used for a control request",
        file=CALLER,
        old=" and not has_news(link)",
        new="",
        tests=[IN_CALLER + "an_idle_connection_that_was_closed_is_not_used"],
    ),
    Mutant(
        name="a listing loads awscrt",
        file=DIRECT,
        old='    "ListObjectsV2": MAX_PAGE_BYTES,\n',
        new="",
        tests=[IN_LOADED + "small_files_and_static_keys_need_no_library_of_aws[configuration]"],
    ),
]
