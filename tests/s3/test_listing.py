"""Pages of a listing: what is read, and what is never believed."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s3syncd.s3.contents import read_contents
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


@pytest.mark.parametrize(
    "etags",
    [
        ["W/&quot;e&quot;"],
        ['W/"e"'],
        ["&quot;e&quot;", "W/&quot;e&quot;"],
        ["W/&quot;e&quot;", "e"],
    ],
    ids=["alone", "unquoted", "behind a strong one", "before a bare one"],
)
def test_a_weak_etag_is_listed_as_the_version_that_it_names(etags: list[str]) -> None:
    rows = [contents(f"k{number}", etag=etag) for number, etag in enumerate(etags)]

    assert [entry.etag for entry in read(page_of(*rows)).entries] == ["e"] * len(etags)


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


PLAIN = st.from_regex(r"[a-zA-Z0-9%+/.&;!'\"<>\x01\xe9 -]{0,12}", fullmatch=True)
READ = {"Key", "Size", "ETag", "StorageClass"}
ELEMENTS = st.lists(
    st.sampled_from(["Key", "Size", "ETag", "StorageClass", "LastModified", "ChecksumType"]),
    max_size=7,
)


@st.composite
def _pages(draw: st.DrawFn) -> bytes:
    """Pages as stores write them, and others: tags missing, twice or elsewhere, odd text."""
    order = draw(ELEMENTS.map(lambda names: ["Key", "Size", *names]).flatmap(st.permutations))
    quote = draw(st.sampled_from(["", "&quot;", "&#34;", '"']))
    space = draw(st.sampled_from(["", "\n  "]))
    texts = draw(st.sampled_from([st.from_regex(r"[a-z/%2F]{1,9}", fullmatch=True), PLAIN]))
    rows = []
    for _ in range(draw(st.integers(0, 4))):
        values = {name: draw(texts) if name in READ else "2026" for name in order}
        values["ETag"] = draw(st.sampled_from([quote, '"', ""])) + values.get("ETag", "e") + quote
        values["Size"] = draw(st.sampled_from(["1", "512", "0007", "9" * 19, "-1", " 1"]))
        names = order if draw(st.integers(0, 3)) else draw(st.permutations(order))
        inside = space.join(f"<{name}>{values[name]}</{name}>" for name in names)
        rows.append(f"<Contents>{space}{inside}{space}</Contents>")
        rows.append(draw(st.sampled_from(["", "", "", space, "x", "<Prefix/>", "<Contents/>"])))
    return page_of(*rows, encoding=draw(st.sampled_from(["", "<EncodingType>url</EncodingType>"])))


def _result(body: bytes) -> object:
    try:
        return read(body)
    except ListingError:
        return None


@settings(max_examples=400)
@given(_pages())
def test_page_is_read_as_an_xml_parser_reads_it(body: bytes) -> None:
    by_parser = body.replace(b"<IsTruncated>", b"<!-- not the short way --><IsTruncated>")
    assert _result(body) == _result(by_parser)


def test_the_short_way_is_taken_for_the_pages_of_stores() -> None:
    more = "<StorageClass>STANDARD</StorageClass><LastModified>2026-01-01</LastModified>"
    rows = [contents(f"a{number}", more=more) for number in range(3)]
    pretty = page_of(*rows).replace(b"><", b">\n  <")
    for body in (page_of(*rows), pretty, page_of(*rows).replace(b"&quot;", b"")):
        found = read_contents(body)
        assert found is not None
        assert found.columns == (
            ("a0", "a1", "a2"), [1, 1, 1], ("e", "e", "e"), ["STANDARD"] * 3
        )  # fmt: skip


@pytest.mark.parametrize(
    ("odd", "key"),
    [
        ("<Contents><Size>5</Size><Key>k</Key></Contents>", "k"),
        ("<Contents><Key>k</Key><Owner><ID>me</ID></Owner><Size>5</Size></Contents>", "k"),
        ("<Contents ><Key>k</Key><Size>5</Size></Contents>", "k"),
        (contents("k&amp;l", size=5), "k&l"),
        (contents("k&#x6c;", size=5), "kl"),
    ],
    ids=["other order", "nested", "blank in the tag", "entity", "number of a character"],
)
def test_object_unlike_the_others_is_read_like_any_other(odd: str, key: str) -> None:
    page = read(page_of(contents("a"), odd, contents("z"), encoding=""))

    assert [entry.path for entry in page.entries] == ["a", key, "z"]
    assert page.entries[1].size_bytes == 5


@pytest.mark.parametrize(
    "wrap",
    [
        lambda rows: f"<Deleted>{rows}</Deleted>",
        lambda rows: f"<Deleted xmlns='http://other/'>{rows}</Deleted>",
    ],
)
def test_objects_below_another_element_or_of_another_namespace_are_none(
    wrap: Callable[[str], str],
) -> None:
    assert read(page_of(wrap(contents("a") + contents("b")))).entries == []


def test_page_of_absurd_size_is_refused() -> None:
    with pytest.raises(ListingError, match="bytes"):
        read(b"<" * (33 * 1024 * 1024))
