"""What is written, and where to: lines, levels, files that are rotated, and events by name."""

from __future__ import annotations

import ast
import io
import json
import logging
import re
from pathlib import Path

import pytest

from s3syncd import logs
from tests.logs.reading import lines
from tests.terminal import Terminal

PACKAGE = Path(logs.__file__).parent
METHODS = ("trace", "debug", "info", "warning", "error", "fatal")


def test_a_line_is_json_with_a_utc_timestamp_level_event_and_fields(log_to):
    stream = log_to()
    logs.logger(site="photos").info("deletion.done", path="a/b", size_bytes=3)
    assert lines(stream) == [
        {
            "timestamp": "2023-11-14T22:13:20.250Z",
            "level": "info",
            "event": "deletion.done",
            "site": "photos",
            "path": "a/b",
            "size_bytes": 3,
        }
    ]


def test_a_terminal_gets_text_unless_json_is_asked_for(log_to):
    stream = log_to(Terminal())
    logs.logger().info("site.started")
    assert "site.started" in stream.getvalue()
    assert not stream.getvalue().startswith("{")
    stream = log_to(Terminal(), style="json")
    logs.logger().info("site.started")
    assert lines(stream)[0]["event"] == "site.started"


@pytest.mark.parametrize(
    ("level", "first"),
    [*zip(METHODS, METHODS, strict=True), ("warn", "warning"), ("panic", "fatal")],
)
def test_a_level_hides_what_is_below_it(log_to, level, first):
    stream = log_to(level=level)
    log = logs.logger()
    for method in METHODS:
        getattr(log, method)(f"{method}.said")
    assert [line["level"] for line in lines(stream)] == list(METHODS[METHODS.index(first) :])


def test_a_logger_made_earlier_follows_a_later_configuration(log_to):
    log = logs.logger().bind(site="a")
    log_to(level="fatal")
    stream = log_to(level="debug")
    log.debug("upload.done")
    assert lines(stream)[0]["site"] == "a"


def test_a_file_is_appended_to_and_opened_anew_by_a_reload(tmp_path):
    path = tmp_path / "s.log"
    logs.configure(file=path)
    logs.logger().info("site.started")
    path.rename(tmp_path / "s.log.1")
    logs.configure(file=path)
    logs.logger().info("site.reloaded")
    logs.configure(file=path)
    logs.logger().info("site.stopped")
    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == [
        "site.reloaded",
        "site.stopped",
    ]


@pytest.mark.parametrize("rotate", [lambda p: p.rename(f"{p}.1"), lambda p: p.unlink()])
def test_a_file_that_was_rotated_is_opened_anew_without_being_told(tmp_path, clock, rotate):
    path = tmp_path / "s.log"
    logs.configure(file=path, monotonic=clock)
    logs.logger().info("site.started")
    rotate(path)
    clock.now += 1
    logs.logger().info("site.stopped")
    assert "site.stopped" in path.read_text()
    assert "site.started" not in path.read_text()


def test_a_file_that_cannot_be_opened_anew_goes_on_where_it_was(tmp_path, clock):
    folder = tmp_path / "logs"
    folder.mkdir()
    logs.configure(file=folder / "s.log", monotonic=clock)
    logs.logger().info("site.started")
    folder.rename(tmp_path / "away")
    clock.now += 1
    logs.logger().info("site.stopped")
    assert "site.stopped" in (tmp_path / "away" / "s.log").read_text()


def test_a_file_is_not_looked_at_for_each_line(tmp_path, clock):
    path = tmp_path / "s.log"
    logs.configure(file=path, monotonic=clock)
    logs.logger().info("site.started")
    path.rename(tmp_path / "s.log.1")
    logs.logger().info("site.stopped")
    assert not path.exists()


def test_a_log_that_cannot_be_written_stops_nothing(log_to):
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    log_to(Full())
    logs.logger().error("a.b")
    closed = io.StringIO()
    log_to(closed)
    closed.close()
    logs.logger().error("c.d")


def test_warnings_of_libraries_are_logged_and_their_debugging_is_not(log_to):
    stream = log_to(level="trace")
    logging.getLogger("botocore.auth").debug("signed")
    logging.getLogger("botocore.auth").warning("clock is %s", "off")
    (line,) = lines(stream)
    assert (line["event"], line["library"]) == ("library.warned", "botocore.auth")
    assert line["message"] == "clock is off"


def _events() -> list[tuple[str, str]]:
    """Return (file, words) of everything passed as an event to something called log."""
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            owner = ast.unparse(node.func.value)
            if node.args and node.func.attr in METHODS and re.search(r"\b_?log$", owner):
                constants = [n for n in ast.walk(node.args[0]) if isinstance(n, ast.Constant)]
                found += [(path.name, str(constant.value)) for constant in constants]
    return found


def test_every_event_in_the_package_is_noun_dot_verb():
    wrong = [event for event in _events() if not re.fullmatch(r"[a-z_]+\.[a-z_]+", event[1])]
    assert wrong == []


def test_structlog_has_one_door():
    pattern = re.compile(r"^\s*(import|from) structlog", re.MULTILINE)
    users = [path.name for path in PACKAGE.rglob("*.py") if pattern.search(path.read_text())]
    assert users == ["logs.py"]
