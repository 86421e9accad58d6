"""What lasts is named on standard error; what is quick is not."""

from __future__ import annotations

import io

from s3syncd.cli.patience import patience
from tests.waiting import until


def test_what_lasts_is_told_again_and_again_with_its_age() -> None:
    stream, now = io.StringIO(), [0.0]
    with patience(stream, quiet_seconds=0.01, again_seconds=0.01, clock=lambda: now[0]) as tell:
        tell("a\x1b: for the bucket")
        until(stream.getvalue, what="it is told")
        now[0] = 12.0
        until(lambda: "(12 s)" in stream.getvalue(), what="it is told again")
        tell("b: for its directory")
        until(lambda: "b: for its" in stream.getvalue(), what="the next step is told")
    lines = stream.getvalue().splitlines()
    assert lines[0] == "waiting: a\\x1b: for the bucket (0 s)"
    assert lines[-1] == "waiting: b: for its directory (0 s)"


def test_what_is_quick_and_what_is_over_is_not_told() -> None:
    stream = io.StringIO()
    with patience(stream, quiet_seconds=60) as tell:
        tell("for the bucket")
        tell("")
    assert stream.getvalue() == ""
