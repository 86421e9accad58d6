"""What `restore` prints and returns, and the times that people write."""

from __future__ import annotations

import argparse
import io
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from s3syncd.cli.main import build_parser
from s3syncd.cli.moment import moment_of, rfc3339, worded
from s3syncd.cli.progress import Progress
from s3syncd.cli.restore import execute
from s3syncd.core.restored import HINTS, MISSING, PASSING, Restored
from s3syncd.errors import FatalError

NOW = datetime(2026, 11, 21, 12, 0, 0, tzinfo=UTC).timestamp()


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This machine's clock is that of Nepal."""
    monkeypatch.setenv("TZ", "NPT-5:45")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-11-20", "2026-11-19T18:15:00Z"),
        ("2026-11-20 14:30", "2026-11-20T08:45:00Z"),
        ("2026-11-20T14:30:00Z", "2026-11-20T14:30:00Z"),
        ("2026-11-20T14:30:00.5+01:00", "2026-11-20T13:30:00.500Z"),
        ("2h ago", "2026-11-21T10:00:00Z"),
        ("90 minutes ago", "2026-11-21T10:30:00Z"),
        ("1d", "2026-11-20T12:00:00Z"),
        ("3 Weeks ago", "2026-10-31T12:00:00Z"),
    ],
)
@pytest.mark.usefixtures("zone")
def test_times_are_read_as_people_write_them(text: str, told: str) -> None:
    assert rfc3339(moment_of(text, now=NOW)) == told


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2 fortnights ago", "2026-13-01", "-2h", "2026-11-22", "12:00"]
)
def test_what_is_no_time_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="2h ago"):
        moment_of(text, now=NOW)


@pytest.mark.usefixtures("zone")
def test_the_zone_is_said() -> None:
    assert worded(NOW) == "2026-11-21T17:45:00+05:45 (2026-11-21T12:00:00Z)"


class _Work:
    """A restore that finds what it is told."""

    unproved, size_bytes, excluded, later, versioning = 0, 3_000, 0, 0, ""

    def __init__(self, *found: Restored | Exception, restored: int = 0) -> None:
        self.counts = Counter({"restored": restored} if restored else {})
        self._found = found

    @property
    def is_whole(self) -> bool:
        return not any(self.counts[word] for word in MISSING)

    @property
    def is_worth_repeating(self) -> bool:
        return any(self.counts[word] for word in PASSING)

    def found(self) -> Iterator[Restored]:
        for one in self._found:
            if isinstance(one, BaseException):
                raise one
            self.counts[one.word] += 1
            self.unproved += not one.is_proved
            yield one


@pytest.fixture
def arguments(tmp_path: Path) -> Any:
    config = tmp_path / "config.yml"
    site = {"name": "a", "path": str(tmp_path), "bucket": "bucket", "prefix": "p"}
    config.write_text(yaml.safe_dump({"sites": [site]}))

    def parse(*given: str) -> argparse.Namespace:
        line = ["-c", str(config), "restore", "a", "--to", os.fspath(tmp_path / "out"), *given]
        return build_parser().parse_args(line)

    return parse


def _run(arguments: argparse.Namespace, work: Any) -> tuple[int, str]:
    stream = io.StringIO()
    code = execute(arguments, start=lambda *_given: work, stream=stream)
    return code, stream.getvalue()


def test_all_there_is_0_and_says_what_of_when(arguments: Any) -> None:
    code, told = _run(arguments("--at", "2026-11-20T14:30:00Z"), _Work(restored=1_234))
    assert code == 0
    assert "s3://bucket/p/ as it was at 2026-11-20T14:30:00Z" in told
    assert "1 234 files are there, 2.9 KiB" in told


def test_what_is_missing_is_4_with_its_remedy(arguments: Any) -> None:
    found = [Restored("cold", "archived", detail="said\x1b"), Restored("odd", "not_a_path")]
    code, told = _run(arguments(), _Work(*found, restored=1))
    assert code == 4
    assert "archived       cold  (said\\x1b)" in told
    assert "aws s3api restore-object" in told
    assert "2 are not there" in told
    assert "run the same restore again" in told


def test_a_replaced_or_unproved_file_is_named_and_no_fault(arguments: Any) -> None:
    found = [Restored("a", "replaced"), Restored("b", "restored", is_proved=False)]
    code, told = _run(arguments(), _Work(*found))
    assert code == 0
    assert "replaced       a" in told
    assert "unproved       b" in told
    assert "1 could not be proved" in told
    assert "again" not in told


def test_nothing_to_restore_is_no_success(arguments: Any) -> None:
    code, told = _run(arguments(), _Work())
    assert code == 4
    assert "nothing to restore" in told


def test_json_is_one_document_also_when_it_fails(arguments: Any) -> None:
    code, told = _run(arguments("--json"), _Work(Restored("a", "vanished"), restored=1))
    document = json.loads(told)
    assert code == 4
    assert document["files"][0]["state"] == "vanished"
    assert document["counts"] == {"restored": 1, "vanished": 1}
    assert document["at"] is None
    stream = io.StringIO()
    failing = _Work(Restored("a", "vanished"), FatalError("disk full", hint="free space"))
    with pytest.raises(FatalError):
        execute(arguments("--json"), start=lambda *_given: failing, stream=stream)
    assert json.loads(stream.getvalue())["error"] == "disk full"


def test_an_interrupted_one_says_how_to_go_on(
    arguments: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    stop: Any = KeyboardInterrupt()
    code, _ = _run(arguments(), _Work(stop, restored=5))
    assert code == 130
    assert "5 files are there; run the same restore again" in capsys.readouterr().err


def test_every_word_of_a_failure_says_what_to_do() -> None:
    assert all(Restored("a", word).hint == hint for word, hint in HINTS.items())
    assert PASSING < MISSING


def test_what_is_refused_has_no_headline(arguments: Any) -> None:
    stream = io.StringIO()
    refusing = _Work(FatalError("out is not empty", hint="name another"))
    with pytest.raises(FatalError):
        execute(arguments(), start=lambda *_given: refusing, stream=stream)
    assert stream.getvalue() == ""


def test_the_headline_comes_before_anything_else_and_once(arguments: Any) -> None:
    stream = io.StringIO()
    found = _Work(Restored("a", "vanished"), restored=1)

    def start(_config: Any, _arguments: Any, _at: Any, tell: Any) -> _Work:
        tell(Progress("a", 0, 0, 1, 10, 1, is_scanning=True))
        return found

    execute(arguments(), start=start, stream=stream)
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("a: s3://bucket/p/ as it is now, to ")
    assert lines[1].startswith("a: 0%")
    assert sum(" as it is now, to " in line for line in lines) == 1


@pytest.mark.parametrize("name", ["", "  "])
def test_a_variable_that_is_not_set_is_no_directory(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["restore", "a", "--to", name], ["status", "--state-dir", name]):
        with pytest.raises(SystemExit) as leaving:
            build_parser().parse_args(words)
        assert leaving.value.code == 2
        assert "the name is empty; write . for this directory" in capsys.readouterr().err
