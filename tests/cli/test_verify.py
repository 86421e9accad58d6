"""`verify`: what a person reads of the differences, and what a program does."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3syncd.cli import verify
from s3syncd.cli.main import build_parser
from s3syncd.core.difference import Difference
from tests.cli.daemon import write_config


class Found:
    """A verification with these differences."""

    def __init__(self, *found: Difference, is_interrupted: bool = False) -> None:
        self.name, self.files, self.bytes = "photos", 1, 10
        self.reason = self.hint = None
        self._found = found
        self._is_interrupted = is_interrupted

    def differences(self) -> Iterator[Difference]:
        yield from self._found
        if self._is_interrupted:
            raise KeyboardInterrupt


def verified(config: Path, found: Found, *words: str) -> tuple[int, str]:
    stream = io.StringIO()
    arguments = build_parser().parse_args(["verify", "photos", *words, "-c", str(config)])
    code = verify.execute(arguments, verify=lambda _config, _names: [found], stream=stream)
    return code, stream.getvalue()


def test_the_list_is_in_the_order_of_paths_and_each_reason_told_once(config: Path) -> None:
    found = Found(
        Difference("z", "missing_in_bucket"),
        Difference("a\x1b", "unproved"),
        Difference("m", "missing_in_bucket"),
    )
    code, text = verified(config, found)
    assert code == 4
    assert text.splitlines() == [
        "photos",
        "  unproved           a\\x1b",
        "  missing_in_bucket  m",
        "  missing_in_bucket  z",
        "  missing_in_bucket: There is no object: a reconcile sends it"
        f" (`s3syncd -c {config} sync`).",
        f"  unproved: {Difference('', 'unproved').hint}",
        "  1 file compared, 10 B hashed; 2 missing_in_bucket, 1 unproved",
    ]


def test_a_long_list_is_cut_short_for_people_only(config: Path) -> None:
    found = [Difference(f"{number:05}", "unproved") for number in range(1234, 0, -1)]
    _, text = verified(config, Found(*found))
    lines = text.splitlines()
    assert lines[1:101] == [f"  unproved           {number:05}" for number in range(1, 101)]
    assert lines[101] == "  ... and 1 134 more (all with --json)"
    assert "1 234 unproved" in lines[-1]
    document = json.loads(verified(config, Found(*found), "--json")[1])
    assert len(document["sites"][0]["differences"]) == 1234


def test_what_was_found_is_shown_when_somebody_ends_it(config: Path) -> None:
    stream = io.StringIO()
    arguments = build_parser().parse_args(["verify", "-c", str(config)])
    found = Found(Difference("a", "unproved"), is_interrupted=True)
    with pytest.raises(KeyboardInterrupt):
        verify.execute(arguments, verify=lambda _config, _names: [found], stream=stream)
    assert stream.getvalue().endswith("  unproved           a\n")


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_deletions_that_wait_are_told_and_no_fault_of_the_files_that_are_there(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    config = write_config(tmp_path)
    config.write_text(config.read_text() + "retire_deleted: true\n")
    gone = [Difference(f"{number}", "deleted_here") for number in range(45)]
    code, text = verified(config, Found(*gone), *words)
    assert code == 0
    assert ('"deleted_here": 45' if words else "45 deleted_here") in text
    assert f"see `s3syncd -c {config} status photos`" in " ".join(text.split())
    assert verified(config, Found(*gone, Difference("z", "unproved")), *words)[0] == 4
