"""Mutants that only a store which enforces its rules can tell from the program."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_FACE = "tests/strict/test_bucket_face.py::"
_BUCKET_REFUSALS = "tests/strict/test_bucket_refusals.py::"
_DAEMON = "tests/strict/test_daemon.py::"

MUTANTS = [
    Mutant(
        name="an upload in parts is completed over whatever is there by now",
        file="s3syncd/transfer/multipart.py",
        old="        if_match=condition.if_match,\n",
        new="",
        tests=[
            _DAEMON + "test_a_large_upload_that_holds_drift_loses_to_another_writer_who_came_first"
        ],
    ),
    Mutant(
        name="a completion forgets its condition",
        file="s3syncd/s3/multipart.py",
        old='            extra["IfMatch"] = f\'"{if_match}"\'\n',
        new="            pass\n",
        tests=[_FACE + "test_an_upload_in_parts_is_conditional_at_its_end"],
    ),
    Mutant(
        name="a completion may make an object of another size than the file",
        file="s3syncd/s3/multipart.py",
        old='            extra["MpuObjectSize"] = size_bytes\n',
        new="            pass\n",
        tests=[_FACE + "test_an_upload_in_parts_is_conditional_at_its_end"],
    ),
    Mutant(
        name="content that breaks on its way is stored as it came",
        file="s3syncd/s3/bucket.py",
        old='        headers = (\n            ("content-md5", b64encode(md5).decode()),\n'
        "            *described",
        new="        headers = (\n            *described",
        tests=[_BUCKET_REFUSALS + "test_content_that_breaks_on_its_way_is_not_stored"],
    ),
    Mutant(
        name="an object is copied onto itself whatever it is by now",
        file="s3syncd/s3/bucket.py",
        old='            ("x-amz-copy-source-if-match", f\'"{etag}"\'),\n',
        new="",
        tests=[_FACE + "test_a_copy_is_conditional_on_its_source"],
    ),
    Mutant(
        name="a header is signed by a name that is not lower case",
        file="s3syncd/s3/bucket.py",
        old='headers = (("range", "bytes=0-0"),)',
        new='headers = (("Range", "bytes=0-0"),)',
        tests=[_FACE + "test_what_goes_on_connections_of_our_own_is_signed"],
    ),
]
