"""Repeats and floods: told once, counted, and in bounded memory."""

from __future__ import annotations

from s3syncd import logs
from s3syncd.core.logline import Folding
from tests.logs.reading import lines


def test_a_repeat_is_counted_and_the_count_is_written(log_to, clock):
    stream = log_to()
    log = logs.logger(site="a")
    for attempt in range(5):
        log.warning("bucket.unavailable", reason="refused", attempt=attempt)
    log.warning("bucket.unavailable", reason="timeout")
    assert len(lines(stream)) == 2
    clock.now += 31
    log.warning("bucket.unavailable", reason="refused", attempt=5)
    last = lines(stream)[2:]
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
    found = [(line["event"], line.get("repeated")) for line in lines(stream)]
    assert found == [("a.failed", None), ("a.failed", 2), ("b.done", None), ("b.done", 1)]


def test_lines_that_differ_are_all_written(log_to):
    stream = log_to()
    for number in range(50):
        logs.logger().info("deletion.done", path=str(number))
    assert len(lines(stream)) == 50


def test_of_a_flood_about_paths_the_first_are_told_and_the_others_counted(log_to, clock):
    stream = log_to()
    for number in range(300):
        for site in ("a", "b"):
            logs.logger(site=site).warning("path.problem", path=str(number), reason="symlink")
        logs.logger(site="a").warning("transfer.failed", path=str(number), reason=f"r{number % 2}")
    logs.logger(site="a").info("deletion.done", path="x")
    assert len(lines(stream)) == 4 * 20 + 1
    clock.now += 59
    logs.tick()
    assert len(lines(stream)) == 4 * 20 + 1
    clock.now += 1
    logs.tick()
    told = [
        (line["event"], line["site"], line["reason"], line["more"], line["level"], "path" in line)
        for line in lines(stream)[81:]
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
        assert len(lines(stream)) == 20 + minute * 21
    logs.flush()
    logs.tick()
    assert [line["more"] for line in lines(stream) if "more" in line] == [5, 5]


def test_repeats_are_counted_where_no_other_line_comes(log_to, clock):
    stream = log_to()
    for _ in range(3):
        logs.logger().warning("a.failed")
    clock.now += 31
    logs.tick()
    assert [line.get("repeated") for line in lines(stream)] == [None, 2]


def test_a_change_of_state_is_never_taken_for_a_repeat(log_to):
    stream = log_to()
    log = logs.logger(site="a")
    for _ in range(2):
        log.warning("root.changed", was="ok", now="root_missing")
        log.info("root.changed", was="root_missing", now="ok")
    assert [line["now"] for line in lines(stream)] == ["root_missing", "ok"] * 2


def test_the_memory_of_repeats_is_bounded():
    folding = Folding()
    for number in range(5000):
        folding.lines({"event": "a.b", "n": number}, 0.0)
    assert len(folding._seen) <= 1000
