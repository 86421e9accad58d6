"""Pages of a listing: what is read, and what is never believed."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s3syncd.s3.listing import ListingError, ListingPage, parse_listing

HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
NAMESPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'


def contents(key: str, *, size: int = 1, etag: str = "&quot;e&quot;", more: str = "") -> str:
    return f"<Contents><Key>{key}</Key><ETag>{etag}</ETag><Size>{size}</Size>{more}</Contents>"


def page_of(
    *rows: str,
    namespace: str = NAMESPACE,
    end: str = "<IsTruncated>false</IsTruncated>",
    encoding: str = "<EncodingType>url</EncodingType>",
) -> bytes:
    inside = f"{encoding}{end}{''.join(rows)}"
    return f"{HEAD}<ListBucketResult{namespace}>{inside}</ListBucketResult>".encode()


def read(body: bytes, *, after: str = "") -> ListingPage:
    return parse_listing(body, lambda key: key, after=after)


@pytest.mark.parametrize("namespace", [NAMESPACE, "", ' xmlns="http://other/"'])
def test_objects_are_read_with_and_without_a_namespace(namespace: str) -> None:
    rows = contents("a", size=3), contents("b", more="<StorageClass>GLACIER</StorageClass>")

    page = read(page_of(*rows, namespace=namespace))

    assert page.entries == [("a", 3, "e", "STANDARD"), ("b", 1, "e", "GLACIER")]
    assert (page.first_key, page.last_key, page.is_ascending) == ("a", "b", True)
    assert (page.next_token, page.foreign_keys) == (None, 0)


def test_keys_that_are_not_ours_are_counted_and_left_out() -> None:
    body = page_of(contents("p/"), contents("p/a"), contents("q/b"))

    page = parse_listing(body, lambda key: key[2:] or None if key.startswith("p/") else None)

    assert [entry.path for entry in page.entries] == ["a"]
    assert page.foreign_keys == 2
    assert page.last_key == "q/b"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30))
def test_quoted_key_is_read_back_whatever_it_holds(key: str) -> None:
    assert [entry.path for entry in read(page_of(contents(quote_plus(key)))).entries] == [key]


def test_key_is_not_unquoted_where_the_store_did_not_quote() -> None:
    body = page_of(contents("a%20b+c"), encoding="")

    assert read(body).entries[0].path == "a%20b+c"


@pytest.mark.parametrize("keys", [("b", "a"), ("a", "a"), ("a", "b", "ab")])
def test_keys_out_of_order_or_twice_are_noticed(keys: tuple[str, ...]) -> None:
    assert not read(page_of(*map(contents, keys))).is_ascending


def test_order_is_that_of_the_bytes_after_unquoting() -> None:
    # "%" sorts before "a", the character it stands for after it; U+FFFF is less than U+10000.
    keys = ["a", "\u00e9", "\uffff", "\U00010000"]

    assert read(page_of(*(contents(quote_plus(key)) for key in keys))).is_ascending


@pytest.mark.parametrize(("after", "is_ascending"), [("", True), ("l", True), ("m", False)])
def test_order_is_checked_across_pages(after: str, is_ascending: bool) -> None:
    assert read(page_of(contents("m")), after=after).is_ascending is is_ascending


def test_empty_page_is_an_empty_listing() -> None:
    assert read(page_of()) == ([], None, "", "", True, 0)


def test_token_leads_to_the_next_page() -> None:
    more = "<IsTruncated>true</IsTruncated><NextContinuationToken>t+/=</NextContinuationToken>"

    assert read(page_of(contents("a"), end=more)).next_token == "t+/="


BOMB = (
    '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<ListBucketResult><IsTruncated>false</IsTruncated>"
    "<Contents><Key>&b;</Key><Size>1</Size></Contents></ListBucketResult>"
)
OUTSIDE = (
    '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><ListBucketResult>&a;</ListBucketResult>'
)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html><body>It works!</body></html>",
        b"<Error><Code>SlowDown</Code></Error>",
        b"<ListVersionsResult><IsTruncated>false</IsTruncated></ListVersionsResult>",
        page_of(contents("a"))[:-10],
        page_of(contents("a"), end=""),
        page_of(contents("a"), end="<IsTruncated>true</IsTruncated>"),
        page_of("<Contents><Size>1</Size></Contents>"),
        page_of("<Contents><Key>a</Key></Contents>"),
        page_of("<Contents><Key>a</Key><Size>many</Size></Contents>"),
        BOMB.encode(),
        OUTSIDE.encode(),
        ('<?xml version="1.0" encoding="UTF-16"?>' + BOMB).encode("utf-16"),
        b'<?xml version="1.0" encoding="no-such-code"?><ListBucketResult/>',
        page_of(contents("a\x01b")),
    ],
    ids=[
        "nothing", "web page", "error", "list of versions", "cut off", "no end told",
        "no way on", "no key", "no size", "size is no number", "entity bomb", "outside entity",
        "bomb in UTF-16", "unknown encoding", "control character",
    ],
)  # fmt: skip
def test_page_that_cannot_be_believed_is_never_an_empty_one(body: bytes) -> None:
    with pytest.raises(ListingError):
        read(body)


def test_page_of_absurd_size_is_refused() -> None:
    with pytest.raises(ListingError, match="bytes"):
        read(b"<" * (33 * 1024 * 1024))
