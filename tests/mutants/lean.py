"""Mutants of what is done without boto3."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

CALLER = "s3syncd/s3/caller.py"
CONTROL = "s3syncd/s3/control.py"
DIRECT = "s3syncd/s3/direct.py"
LEAN = "s3syncd/s3/lean.py"
PLAIN = "s3syncd/s3/plain.py"
IN_CONTACT = "tests/s3/test_contact.py::test_"
IN_LEAN = "tests/s3/test_lean.py::test_"
IN_LOADED = "tests/e2e/test_loaded.py::test_"
IN_PLAIN = "tests/s3/test_plain.py::test_"

MUTANTS = [
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
        old='            document_of(answer.body, "ListBucketResult")\n',
        new="",
        tests=[IN_CONTACT + "refusal_is_explained"],
    ),
    Mutant(
        name="an error behind a success is a success of an upload in parts",
        file=CONTROL,
        old='        if _name_of(root) == "Error":',
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
        tests=[IN_LEAN + "an_idle_connection_that_was_closed_is_not_used"],
    ),
    Mutant(
        name="a listing loads awscrt",
        file=DIRECT,
        old='    "ListObjectsV2": MAX_PAGE_BYTES,\n',
        new="",
        tests=[IN_LOADED + "small_files_and_static_keys_need_no_library_of_aws[configuration]"],
    ),
]
