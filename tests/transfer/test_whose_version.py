"""Whether a version was made by an operation of ours is told by its mark, and never by its lack."""

from __future__ import annotations

import pytest

from s3syncd.s3.reply import Reply
from s3syncd.transfer.headers import OP_KEY
from s3syncd.transfer.looks import has_made


def _version(**metadata: str) -> Reply:
    headers = {f"x-amz-meta-{name}": value for name, value in metadata.items()}
    return Reply(200, {"etag": '"e"', **headers}, b"", None)


@pytest.mark.parametrize(
    ("seen", "op_id", "is_ours"),
    [
        (_version(**{OP_KEY: "one"}), "one", True),
        (_version(**{OP_KEY: "one"}), "two", False),
        (_version(**{OP_KEY: "one"}), None, False),
        (_version(), "one", False),
        (_version(), None, False),
        (None, "one", False),
        (None, None, False),
    ],
    ids=[
        "ours", "another operation's", "of none", "without a mark", "without a mark, of none",
        "no version", "no version, of none",
    ],
)  # fmt: skip
def test_an_operation_has_made_what_bears_its_mark(
    seen: Reply | None, op_id: str | None, is_ours: bool
) -> None:
    assert has_made(seen, op_id) is is_ours
