"""Guards of what is taken for equal."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_T = "s3syncd/transfer/"
_VERIFY = "tests/transfer/test_verify.py::"
_ADOPT = "tests/transfer/test_adopt.py::"

MUTANTS = [
    Mutant(
        name="the checksum that S3 makes by itself proves nothing",
        file=_T + "digests.py",
        old='    "x-amz-checksum-crc64nvme": Crc64Nvme,\n',
        new="",
        tests=[_ADOPT + "test_checksum_of_the_store_is_a_proof[x-amz-checksum-crc64nvme-<lambda>]"],
    ),
    Mutant(
        name="a verification takes what cannot be proved for equal",
        file=_T + "verify.py",
        old='Verdict.UNPROVED: "unproved"',
        new='Verdict.UNPROVED: ""',
        tests=[_VERIFY + "test_an_object_that_only_a_key_can_tell_of_is_not_proved"],
    ),
    Mutant(
        name="a verification believes what it read of a file that changed",
        file=_T + "verify.py",
        old="        source.check_settled()\n",
        new="",
        tests=[_VERIFY + "test_a_file_with_a_writer_is_not_judged"],
    ),
    Mutant(
        name="a verification judges by a listing that is old",
        file=_T + "verify.py",
        old="    seen = yield from look_at(kit, action)\n",
        new="    seen = None\n",
        tests=[_VERIFY + "test_what_was_put_since_the_listing_is_no_difference"],
    ),
    Mutant(
        name="content is read again for a digest that is known",
        file=_T + "comparing.py",
        old="    if proof.make is new_md5 and md5 is not None:\n",
        new="    if proof is None and md5 == '':\n",
        tests=[_ADOPT + "test_content_is_read_once[our note]"],
    ),
    Mutant(
        name="the layout of a multipart object is assumed",
        file=_T + "comparing.py",
        old="    size_bytes = seen.size_bytes\n",
        new="    size_bytes = 8 * 1024 * 1024\n",
        tests=[_ADOPT + "test_layout_of_parts_is_learnt_and_never_assumed"],
    ),
    Mutant(
        name="unknown content is taken for equal",
        file=_T + "comparing.py",
        old="        return by_etag.verdict if is_told else Verdict.UNPROVED\n",
        new="        return Verdict.EQUAL\n",
        tests=[_ADOPT + "test_no_proof_is_an_upload"],
    ),
    Mutant(
        name="metadata is believed over an ETag that is known to be an MD5",
        file=_T + "comparing.py",
        old="    if kit.etag_is_md5 is True and etag_may_be_md5(seen):\n",
        new="    if seen.failure is not None:\n",
        tests=[_ADOPT + "test_note_carried_over_to_other_content_is_not_believed_over_the_etag"],
    ),
    Mutant(
        name="a checksum of checksums is a proof",
        file=_T + "digests.py",
        old='    if headers.get("x-amz-checksum-type", "").upper() != "COMPOSITE":\n',
        new='    if headers.get("x-amz-checksum-type", "").upper() != "":\n',
        tests=[_ADOPT + "test_checksum_of_checksums_is_no_proof"],
    ),
    Mutant(
        name="a file that changed while it was hashed is adopted",
        file=_T + "adopt.py",
        old="        source.check_settled()\n",
        new="",
        tests=[_ADOPT + "test_file_changed_while_it_was_hashed_is_not_adopted"],
    ),
]
