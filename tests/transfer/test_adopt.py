"""An object is adopted only if its content is proved; without a proof the file is uploaded."""

from __future__ import annotations

import base64
import hashlib
import os
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from s3syncd.core.digest import multipart_etag
from s3syncd.core.entry import Kind, Outcome, Result
from s3syncd.core.retry import FailureKind
from s3syncd.local import pagecache
from s3syncd.s3.crt import crc64nvme
from s3syncd.transfer import TransferSettings
from s3syncd.transfer.digests import Crc64Nvme
from tests.fakes_bucket import failure
from tests.transfer.world import MIB, World, md5

CONTENT = b"some content" * 100
OTHER = CONTENT[:-1] + b"!"
KMS = {"x-amz-server-side-encryption": "aws:kms"}


def b64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "root")
    world.write("a", CONTENT)
    return world


def adopt(world: World) -> Outcome:
    action = world.action("a")
    assert action.kind is Kind.ADOPT
    outcome = world.carry_out(action)
    assert world.bucket.count("put") == 0
    return outcome


def assert_different(outcome: Outcome) -> None:
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "content_differs")
    assert outcome.follow_up is not None
    assert outcome.follow_up.kind is Kind.UPLOAD


def in_parts(content: bytes, size_bytes: int) -> dict[str, Any]:
    parts = [content[n : n + size_bytes] for n in range(0, len(content), size_bytes)]
    return {
        "etag": multipart_etag([hashlib.md5(part).digest() for part in parts]),
        "part_sizes": [len(part) for part in parts],
    }


def test_the_checksum_of_s3_is_the_published_one() -> None:
    """The check value of CRC-64/NVME, in one piece and in two."""
    hash_ = Crc64Nvme()
    hash_.update(memoryview(b"1234"))
    hash_.update(memoryview(b"56789"))
    assert hash_.digest().hex() == "ae8b14860a799888"


def test_equal_md5_etag_is_adopted_without_a_request(world: World) -> None:
    world.bucket.store("p/a", CONTENT)
    outcome = adopt(world)
    assert (outcome.result, outcome.effect) == (Result.DONE, "adopted")
    assert outcome.row == world.row("a")
    assert not world.bucket.requests


def test_other_content_of_equal_size_is_uploaded(world: World) -> None:
    world.bucket.store("p/a", OTHER)
    assert_different(adopt(world))


def test_other_content_is_a_conflict_where_drift_is_held(tmp_path: Path) -> None:
    world = World(tmp_path / "root", on_drift="hold")
    world.write("a", CONTENT)
    world.bucket.store("p/a", OTHER)
    outcome = adopt(world)
    assert outcome.follow_up is not None
    assert outcome.follow_up.kind is Kind.CONFLICT


@pytest.mark.parametrize("size_bytes", [700, 1199, 5000])
def test_layout_of_parts_is_learnt_and_never_assumed(world: World, size_bytes: int) -> None:
    world.bucket.store("p/a", CONTENT, **in_parts(CONTENT, size_bytes))
    outcome = adopt(world)
    assert outcome.effect == "adopted"
    assert outcome.row is not None
    assert outcome.row.etag == world.bucket.objects["p/a"].etag
    assert [told["part_number"] for _, told in world.bucket.requests] == [1]


def test_other_content_in_parts_is_uploaded(world: World) -> None:
    world.bucket.store("p/a", OTHER, **in_parts(OTHER, 700))
    assert_different(adopt(world))


def test_store_that_knows_no_parts_proves_nothing(world: World) -> None:
    """Its answer to partNumber=1 is the size of the whole."""
    world.bucket.store("p/a", CONTENT, etag=in_parts(CONTENT, 700)["etag"])
    assert_different(adopt(world))


@pytest.mark.parametrize(
    ("header", "digest"),
    [
        ("x-amz-checksum-sha256", lambda body: hashlib.sha256(body).digest()),
        ("x-amz-checksum-sha1", lambda body: hashlib.sha1(body).digest()),
        ("x-amz-checksum-crc64nvme", lambda body: crc64nvme(body, 0).to_bytes(8, "big")),
        ("x-amz-checksum-crc32", lambda body: zlib.crc32(body).to_bytes(4, "big")),
        ("x-amz-checksum-md5", lambda body: hashlib.md5(body).digest()),
    ],
)
def test_checksum_of_the_store_is_a_proof(world: World, header: str, digest: Any) -> None:
    equal = {**KMS, header: b64(digest(CONTENT))}
    world.bucket.store("p/a", CONTENT, etag=md5(b"kms"), headers=equal)
    assert adopt(world).effect == "adopted"
    other = {**KMS, header: b64(digest(OTHER))}
    world.bucket.store("p/a", OTHER, etag=md5(b"kms"), headers=other)
    assert_different(adopt(world))
    assert world.bucket.last("head")["with_checksum"] is True


def test_checksum_of_checksums_is_no_proof(world: World) -> None:
    """A composite of one part differs from the whole's, and of an equal text nothing follows."""
    digest = b64(hashlib.sha256(CONTENT).digest())
    headers = {**KMS, "x-amz-checksum-sha256": digest, "x-amz-checksum-type": "COMPOSITE"}
    world.bucket.store("p/a", CONTENT, etag=md5(b"kms"), headers=headers)
    assert_different(adopt(world))


def test_our_own_note_of_the_md5_is_a_proof_where_the_etag_is_none(world: World) -> None:
    noted = {"s3syncd-md5": md5(CONTENT)}
    world.bucket.store("p/a", CONTENT, etag=md5(b"kms"), metadata=noted, headers=KMS)
    assert adopt(world).effect == "adopted"
    noted = {"s3syncd-md5": "not hex"}
    world.bucket.store("p/a", CONTENT, etag=md5(b"kms"), metadata=noted, headers=KMS)
    assert_different(adopt(world))


def test_no_proof_is_an_upload(world: World) -> None:
    world.bucket.store("p/a", CONTENT, etag=md5(b"kms"), headers=KMS)
    assert_different(adopt(world))


def test_note_carried_over_to_other_content_is_not_believed_over_the_etag(world: World) -> None:
    world.transfer = world.make(TransferSettings(world.policy), etag_is_md5=True)
    noted = {"s3syncd-md5": md5(CONTENT)}
    world.bucket.store("p/a", OTHER, metadata=noted)
    assert_different(adopt(world))


def test_object_changed_since_it_was_listed_is_decided_again(world: World) -> None:
    world.bucket.store("p/a", OTHER)
    world.bucket.on("head", lambda: world.bucket.store("p/a", b"a third version"))
    outcome = adopt(world)
    assert (outcome.result, outcome.reason) == (Result.SUPERSEDED, "foreign_change")
    assert outcome.follow_up is not None
    assert outcome.follow_up.remote == world.remote("a")


def test_file_changed_while_it_was_hashed_is_not_adopted(world: World) -> None:
    world.bucket.store("p/a", CONTENT)
    world.while_reading(lambda: world.rewrite("a", CONTENT, keep_mtime=True))
    assert adopt(world).reason == "changed_while_reading"


def test_file_of_another_size_than_listed_is_different(world: World) -> None:
    world.bucket.store("p/a", CONTENT)
    action = world.action("a")
    world.write("a", CONTENT + b"more")
    assert_different(world.carry_out(action))


def test_failing_look_decides_nothing(world: World) -> None:
    world.bucket.store("p/a", OTHER)
    world.bucket.fail("head", failure(FailureKind.THROTTLED, "SlowDown", 503))
    outcome = adopt(world)
    assert (outcome.result, outcome.follow_up) == (Result.RETRYABLE, None)


def test_class_nobody_asked_for_is_recorded_as_such(world: World) -> None:
    world.bucket.store("p/a", CONTENT, storage_class="GLACIER")
    row = adopt(world).row
    assert row is not None
    assert row.storage_class == ""


def test_large_file_is_hashed_a_stretch_at_a_time(world: World) -> None:
    content = bytes(40 * MIB)
    world.write("a", content)
    world.bucket.store("p/a", content)
    assert adopt(world).effect == "adopted"


def bytes_read() -> int:
    """What this process has asked the system to read so far."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])


@pytest.mark.parametrize("kind", ["plain", "in parts", "our note"])
def test_content_is_read_once(world: World, kind: str) -> None:
    content = os.urandom(20 * MIB)
    world.write("big", content)
    fields: dict[str, Any] = {
        "plain": {},
        "in parts": in_parts(content, 5 * MIB),
        "our note": {
            "etag": md5(b"kms"),
            "metadata": {"s3syncd-md5": md5(content)},
            "headers": KMS,
        },
    }[kind]
    world.bucket.store("p/big", content, **fields)
    before = bytes_read()
    assert world.carry_out(world.action("big")).effect == "adopted"
    assert bytes_read() - before < 1.5 * len(content)


def cached_places(fd: int, size_bytes: int) -> int:
    """Count at how many of 40 places a file is in the page cache."""
    os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
    count = 0
    for number in range(40):
        with suppress(BlockingIOError):
            count += os.preadv(fd, [bytearray(1)], number * size_bytes // 40, os.RWF_NOWAIT)
    return count


@pytest.mark.parametrize("was_cached", [True, False])
def test_hashing_leaves_the_page_cache_as_it_was(world: World, was_cached: bool) -> None:
    content = os.urandom(40 * MIB)
    world.write("big", content)
    world.bucket.store("p/big", content)
    with (world.root / "big").open("rb") as file:
        os.fsync(file.fileno())

        def make_cold() -> bool:
            os.pread(file.fileno(), len(content), 0)
            pagecache.drop_read(file.fileno(), 0, len(content))
            return pagecache.is_cold(file.fileno(), len(content))

        if not make_cold():
            pytest.skip("this file system's page cache cannot be looked into")
        os.pread(file.fileno(), len(content), 0)
        if not was_cached:
            pagecache.drop_read(file.fileno(), 0, len(content))
        assert world.carry_out(world.action("big")).effect == "adopted"
        if was_cached:
            assert cached_places(file.fileno(), len(content)) > 30, "the kernel may drop a few"
        else:
            # The kernel keeps what it has not sorted in yet, or writes: a few, on a busy machine.
            assert cached_places(file.fileno(), len(content)) < 10
