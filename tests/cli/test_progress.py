"""Progress: one redrawn line on a terminal, few plain lines elsewhere, numbers that are right."""

from __future__ import annotations

import io

from s3syncd.cli.progress import Progress, ProgressBar, progress_text
from tests.clock import Clock
from tests.terminal import Terminal


def report(site: str, done: int, pending: int, sent: int = 0, left: int = 0) -> Progress:
    return Progress(site, done, sent, pending, left, scanned_files=0, is_scanning=False)


def test_a_line_tells_files_bytes_rate_and_time_left() -> None:
    half = report("photos", 50, 50, 5 * 2**20, 5 * 2**20)
    text = progress_text(half, 2**20, has_bar=False)
    assert text == "photos: 50%  50/100 files, 5.0 MiB/10.0 MiB, 1.0 MiB/s, 5 s left"
    assert progress_text(half, 0, has_bar=True).startswith("[############............]  50%")


def test_a_scan_that_still_finds_files_is_told() -> None:
    scanning = report("photos", 0, 1)._replace(scanned_files=12345, is_scanning=True)
    assert progress_text(scanning, 0, has_bar=False).endswith("scanning (12 345 seen)")


def test_a_scan_that_has_found_nothing_yet_is_no_hundred_percent() -> None:
    scanning = report("photos", 0, 0)._replace(scanned_files=12345, is_scanning=True)
    assert progress_text(scanning, 0, has_bar=False) == "photos: scanning (12 345 seen)"
    assert progress_text(scanning, 0, has_bar=True) == f"[{'.' * 24}] scanning (12 345 seen)"


def test_a_site_that_cannot_be_looked_at_waits() -> None:
    waiting = report("photos", 0, 0)._replace(is_waiting=True)
    text = progress_text(waiting, 0, has_bar=False)
    assert text == "photos: waiting for the directory or the bucket"
    stream = io.StringIO()
    bar = ProgressBar(stream, clock=Clock())
    bar(report("a", 0, 0))
    bar(waiting)
    bar.close()
    assert stream.getvalue().splitlines()[-1] == "waiting for the directory or the bucket"


def test_nothing_to_do_is_complete() -> None:
    assert progress_text(report("", 0, 0), 0, has_bar=False).startswith("100%  0/0 files")


def test_empty_files_alone_have_progress_too() -> None:
    assert "25%" in progress_text(report("", 1, 3), 0, has_bar=False)


def test_a_terminal_gets_one_line_that_is_redrawn() -> None:
    stream, clock = Terminal(), Clock()
    bar = ProgressBar(stream, clock=clock)
    for done in range(101):
        bar(report("a", done, 100 - done, done * 1000, 100_000 - done * 1000))
        clock.now += 0.01
    bar.close()
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert 10 <= text.count("\r") <= 13
    assert "100/100 files" in text.split("\r")[-1]


def test_a_shorter_picture_covers_the_longer_one_before() -> None:
    stream, clock = Terminal(), Clock()
    bar = ProgressBar(stream, clock=clock)
    bar(report("a", 1, 100_000, 2**20, 2**40))
    clock.now += 1
    bar(report("a", 2, 0))
    _, first, second = stream.getvalue().split("\r")
    assert len(second) >= len(first)


def test_a_log_gets_a_line_now_and_then_and_the_last_state() -> None:
    stream, clock = io.StringIO(), Clock()
    bar = ProgressBar(stream, clock=clock)
    for done in range(60):
        bar(report("a", done, 60 - done))
        clock.now += 0.5
    bar(report("a", 60, 0))
    bar.close()
    lines = stream.getvalue().splitlines()
    assert 3 <= len(lines) <= 5
    assert "60/60 files" in lines[-1]
    assert "\r" not in stream.getvalue()


def test_the_sites_are_summed() -> None:
    stream, clock = io.StringIO(), Clock()
    bar = ProgressBar(stream, clock=clock)
    bar(report("a", 1, 1, 10, 10))
    bar(report("b", 3, 1, 30, 10))
    bar.close()
    assert "4/6 files, 40 B/60 B" in stream.getvalue()


def test_the_rate_is_that_of_the_last_seconds() -> None:
    stream, clock = Terminal(), Clock()
    bar = ProgressBar(stream, clock=clock)
    for done in [*range(0, 50 * 2**20, 2**20), *[50 * 2**20 + each * 1024 for each in range(15)]]:
        bar(report("a", 0, 1, done, 2**30))
        clock.now += 1.0
    assert "1.0 KiB/s" in stream.getvalue().split("\r")[-1]


def test_without_a_report_nothing_is_drawn() -> None:
    stream = Terminal()
    ProgressBar(stream).close()
    assert stream.getvalue() == ""
