"""A store that means harm: what it answers is believed, or refused in few words; never more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3syncd.core.paths import Scope
from s3syncd.errors import SiteUnavailable
from s3syncd.s3.bucket import Bucket, BucketSettings
from s3syncd.s3.exchange import MAX_KEPT_BYTES, Exchange
from s3syncd.s3.listing import ListingError, ListingPage, parse_listing
from s3syncd.s3.reply import Reply, S3Failure
from s3syncd.s3.wire import WireRequest
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY, StubServer, respond, stub_server

_XML = (("Content-Type", "application/xml"),)
_FEW_CHARACTERS = 1000  # of what anybody is told: bounded, whatever the store says
_SCOPE = Scope(prefix="p/", exclusions=[], inclusions=[])


# --- listings ------------------------------------------------------------------------------------


def row(key: str, size: str = "1") -> str:
    return f'<Contents><Key>{key}</Key><Size>{size}</Size><ETag>"e"</ETag></Contents>'


def page_of(*rows: str, before: str = "") -> bytes:
    inside = f"<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>{''.join(rows)}"
    return f"{before}<ListBucketResult>{inside}</ListBucketResult>".encode()


def read(body: bytes) -> ListingPage:
    return parse_listing(body, _SCOPE.path_for, plain_paths=_SCOPE.plain_paths)


_OUTSIDE = [
    "../etc/passwd", "/etc/passwd", "a/../../b", "a/..", "..", ".", "./a", "a//b", "a/./b", "/",
    "%2e%2e/etc/passwd", "..%2Fetc%2Fpasswd", "%2Fetc/passwd", "a%00b", "%00", "a%00/../b",
    "%ED%A0%80", "%FF%FE", "a/%2E%2E/%2E%2E/b", "d/", "",
]  # fmt: skip


@pytest.mark.parametrize("beside", ["plain", "odd%1B"])
def test_key_that_names_nothing_below_the_root_is_nobodys(beside: str) -> None:
    keys = [*_OUTSIDE, "good"]
    page = read(page_of(*(row(f"p/{key}") for key in keys), row(f"p/{beside}")))
    assert [entry.path for entry in page.entries] == ["good", beside.replace("%1B", "\x1b")]
    assert page.foreign_keys == len(_OUTSIDE)


@pytest.mark.parametrize("odd", ["a%0Ab", "a&#10;b", "a\nb", "a%0D%0Ab", "a&#13;b%20c", "a%7Fb"])
def test_key_with_a_control_character_is_one_key_and_not_two(odd: str) -> None:
    page = read(page_of(row("p/first%20one"), row(f"p/{odd}", "7"), row("p/z")))
    assert [entry.size_bytes for entry in page.entries] == [1, 7, 1]
    assert page.entries[2].path == "z"
    assert page.entries[1].path.startswith("a")
    assert page.foreign_keys == 0


_LAUGHS = "".join(
    f'<!ENTITY {name} "{f"&{below};" * 10}">'
    for below, name in zip("abcdefghi", "bcdefghij", strict=True)
)
_HOSTILE_PAGES = {
    "billion laughs": page_of(row("p/&j;"), before=f'<!DOCTYPE l [<!ENTITY a "x">{_LAUGHS}]>'),
    "an external entity": page_of(
        row("p/&x;"), before='<!DOCTYPE l [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    ),
    "a document type elsewhere": b'<!DOCTYPE l SYSTEM "http://127.0.0.1:9/x.dtd">' + page_of(),
    "in UTF-16, where no mark is found": '<!DOCTYPE l [<!ENTITY a "x">]><l>&a;</l>'.encode(
        "utf-16"
    ),
    "nested deep": b"<a>" * 10**6 + b"</a>" * 10**6,
    "nested deep inside": page_of("<a>" * 10**6 + "</a>" * 10**6),
    "a size that no number can have": page_of(row("p/a", "9" * 5000)),
    "a size that no ledger can keep": page_of(row("p/a", "9" * 30)),
    "a size in other digits": page_of(row("p/a", "\N{ARABIC-INDIC DIGIT THREE}")),
    "a negative size": page_of(row("p/a", "-1")),
}


@pytest.mark.parametrize("what", _HOSTILE_PAGES)
def test_page_that_means_harm_is_refused(what: str) -> None:
    with pytest.raises(ListingError) as refused:
        read(_HOSTILE_PAGES[what])
    assert len(str(refused.value)) < _FEW_CHARACTERS


_PIECES = st.lists(
    st.one_of(
        st.sampled_from([
            b"<Contents>", b"</Contents>", b"<Key>", b"</Key>", b"<Size>", b"</Size>", b"p/../x",
            b"<ETag>", b"</ETag>", b"%0A", b"\n", b"p/", b"9" * 19, b"1", b"&#10;", b"&lt;", b"+",
            b"<ListBucketResult>", b"</ListBucketResult>", b"<IsTruncated>true</IsTruncated>",
            b"<!--", b"-->", b"<![CDATA[", b"]]>", b"\0", b"\xff", b"<NextContinuationToken>",
        ]),
        st.binary(max_size=3),
    ),
    max_size=12,
)  # fmt: skip


@given(_PIECES, st.integers(0, 400), st.integers(0, 40))
def test_whatever_a_page_is_it_is_read_or_refused(
    pieces: list[bytes], at: int, dropped: int
) -> None:
    good = page_of(row("p/a"), row("p/b%20c"), row("p/%C3%A9", "3"))
    try:
        page = read(good[:at] + b"".join(pieces) + good[at + dropped :])
    except ListingError:
        return
    for entry in page.entries:
        path = PurePosixPath(entry.path)
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert "\0" not in entry.path
        assert 0 <= entry.size_bytes < 2**63


# --- everything else that is answered ------------------------------------------------------------


@pytest.fixture(scope="module")
def contacted() -> Iterator[tuple[StubServer, Bucket]]:
    with stub_server() as stub:
        settings = BucketSettings(
            bucket="bucket", prefix="", endpoint=stub.endpoint, region="us-east-1",
            access_key=ACCESS_KEY, secret_access_key=SECRET_ACCESS_KEY, ops_retries=0,
        )  # fmt: skip
        bucket = Bucket(settings)
        bucket.connect()
        yield stub, bucket
        bucket.close(1.0)


def _control(bucket: Bucket) -> list[Callable[[], object]]:
    return [
        bucket.connect,
        partial(bucket.create_multipart, "k"),
        partial(bucket.list_parts, "k", "u"),
        partial(bucket.list_uploads, "k"),
        partial(bucket.complete_multipart, "k", "u", [(1, "e")]),
        partial(bucket.abort_multipart, "k", "u"),
    ]


def _data(bucket: Bucket) -> list[Callable[[], Reply]]:
    starts = [
        bucket.list_page(""), bucket.delete("k"), bucket.put("k", b"x", md5=b"0" * 16),
        bucket.copy_onto_itself("k", etag="e", storage_class=None, metadata={}),
    ]  # fmt: skip
    return [partial(bucket.call, start) for start in starts]


def _error(code: bytes, before: bytes = b"") -> bytes:
    return before + b"<Error><Code>" + code + b"</Code><Message>" + code + b"</Message></Error>"


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("private") / "file"
    path.write_text("content-of-a-private-file")
    return path


def _hostile_errors(private: Path) -> dict[str, bytes]:
    entity = f'<!DOCTYPE l [<!ENTITY x SYSTEM "file://{private}">]>'.encode()
    laughs = f'<!DOCTYPE l [<!ENTITY a "x">{_LAUGHS}]>'.encode()
    return {
        "nested deep": b"<Error>" + b"<a>" * 3000 + b"</a>" * 3000 + b"</Error>",
        "external entity": _error(b"&x;", entity),
        "billion laughs": _error(b"&j;", laughs),
        "megabytes": _error(b"A" * 2_000_000),
        "control characters": _error(b"\x1b[2J\x00\r\nSet-Cookie: x"),
        "no error at all": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    }


@pytest.mark.parametrize("status", [200, 403, 500])
def test_error_that_means_harm_is_a_failure_in_few_words(
    contacted: tuple[StubServer, Bucket], private: Path, status: int
) -> None:
    stub, bucket = contacted
    said: list[str] = []
    for body in _hostile_errors(private).values():
        stub.behave(respond(status, body, _XML), times=10**6)
        for ask in _control(bucket):
            try:
                ask()
            except S3Failure as error:
                said.append(f"{error.failure.code} {error.failure.message}")
            except SiteUnavailable as error:
                said.append(f"{error.message} {error.hint}")
        for send in _data(bucket):
            failure = send().failure
            said += [f"{failure.code} {failure.message}"] if failure else []
        stub._rules.clear()
    assert len(said) > 6 * 6
    assert max(map(len, said)) < _FEW_CHARACTERS
    assert "content-of-a-private-file" not in " ".join(said)
    bucket.connect()  # and it is none the worse for it


@pytest.mark.parametrize("number", ["9" * 5000, "9" * 19, "-1", "+1", " 1", "1e3", "\xb2", ""])
def test_number_that_none_can_be_is_not_told(number: str) -> None:
    headers = {"content-length": number, "x-amz-mp-parts-count": number}
    reply = Reply(200, headers, b"", None)
    assert (reply.size_bytes, reply.part_count) == (None, None)


def test_headers_that_mean_harm_are_text(contacted: tuple[StubServer, Bucket]) -> None:
    stub, bucket = contacted
    told = (
        ("ETag", '"\x1b]0;x\x07"'), ("x-amz-meta-mtime", "9" * 3000), ("x-amz-meta-mode", "-1"),
        ("x-amz-meta-../../x", "y"), ("x-amz-meta-s3syncd-md5", "\xff\xfe"), ("ETag", "twice"),
        ("x-amz-mp-parts-count", "9" * 3000), ("Last-Modified", "never"),
        ("x-amz-bucket-region", "evil.example/#"), ("x-amz-checksum-sha256", "=" * 500),
    )  # fmt: skip
    for headers in (told, told[1:], told[3:5]):
        stub.behave(respond(200, b"", headers), method="HEAD")
        reply: Any = bucket.call(bucket.head("k", part_number=1, with_checksum=True))
        assert reply.part_count is None
        assert isinstance(reply.etag, str)
        assert all(isinstance(value, str) for value in reply.metadata.values())


def test_answer_without_end_is_not_kept() -> None:
    exchange = Exchange(WireRequest("GetObject", "GET", "/k"), lambda _: None, lambda *_: None)
    piece = bytes(1024 * 1024)
    for _ in range(3 * MAX_KEPT_BYTES // len(piece)):
        exchange.on_body(piece)
    assert sum(map(len, exchange.chunks)) == MAX_KEPT_BYTES
