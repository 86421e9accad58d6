"""The daemon's face of a bucket on the strict store: conditions hold, every key is found again."""

from __future__ import annotations

from typing import Any

import pytest

from s3syncd.core.digest import multipart_etag
from s3syncd.core.retry import FailureKind
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.listing import parse_listing
from s3syncd.s3.reply import S3Failure
from tests.polling import polling
from tests.strict.face import content, kind, md5, put, settings
from tests.strict.fake import FakeStore

MIB = 2**20
OTHER = "0" * 32


def test_what_goes_on_connections_of_our_own_is_signed(store: FakeStore) -> None:
    with polling() as poller:
        face = Bucket(settings(store), poller=poller)
        face.connect()
        assert kind(put(face)) is None
        starts = (face.peek("k"), face.head("k"), face.list_page(""), face.delete("k"))
        assert [kind(face.call(start)) for start in starts] == [None] * 4
        assert kind(face.call(face.peek("k"))) is FailureKind.MISSING
        assert face.close(10)


def test_puts_are_conditional_on_what_was_seen(store: FakeStore, face: Bucket) -> None:
    assert kind(put(face, if_match=OTHER)) is FailureKind.MISSING
    etag = put(face, if_none_match=True).etag
    assert kind(put(face, b"new", if_none_match=True)) is FailureKind.PRECONDITION
    assert kind(put(face, b"new", if_match=OTHER)) is FailureKind.PRECONDITION
    assert content(store) == b"old"
    assert kind(put(face, b"new", if_match=etag)) is None
    assert content(store) == b"new"


def test_deletions_are_conditional_on_what_was_seen(store: FakeStore, face: Bucket) -> None:
    etag = put(face).etag
    assert kind(face.call(face.delete("k", if_match=OTHER))) is FailureKind.PRECONDITION
    assert content(store) == b"old"
    assert kind(face.call(face.delete("k", if_match=etag))) is None
    assert kind(face.call(face.delete("k", if_match=etag))) is FailureKind.MISSING
    assert store.tree("bucket") == {}
    conditions = [event.if_match for event in store.history().of("DeleteObject")]
    assert conditions == [OTHER, etag, etag]


def test_a_copy_is_conditional_on_its_source(store: FakeStore, face: Bucket) -> None:
    etag = put(face).etag
    given: dict[str, Any] = {"storage_class": "STANDARD_IA", "metadata": {"m": "1"}}
    refused = face.call(face.copy_onto_itself("k", etag=OTHER, **given))
    assert kind(refused) is FailureKind.PRECONDITION
    done = face.call(face.copy_onto_itself("k", etag=etag, **given))
    assert (done.failure, done.etag) == (None, etag)
    head = face.call(face.head("k"))
    assert head.headers["x-amz-storage-class"] == "STANDARD_IA"
    assert head.metadata == {"m": "1"}


def test_an_upload_in_parts_is_conditional_at_its_end(store: FakeStore, face: Bucket) -> None:
    old = put(face).etag
    first, last = b"a" * (5 * MIB), b"b"
    upload = face.create_multipart("k", metadata={"mtime": "1.5"})
    parts = [
        (number, face.call(face.upload_part("k", upload, number, body, md5=md5(body))).etag)
        for number, body in ((1, first), (2, last))
    ]
    assert [part.etag for part in face.list_parts("k", upload)] == [etag for _, etag in parts]
    for wrong, expected in (
        ({"if_match": OTHER}, FailureKind.PRECONDITION),
        ({"if_none_match": True}, FailureKind.PRECONDITION),
        ({"size_bytes": 3}, FailureKind.REFUSED),
    ):
        with pytest.raises(S3Failure) as caught:
            face.complete_multipart("k", upload, parts, **wrong)
        assert caught.value.failure.kind is expected
    assert content(store) == b"old"
    with pytest.raises(S3Failure) as caught:
        face.complete_multipart("k", upload, parts[::-1])
    assert caught.value.failure.kind is FailureKind.CONFLICT
    etag = face.complete_multipart("k", upload, parts, if_match=old, size_bytes=5 * MIB + 1)
    assert etag == multipart_etag([md5(first), md5(last)])
    assert content(store) == first + last
    assert face.list_uploads("k") == []
    with pytest.raises(S3Failure) as caught:
        face.complete_multipart("k", upload, parts)
    assert caught.value.failure.kind is FailureKind.MISSING


def test_layout_of_parts_and_checksums_can_be_asked_for(face: Bucket) -> None:
    upload = face.create_multipart("k")
    body = b"a" * (5 * MIB)
    parts = [
        (number, face.call(face.upload_part("k", upload, number, each, md5=md5(each))).etag)
        for number, each in ((1, body), (2, b"b"))
    ]
    face.complete_multipart("k", upload, parts)
    looked = face.call(face.head("k", part_number=1))
    assert (looked.failure, looked.size_bytes, looked.part_count) == (None, 5 * MIB, 2)
    told = face.call(face.head("k", with_checksum=True))
    assert "x-amz-checksum-crc64nvme" in told.headers


KEYS = [
    "a b",
    "a+b",
    "100%",
    "é/ü",
    "til~de",
    "x//y",
    "a/./b",
    "line\nfeed",
    "\x01",
    "😀",
    "*",
    "q?x#y&z",
]


def test_every_key_is_listed_as_it_was_put(store: FakeStore, face: Bucket) -> None:
    for key in KEYS:
        assert put(face, key.encode(), key).failure is None
    seen: list[str] = []
    token: str | None = None
    while True:
        reply = face.call(face.list_page("", token=token, max_keys=5))
        page = parse_listing(reply.body, lambda key: key, after=seen[-1] if seen else "")
        assert page.is_ascending
        seen += [entry.path for entry in page.entries]
        if (token := page.next_token) is None:
            break
    assert seen == sorted(KEYS, key=str.encode) == sorted(store.tree("bucket"))
    for key in KEYS:
        assert face.call(face.delete(key)).failure is None
    assert store.tree("bucket") == {}
