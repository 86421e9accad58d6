"""What an answer tells in its headers and its error document."""

from __future__ import annotations

import pytest

from s3syncd.s3.reply import Reply, error_of, etag_may_be_md5, hidden

MD5 = "0123456789abcdef0123456789abcdef"


def reply(headers: dict[str, str] | None = None, body: bytes = b"", status: int = 200) -> Reply:
    return Reply(status, headers or {}, body, None)


@pytest.mark.parametrize(
    ("given", "etag"),
    [
        (reply({"etag": f'"{MD5}"'}), MD5),
        (reply({"etag": f'W/"{MD5}"'}), MD5),
        (reply(), ""),
        (reply(body=b"<CopyObjectResult><ETag>&quot;abc&quot;</ETag></CopyObjectResult>"), "abc"),
        (reply(body=b"<CopyObjectResult></CopyObjectResult>"), ""),
    ],
    ids=["header", "weak header", "none", "result of a copy", "result without one"],
)
def test_an_etag_is_found_where_stores_put_it(given: Reply, etag: str) -> None:
    assert given.etag == etag


@pytest.mark.parametrize(
    ("text", "number"),
    [("12", 12), ("", None), ("-1", None), ("1e3", None), ("\u0661", None), ("9" * 19, None)],
)
def test_a_number_is_read_only_if_it_can_be_one(text: str, number: int | None) -> None:
    told = reply({"content-length": text, "x-amz-mp-parts-count": text})
    assert told.size_bytes == number
    assert told.part_count == number


def test_metadata_is_what_has_the_prefix() -> None:
    told = reply({"x-amz-meta-mtime": "1.5", "content-type": "a/b"})
    assert told.metadata == {"mtime": "1.5"}


@pytest.mark.parametrize(
    ("headers", "may_be"),
    [
        ({}, True),
        ({"x-amz-server-side-encryption": "AES256"}, True),
        ({"x-amz-server-side-encryption": "aws:kms"}, False),
        ({"x-amz-server-side-encryption": "aws:kms:dsse"}, False),
        ({"x-amz-server-side-encryption-aws-kms-key-id": "k"}, False),
        ({"x-amz-server-side-encryption-customer-algorithm": "AES256"}, False),
        ({"etag": f'"{MD5}-2"'}, False),
    ],
)
def test_an_etag_is_an_md5_unless_a_key_or_parts_forbid(
    headers: dict[str, str], may_be: bool
) -> None:
    assert etag_may_be_md5(reply({"etag": f'"{MD5}"'} | headers)) is may_be


def test_a_secret_that_a_store_echoes_is_hidden() -> None:
    assert hidden("the token s3cret of s3cret is over", "s3cret").count("********") == 2
    assert hidden("nothing to hide", None) == "nothing to hide"


def test_an_error_document_tells_or_is_no_help() -> None:
    document = b"<Error><Code> X </Code><Message>m</Message><Region>eu-1</Region></Error>"
    assert error_of(document) == ("X", "m", "eu-1")
    assert error_of(b"<html>busy</html>") == ("", "", "")
