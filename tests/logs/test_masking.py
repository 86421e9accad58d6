"""What is never written: secrets, and names that would break a line or drive a terminal."""

from __future__ import annotations

import logging

import pytest

from s3syncd import logs
from s3syncd.core.logline import Redaction
from tests.logs.reading import lines

SECRET = "CaNaRy9x/SECRETvalue1234567890abcdefGHIJ"


@pytest.mark.parametrize("style", ["json", "console"])
@pytest.mark.parametrize(
    "fields",
    [
        {"path": SECRET},
        {"path": f"x{SECRET}y"},
        {"list": [SECRET, {"a": (SECRET,)}]},
        {"mapping": {SECRET: 1}},
        {"error": ValueError(SECRET)},
        {"bytes": SECRET.encode()},
        {"deep": [[[[[[[[SECRET]]]]]]]]},
    ],
)
def test_a_known_secret_is_masked_wherever_it_turns_up(log_to, style, fields):
    stream = log_to(style=style, secrets=[SECRET, "short"])
    log = logs.logger(**fields)
    log.info("a.b")
    log.info(f"{SECRET}.b")
    try:
        raise RuntimeError(SECRET)  # noqa: TRY301
    except RuntimeError:
        log.error("c.d", exc_info=True)
    logging.getLogger("library").warning("with %s", SECRET)
    logs.flush()
    assert SECRET not in stream.getvalue()
    assert stream.getvalue().count("********") >= 6


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("secret_access_key", "x1y2"),
        ("Authorization", "AWS4-HMAC-SHA256 x1y2"),
        ("session_token", "x1y2"),
        ("url", "https://h/k?X-Amz-Signature=x1y2&a=b"),
        ("url", "https://h/k?x-amz-security-token=x1y2"),
        ("header", "AWS4-HMAC-SHA256 Credential=x1y2, SignedHeaders=host, Signature=x1y2"),
        ("endpoint", "https://user:x1y2@host"),
        ("headers", {"Authorization": "x1y2"}),
    ],
)
def test_what_is_known_to_be_secret_is_masked_unasked(field, value):
    shown = Redaction()({field: value})
    assert "x1y2" not in str(shown)
    assert "********" in str(shown)


def test_what_is_no_secret_stays(log_to):
    stream = log_to(secrets=["short", SECRET])
    logs.logger().info("a.b", key="p/short", path="a=b", url="https://host/x?prefix=1", token=None)
    line = lines(stream)[0]
    assert (line["key"], line["path"]) == ("p/short", "a=b")
    assert (line["url"], line["token"]) == ("https://host/x?prefix=1", None)


def test_a_file_name_can_neither_break_a_line_nor_move_the_cursor(log_to):
    name = "a\n\x1b[2J{}\udcff\x9b"
    stream = log_to()
    logs.logger().info("a.b", path=name)
    assert len(stream.getvalue().splitlines()) == 1
    assert lines(stream)[0]["path"] == name.replace("\udcff", "\\udcff")
    stream = log_to(style="console")
    logs.logger().info("a.b", path=name)
    assert len(stream.getvalue().split("\n")) == 2
    try:
        raise FileNotFoundError(2, name)  # noqa: TRY301
    except FileNotFoundError:
        logs.logger().error("c.d", exc_info=True)
    assert not {"\x1b", "\x9b"} & set(stream.getvalue())
