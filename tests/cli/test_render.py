"""What a person reads: aligned, coloured on a terminal only, harmless, and telling what to do."""

from __future__ import annotations

import io
from datetime import datetime
from typing import Any

import pytest

from s3syncd.cli.render import render_status
from s3syncd.cli.wording import Palette, ago, count, duration, printable, shortened, size
from s3syncd.core.safety import REASONS
from tests.cli.daemon import site_status
from tests.terminal import Terminal

NOW = datetime.fromisoformat("2026-11-21T06:30:00Z").timestamp()


def rendered(*sites: dict[str, Any], stream: io.StringIO | None = None) -> str:
    document = {"version": "0.1.0", "started_at": "2026-11-21T05:00:00Z", "sites": list(sites)}
    return render_status(document, now=NOW, palette=Palette(stream or io.StringIO()))


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1536, "1.5 KiB"),
        (3 * 2**30, "3.0 GiB"),
        (2**62, "4096.0 PiB"),
    ],
)
def test_sizes(size_bytes: int, words: str) -> None:
    assert size(size_bytes) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(-1, "0 s"), (59.9, "59 s"), (60, "1 min"), (7300, "2 h"), (200_000, "2 d")],
)
def test_durations(seconds: float, words: str) -> None:
    assert duration(seconds) == words


def test_times_are_told_from_now() -> None:
    assert ago("2026-11-21T06:20:00Z", NOW) == "10 min ago"
    assert ago(None, NOW) == "never"
    assert count(1234567) == "1 234 567"


def test_foreign_text_cannot_drive_the_terminal() -> None:
    shown = printable("a\x1b[2Jb\nc\u202e\udcff é")
    # Compared as ASCII: a failing test must not drive the terminal either.
    assert ascii(shown) == ascii("a\\x1b[2Jb\\nc\\u202e\\xff é")
    text = rendered(site_status(
        problems=[{"path": "x\x1b]0;", "reason": "unstable", "hint": "\r", "since": None}],
        problems_total=1,
    ))  # fmt: skip
    assert "\x1b" not in text
    assert "\r" not in text


def test_columns_are_aligned_and_one_line_per_site() -> None:
    lines = rendered(site_status("a"), site_status("a-longer-name", state="syncing")).splitlines()
    heading, first, second = lines[2:5]
    assert len(lines) == 5
    assert heading.index("STATE") == first.index("idle") == second.index("syncing")
    assert heading.index("FILES") == first.index("12 345")
    assert "30 min ago" in first


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({}, "inotify"),
        ({"watcher": "down", "state": "unavailable"}, "down"),
        ({"watcher": None}, "-"),
        ({"watcher": "down", "state": "starting"}, "-"),
    ],
    ids=["watched", "down", "a one-time pass", "not started"],
)
def test_a_site_that_has_no_watcher_has_a_dash(changes: dict[str, Any], shown: str) -> None:
    assert rendered(site_status(**changes)).splitlines()[3].split()[-1] == shown


def test_colour_is_for_terminals_that_want_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b" not in rendered(site_status())
    assert "\x1b[32m" in rendered(site_status(), stream=Terminal())
    assert "\x1b[31m" in rendered(site_status(state="halted"), stream=Terminal())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in rendered(site_status(), stream=Terminal())


def test_held_deletions_come_with_the_command_that_approves_exactly_them() -> None:
    text = rendered(site_status(
        in_sync=False, held_deletions=42, held_list="0123456789ab", reason="mass_delete", hint="see"
    ))  # fmt: skip
    assert "42 deletions are held" in text
    assert "s3syncd approve photos --list 0123456789ab" in text
    assert "  mass_delete: More files are gone than the limit allows" in text
    assert "    see" in text.splitlines()


def test_the_command_that_approves_the_held_list_is_told_once() -> None:
    text = rendered(site_status(
        in_sync=False, held_deletions=42, held_list="0123456789ab", reason="root_emptied",
        hint=REASONS["root_emptied"].remedy,
    ))  # fmt: skip
    assert text.count("s3syncd approve") == text.count("approve photos --list 0123456789ab") == 1
    assert "  42 deletions are held" in text.splitlines()


def test_a_site_that_was_never_in_sync_says_so() -> None:
    never = site_status(in_sync=False, last_in_sync_at=None)
    assert "not yet" in rendered(never)
    assert "was in sync" not in rendered(never)
    assert "  was in sync 30 min ago" in rendered(site_status(in_sync=False)).splitlines()


def test_a_paused_site_tells_how_it_goes_on() -> None:
    text = rendered(site_status("my photos", state="paused"))
    assert "s3syncd resume 'my photos'" in text


def test_everything_fits_80_columns_where_it_can() -> None:
    name = "a-bucket-with-a-long-name/and/a/prefix/that/is/no/shorter"
    hint = "Bring the files back, or confirm the held list: `s3syncd approve SITE --list HASH`."
    text = rendered(site_status(
        name, state="syncing", in_sync=False, reason="subtree_unknown", hint=hint, problems=[
            {"path": "p", "reason": "unreadable", "hint": "word " * 30, "since": LATE}
        ], pending={"actions": 1234, "bytes": 2**33},
    ))  # fmt: skip
    assert [line for line in text.splitlines() if len(line) > 80 and name not in line] == []
    assert text.splitlines()[3].startswith("a-buck...horter  syncing")
    assert f"`s3syncd status {name}` (it names the list to approve)" in " ".join(text.split())
    assert "8.0 GiB to send" in text


def test_a_wide_terminal_shows_whole_names() -> None:
    document = {"version": "1", "started_at": None, "sites": [site_status("n" * 70)]}
    text = render_status(document, now=NOW, palette=Palette(io.StringIO()), width=160)
    assert "n" * 70 in text


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [("photos", 6, "photos"), ("photographs", 9, "pho...phs"), ("photographs", 8, "pho...hs"),
     ("photographs", 1, "p...s")],
)  # fmt: skip
def test_a_long_name_is_shortened_in_its_middle(text: str, width: int, short: str) -> None:
    assert shortened(text, width) == short


def test_many_problems_are_cut_short_and_counted() -> None:
    problem = {"path": "p", "reason": "access_denied", "hint": "grant it", "since": LATE}
    text = rendered(site_status(problems=[problem] * 100, problems_total=250))
    assert text.count("access_denied: p (1 min ago)") == 10
    assert "and 240 more problems" in text


LATE = "2026-11-21T06:29:00Z"


def test_hint_of_a_site_without_a_reason_is_shown() -> None:
    text = rendered(site_status(state="unavailable", in_sync=False, hint="see the log"))
    assert "  see the log" in text.splitlines()


def test_configuration_that_is_not_in_force_is_told() -> None:
    document = {
        "version": "1", "started_at": None, "sites": [site_status()],
        "reload_error": {"error": "c.yml:3: one\nc.yml:4: two", "hint": ""},
        "needs_restart": ["upload_workers"],
    }  # fmt: skip
    lines = render_status(document, now=NOW, palette=Palette(io.StringIO())).splitlines()
    assert lines[2:4] == ["  c.yml:3: one", "  c.yml:4: two"]
    assert lines[4] == "changed in the file, in force after a restart: upload_workers"


@pytest.mark.parametrize(
    ("rate", "number", "words"),
    [
        (2 * 2**20, 50.0, "limited to 2.0 MiB/s and 50 requests/s"),
        (250_000, None, "limited to 244.1 KiB/s"),
        (None, 0.5, "limited to 0.5 requests/s"),
    ],
)
def test_a_limit_in_force_is_shown(rate: int | None, number: float | None, words: str) -> None:
    limits = {"bytes_per_second": rate, "requests_per_second": number}
    assert f"  {words}\n" in rendered({**site_status("a"), "limits": limits}) + "\n"


def test_a_site_without_a_limit_says_nothing_of_limits() -> None:
    assert "limited" not in rendered({**site_status("a"), "limits": None})


def test_what_cannot_be_sent_is_told() -> None:
    document = {
        "version": "1", "started_at": None, "sites": [site_status()],
        "heartbeat": {"error": "no answer in time"}, "notify": {"error": None},
    }  # fmt: skip
    lines = render_status(document, now=NOW, palette=Palette(io.StringIO())).splitlines()
    assert lines[1] == "no heartbeat is sent: no answer in time"
    assert not any("notified" in line for line in lines)


def test_it_tells_how_far_the_reading_of_every_file_is() -> None:
    text = rendered(site_status(scrubbed_files=120, last_scrub_at=None, files=345))
    assert "  every file is read again: 120 of 345 so far" in text
    ended = "2026-11-21T05:20:00Z"
    one = site_status(scrubbed_files=None, last_scrub_at=ended)
    other = site_status("other", scrubbed_files=None, last_scrub_at=ended)
    assert "  every file was read again 1 h ago" in rendered(one)
    assert "read again" not in rendered(one, other)


def test_what_is_not_known_does_not_look_as_if_nothing_waited() -> None:
    unknown = {"state": "unavailable", "in_sync": False, "pending_known": False}
    text = rendered(site_status(**unknown, oldest_pending_seconds=75.0))
    assert " ? " in text.splitlines()[3]
    assert "not compared since 1 min: what waits is not known" in text
    some = rendered(site_status(**unknown, pending={"actions": 12, "bytes": 0}))
    assert " 12+ " in some


def test_the_age_of_a_change_is_told_from_its_first_moment_on() -> None:
    text = rendered(site_status(in_sync=False, pending={"actions": 1, "bytes": 0}))
    assert "the oldest change waits for 0 s" in text
    assert "oldest" not in rendered(site_status())


def test_what_was_said_of_the_site_is_not_said_of_each_path_again() -> None:
    problem = {
        "path": "p",
        "reason": "bucket_unavailable",
        "hint": "make the bucket",
        "since": LATE,
    }
    text = rendered(
        site_status(
            state="unavailable", in_sync=False, reason="bucket_unavailable",
            hint="make the bucket", problems=[problem], problems_total=1,
        )
    )  # fmt: skip
    assert text.count("make the bucket") == 1
