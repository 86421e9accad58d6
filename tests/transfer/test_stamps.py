"""Times and permissions are read from what uploaders wrote, and nothing hostile is."""

from __future__ import annotations

import pytest

from s3syncd.s3.reply import Reply
from s3syncd.transfer.stamps import mode_of, mtime_ns_of


def answer(**headers: str) -> Reply:
    return Reply(200, {name.replace("_", "-"): each for name, each in headers.items()}, b"", None)


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("33188", 0o644),
        ("33256", 0o750),
        ("420", 0o644),
        ("0100755", 0o755),
        ("0644", 0o644),
        ("100755", 0o755),
        (str(0o106755), 0o755),
        ("0106755", 0o755),
        (str(0o40755), None),
        ("0120777", None),
        ("0899", None),
        ("-1", None),
        ("", None),
        ("rw-r--r--", None),
        ("9" * 5000, None),
        ("\u0663\u0663", None),
    ],
)
def test_permissions_are_those_of_a_file_and_no_more(text: str, mode: int | None) -> None:
    assert mode_of(answer(x_amz_meta_mode=text)) == mode


def test_the_time_of_the_file_comes_before_that_of_the_object() -> None:
    stored = "Thu, 01 Jan 1970 00:00:07 GMT"
    both = answer(x_amz_meta_mtime="5.123456789", last_modified=stored)
    assert mtime_ns_of(both) == 5_123456789
    assert mtime_ns_of(answer(x_amz_meta_mtime="yesterday", last_modified=stored)) == 7 * 10**9
    assert mtime_ns_of(answer(last_modified="yesterday")) is None
    assert mtime_ns_of(answer()) is None
