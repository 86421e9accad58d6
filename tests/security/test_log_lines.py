"""A log that somebody reads on a terminal: no file name drives it, and none makes two lines."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Iterator

import pytest

from s3syncd import logs
from s3syncd.cli.wording import printable

# Every character that moves a cursor, breaks a line or turns the direction of writing.
_HOSTILE = "".join(
    character
    for character in map(chr, range(0x3000))
    if unicodedata.category(character) in {"Cc", "Zl", "Zp"}
    or unicodedata.bidirectional(character)
    in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    or character in "\u061c\u200e\u200f"
)
_NAME = f"begin{_HOSTILE}end"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    yield io.StringIO()
    logs.configure()


def _shown(text: str) -> list[str]:
    return [repr(character) for character in _HOSTILE if character in text and character != "\n"]


def test_json_line_holds_nothing_that_a_terminal_obeys(stream: io.StringIO) -> None:
    logs.configure(style="json", stream=stream)
    logs.logger().info("file.met", path=_NAME, **{_NAME: [_NAME, {_NAME: _NAME}]})
    written = stream.getvalue()
    assert _shown(written) == []
    assert len(written.splitlines()) == 1
    assert json.loads(written)["path"] == _NAME


def test_names_of_the_world_are_not_spelled_out(stream: io.StringIO) -> None:
    logs.configure(style="json", stream=stream)
    logs.logger().info("file.met", path="Äpfel/日本/كتاب/👍")
    assert "Äpfel/日本/كتاب/👍" in stream.getvalue()


def test_console_line_holds_nothing_that_a_terminal_obeys(stream: io.StringIO) -> None:
    logs.configure(style="console", stream=stream)
    # Neither holds a space or a quote: values that do are quoted anyway.
    for character in _HOSTILE.translate({ord(space): None for space in "\t\n\r"}):
        logs.logger().info("file.met", path=f"a{character}b")
    assert _shown(stream.getvalue()) == []
    logs.logger().info("file.met", path=_NAME)
    try:
        raise FileNotFoundError(2, "No such file", _NAME)  # noqa: TRY301
    except FileNotFoundError:
        logs.logger().error("file.lost", exc_info=True)
    lines = stream.getvalue().split("\n")
    assert _shown(stream.getvalue().expandtabs()) == []
    assert sum("begin" in line for line in lines) == 2
    assert all("end" in line for line in lines if "begin" in line)


def test_commands_print_nothing_that_a_terminal_obeys() -> None:
    shown = printable(_NAME)
    assert _shown(shown) == []
    assert "\n" not in shown
    assert shown.startswith("begin")
    assert shown.endswith("end")
