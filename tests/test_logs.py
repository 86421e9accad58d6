"""The log says what happened, once, in one line, and never a secret."""

from __future__ import annotations

import ast
import io
import json
import logging
import re
from pathlib import Path

import pytest

from s3syncd import logs
from s3syncd.core.logline import Folding, Redaction
from tests.terminal import Terminal

SECRET = "CaNaRy9x/SECRETvalue1234567890abcdefGHIJ"
PACKAGE = Path(logs.__file__).parent
METHODS = ("trace", "debug", "info", "warning", "error", "fatal")


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.25

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def _put_back():
    yield
    logs.configure(stream=io.StringIO())
    logs.configure()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def log_to(clock):
    def configure(stream=None, **options):
        stream = stream or io.StringIO()
        logs.configure(stream=stream, wall=clock, monotonic=clock, **options)
        return stream

    return configure


def _lines(stream) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_a_utc_timestamp_level_event_and_fields(log_to):
    stream = log_to()
    logs.logger(site="photos").info("deletion.done", path="a/b", size_bytes=3)
    assert _lines(stream) == [
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
    assert _lines(stream)[0]["event"] == "site.started"


@pytest.mark.parametrize(
    ("level", "first"),
    [*zip(METHODS, METHODS, strict=True), ("warn", "warning"), ("panic", "fatal")],
)
def test_a_level_hides_what_is_below_it(log_to, level, first):
    stream = log_to(level=level)
    log = logs.logger()
    for method in METHODS:
        getattr(log, method)(f"{method}.said")
    assert [line["level"] for line in _lines(stream)] == list(METHODS[METHODS.index(first) :])


def test_a_logger_made_earlier_follows_a_later_configuration(log_to):
    log = logs.logger().bind(site="a")
    log_to(level="fatal")
    stream = log_to(level="debug")
    log.debug("upload.done")
    assert _lines(stream)[0]["site"] == "a"


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


def test_a_repeat_is_counted_and_the_count_is_written(log_to, clock):
    stream = log_to()
    log = logs.logger(site="a")
    for attempt in range(5):
        log.warning("bucket.unavailable", reason="refused", attempt=attempt)
    log.warning("bucket.unavailable", reason="timeout")
    assert len(_lines(stream)) == 2
    clock.now += 31
    log.warning("bucket.unavailable", reason="refused", attempt=5)
    last = _lines(stream)[2:]
    assert [(line["reason"], line["attempt"], line["repeated"]) for line in last] == [
        ("refused", 5, 4)
    ]


def test_a_count_is_written_by_the_next_line_or_at_the_end(log_to, clock):
    stream = log_to()
    log = logs.logger()
    for _ in range(3):
        log.warning("a.failed")
    clock.now += 31
    log.info("b.done")
    log.info("b.done")
    logs.flush()
    found = [(line["event"], line.get("repeated")) for line in _lines(stream)]
    assert found == [("a.failed", None), ("a.failed", 2), ("b.done", None), ("b.done", 1)]


def test_lines_that_differ_are_all_written(log_to):
    stream = log_to()
    for number in range(50):
        logs.logger().info("deletion.done", path=str(number))
    assert len(_lines(stream)) == 50


def test_of_a_flood_about_paths_the_first_are_told_and_the_others_counted(log_to, clock):
    stream = log_to()
    for number in range(300):
        for site in ("a", "b"):
            logs.logger(site=site).warning("path.problem", path=str(number), reason="symlink")
        logs.logger(site="a").warning("transfer.failed", path=str(number), reason=f"r{number % 2}")
    logs.logger(site="a").info("deletion.done", path="x")
    assert len(_lines(stream)) == 4 * 20 + 1
    clock.now += 59
    logs.tick()
    assert len(_lines(stream)) == 4 * 20 + 1
    clock.now += 1
    logs.tick()
    told = [
        (line["event"], line["site"], line["reason"], line["more"], line["level"], "path" in line)
        for line in _lines(stream)[81:]
    ]
    assert told == [
        ("path.problem", "a", "symlink", 280, "warning", False),
        ("path.problem", "b", "symlink", 280, "warning", False),
        ("transfer.failed", "a", "r0", 130, "warning", False),
        ("transfer.failed", "a", "r1", 130, "warning", False),
    ]


def test_after_a_minute_a_flood_is_told_anew_and_its_last_count_at_the_end(log_to, clock):
    stream = log_to()
    for minute in range(2):
        for number in range(25):
            logs.logger(site="a").warning("path.problem", path=f"{minute}/{number}", reason="x")
        clock.now += 60
        assert len(_lines(stream)) == 20 + minute * 21
    logs.flush()
    logs.tick()
    assert [line["more"] for line in _lines(stream) if "more" in line] == [5, 5]


def test_repeats_are_counted_where_no_other_line_comes(log_to, clock):
    stream = log_to()
    for _ in range(3):
        logs.logger().warning("a.failed")
    clock.now += 31
    logs.tick()
    assert [line.get("repeated") for line in _lines(stream)] == [None, 2]


def test_a_change_of_state_is_never_taken_for_a_repeat(log_to):
    stream = log_to()
    log = logs.logger(site="a")
    for _ in range(2):
        log.warning("root.changed", was="ok", now="root_missing")
        log.info("root.changed", was="root_missing", now="ok")
    assert [line["now"] for line in _lines(stream)] == ["root_missing", "ok"] * 2


def test_the_memory_of_repeats_is_bounded():
    folding = Folding()
    for number in range(5000):
        folding.lines({"event": "a.b", "n": number}, 0.0)
    assert len(folding._seen) <= 1000


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
    line = _lines(stream)[0]
    assert (line["key"], line["path"]) == ("p/short", "a=b")
    assert (line["url"], line["token"]) == ("https://host/x?prefix=1", None)


def test_a_file_name_can_neither_break_a_line_nor_move_the_cursor(log_to):
    name = "a\n\x1b[2J{}\udcff\x9b"
    stream = log_to()
    logs.logger().info("a.b", path=name)
    assert len(stream.getvalue().splitlines()) == 1
    assert _lines(stream)[0]["path"] == name.replace("\udcff", "\\udcff")
    stream = log_to(style="console")
    logs.logger().info("a.b", path=name)
    assert len(stream.getvalue().split("\n")) == 2
    try:
        raise FileNotFoundError(2, name)  # noqa: TRY301
    except FileNotFoundError:
        logs.logger().error("c.d", exc_info=True)
    assert not {"\x1b", "\x9b"} & set(stream.getvalue())


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
    (line,) = _lines(stream)
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
