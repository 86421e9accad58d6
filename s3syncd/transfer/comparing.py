"""Whether an object holds a file's content: proved equal, proved different, or not proved."""

from __future__ import annotations

from collections.abc import Generator
from enum import Enum
from typing import Any, NamedTuple

from s3syncd.core.digest import is_md5_etag, part_count_of
from s3syncd.core.entry import Action, RemoteEntry
from s3syncd.pool import Start
from s3syncd.s3.reply import etag_may_be_md5, has_own_key
from s3syncd.transfer.digests import (
    is_proved,
    md5_of,
    multipart_etag_of,
    new_md5,
    proof_in,
)
from s3syncd.transfer.kit import Kit
from s3syncd.transfer.looks import decided_again, look_known
from s3syncd.transfer.outcomes import Ended
from s3syncd.transfer.source import Source

__all__ = ["Compared", "Verdict", "compare"]


class Verdict(Enum):
    """What is known of two contents."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNPROVED = "unproved"


class Compared(NamedTuple):
    """The verdict, and the hex MD5 of the file where the whole of it was hashed for that."""

    verdict: Verdict
    md5: str | None


def compare(
    kit: Kit, action: Action, source: Source, remote: RemoteEntry
) -> Generator[Start, Any, Compared]:
    """Hash the file and compare with what the store tells of the object; nothing is fetched.

    Raises:
        Ended: the object is another one by now, or the store did not answer.
        OSError: the file cannot be read.
    """
    compared = yield from _compare_etag(kit, action, source, remote)
    if compared.verdict is Verdict.EQUAL:
        return compared
    verdict = yield from _compare_proof(kit, action, source, remote, compared)
    return Compared(verdict, compared.md5)


def _compare_etag(
    kit: Kit, action: Action, source: Source, remote: RemoteEntry
) -> Generator[Start, Any, Compared]:
    """Compare by ETag alone.

    `DIFFERENT` is what the ETag says if it is made of MD5s, which is not sure.
    """
    if is_md5_etag(remote.etag):
        md5 = yield from md5_of(source)
        return Compared(_equal_if(md5 == remote.etag), md5)
    if part_count_of(remote.etag) is None:
        return Compared(Verdict.UNPROVED, None)
    part_size_bytes = yield from _learn_layout(kit, action, remote)
    if part_size_bytes is None:
        return Compared(Verdict.UNPROVED, None)
    etag = yield from multipart_etag_of(source, part_size_bytes)
    return Compared(_equal_if(etag == remote.etag), None)


def _equal_if(is_equal: bool) -> Verdict:
    return Verdict.EQUAL if is_equal else Verdict.DIFFERENT


def _learn_layout(
    kit: Kit, action: Action, remote: RemoteEntry
) -> Generator[Start, Any, int | None]:
    """Ask for the size of the first part, in bytes; None where it does not fit the ETag.

    Other programs use other part sizes, and a store that knows no parts tells the whole size.
    The answer's ETag says nothing: moto tells that of the part.
    """
    seen = yield from look_known(kit, action, part_number=1)
    if seen is None:
        raise Ended(decided_again(kit, action, action.local, seen, local_state="file"))
    size_bytes = seen.size_bytes
    if not size_bytes or -(-remote.size_bytes // size_bytes) != part_count_of(remote.etag):
        return None
    return size_bytes


def _compare_proof(
    kit: Kit, action: Action, source: Source, remote: RemoteEntry, by_etag: Compared
) -> Generator[Start, Any, Verdict]:
    """Compare by what the store or we ourselves noted of the content, after unequal ETags.

    Where the MD5 of the whole was computed already, nothing is read again for that.
    """
    md5 = by_etag.md5
    seen = yield from look_known(kit, action, with_checksum=True)
    if seen is None or seen.etag != remote.etag:
        raise Ended(decided_again(kit, action, action.local, seen, local_state="file"))
    if kit.etag_is_md5 is True and etag_may_be_md5(seen):
        return Verdict.DIFFERENT  # metadata may have been carried over to other content
    proof = proof_in(seen.headers)
    if proof is None:
        # Of a store whose ETags nobody has seen made, those of whole objects are believed.
        is_believed = kit.etag_is_md5 or (kit.etag_is_md5 is None and md5 is not None)
        is_told = is_believed and not has_own_key(seen)
        return by_etag.verdict if is_told else Verdict.UNPROVED
    if proof.make is new_md5 and md5 is not None:
        return _equal_if(proof.digest.hex() == md5)
    return _equal_if((yield from is_proved(source, proof)))
