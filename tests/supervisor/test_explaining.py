"""What is not known of a path is told as that, and what a person writes becomes one path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from s3syncd.cli.wording import printable
from s3syncd.config.models import SiteConfig
from s3syncd.core.entry import BaselineRow, LocalEntry, UnknownMark
from s3syncd.core.retry import Failure, FailureKind
from s3syncd.errors import FatalError, SiteUnavailable
from s3syncd.s3.reply import Reply
from s3syncd.supervisor.explaining import (
    _meant,
    document_of,
    explain_within,
    look_at_file,
    look_at_object,
)
from s3syncd.supervisor.naming import path_of, spellings
from tests.supervisor.conftest import Configure

FILE = LocalEntry("a", 5, 10**18, 10**18, 7, 0o100644)
ROW = BaselineRow("a", 5, 10**18, 10**18, 7, 0o100644, None, "e1", "STANDARD")


def _failed(kind: FailureKind, status: int | None) -> Reply:
    return Reply(status or 0, {}, b"", Failure(kind, "Code", status, "said", False))


@pytest.fixture
def settings(configure: Configure) -> SiteConfig:
    (site,) = configure({"a": {"prefix": "p", "retire_deleted": True}}).sites
    return site


def _next(settings: SiteConfig, look: Any, seen: Any, row: Any = ROW) -> tuple[str, int, str]:
    one = document_of(settings, "a", {"baseline": row}, look, seen)
    return one["remote"]["state"], one["next"]["row"], one["next"]["word"]


@pytest.mark.parametrize(
    "seen",
    [
        SiteUnavailable("bucket_unavailable", "no bucket", hint="make one"),
        _failed(FailureKind.TRANSIENT, None),
        _failed(FailureKind.REFUSED, 403),
    ],
    ids=["no bucket", "no answer", "refused"],
)
def test_what_did_not_answer_is_no_absent_object(settings: SiteConfig, seen: Any) -> None:
    assert _next(settings, FILE, seen) == ("unknown", 0, "nothing")
    assert _next(settings, "absent", seen) == ("unknown", 0, "nothing")


def test_what_could_not_be_looked_at_is_no_deleted_file(settings: SiteConfig) -> None:
    there = Reply(200, {"etag": '"e1"', "content-length": "5"}, b"", None)
    for reason in ("unreadable", "root_missing", "symlink"):
        assert _next(settings, UnknownMark("a", reason), there) == ("object", 0, "nothing")
    assert _next(settings, "absent", there) == ("object", 13, "DeleteRemote")


def test_an_object_that_is_missing_is_absent(settings: SiteConfig) -> None:
    missing = _failed(FailureKind.MISSING, 404)
    assert _next(settings, FILE, missing) == ("absent", 8, "Upload")
    assert _next(settings, "directory", missing, None) == ("absent", 1, "nothing")


class Answers:
    """A bucket whose HEAD tells of nothing, and the answer to a question with words."""

    def __init__(self, code: str, kind: FailureKind = FailureKind.MISSING) -> None:
        self._code, self._kind = code, kind

    def head(self, _key: str) -> Reply:
        return _failed(FailureKind.MISSING, 404)

    def peek(self, _key: str) -> Reply:
        return Reply(404, {}, b"", Failure(self._kind, self._code, 404, "said", False))


@pytest.mark.parametrize(
    ("bucket", "state"),
    [
        (Answers("NoSuchKey"), "absent"),
        (Answers("HTTP404"), "unknown"),
        (Answers("NoSuchBucket", FailureKind.BUCKET), "unknown"),
    ],
    ids=["the key is missing", "a 404 without words", "the bucket is missing"],
)
def test_a_bucket_that_is_gone_is_no_absent_object(
    settings: SiteConfig, bucket: Any, state: str
) -> None:
    seen = look_at_object(settings, "a", bucket, lambda reply: reply)  # type: ignore[arg-type,return-value]
    assert _next(settings, FILE, seen)[0] == state


def test_a_root_that_is_missing_proves_nothing(settings: SiteConfig) -> None:
    settings.root.rmdir()
    assert look_at_file(settings, "a") == UnknownMark("a", "root_missing")


def test_a_path_may_be_written_in_several_ways(settings: SiteConfig) -> None:
    ways = ("d/f", "./d//f", "d/f/", f"{settings.root}/d/f", "s3://bucket-a/p/d/f")
    assert {path_of(way, settings) for way in ways} == {"d/f"}


@pytest.mark.parametrize(
    "text", ["", ".", "..", "d/../../f", "/etc/passwd", "s3://bucket-a/q/f", "s3://b/p/f", "a\0b"]
)
def test_what_is_outside_is_no_path(settings: SiteConfig, text: str) -> None:
    with pytest.raises(FatalError, match="no path of site a"):
        path_of(text, settings)


class _Fleet:
    """A fleet whose site does not answer."""

    def __init__(self, settings: SiteConfig) -> None:
        self._settings = settings

    def settings_of(self, _site: str) -> SiteConfig:
        return self._settings

    def bucket_of(self, _site: str) -> None:
        return None

    def command(self, _name: str, _arguments: dict[str, Any]) -> dict[str, Any]:
        return {"ok": False, "error": "site a is not running", "hint": "see the log"}


def test_of_a_site_that_does_not_answer_the_ledger_tells(
    settings: SiteConfig, tmp_path: Path
) -> None:
    fleet: Any = _Fleet(settings)
    one = explain_within(fleet, tmp_path / "state", "a", "a")
    assert one["site_state"]["state"] == "site a is not running"
    assert (one["remote"]["state"], one["next"]["row"]) == ("unknown", 0)
    assert one["remembered"] is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("a\nb\x1b", r"a\nb\x1b"), ("\udcff", r"\xff"), ("tab\tcr\r", r"tab\tcr\r"),
        ("\u2028", r"\u2028"), ("\x85", r"\x85"), ("\U000e0001", r"\U000e0001"),
    ],
)  # fmt: skip
def test_a_name_can_be_given_as_it_is_shown(settings: SiteConfig, name: str, shown: str) -> None:
    assert printable(name) == shown
    assert name in list(spellings(shown))
    settings.root.mkdir(exist_ok=True)
    (settings.root / name).write_text("x")
    assert _meant(shown, settings) == name
    assert _meant(name, settings) == name


def test_a_name_that_only_looks_escaped_comes_first(settings: SiteConfig) -> None:
    settings.root.mkdir(exist_ok=True)
    for name in (r"a\nb", "a\nb"):
        (settings.root / name).write_text("x")
    assert _meant(r"a\nb", settings) == r"a\nb"
    assert _meant(r"gone\n", settings) == r"gone\n"
    assert list(spellings(r"\Uffffffff"))[1] == r"\Uffffffff"


def test_a_name_that_is_no_text_has_no_key_and_is_a_problem(settings: SiteConfig) -> None:
    look = FILE._replace(path="\udcff")
    one = document_of(settings, "\udcff", {}, look, Reply(404, {}, b"", None))
    assert one["key"] is None
    assert [each["word"] for each in one["standing"]] == ["problem"]
    assert "No object can be of this name" in one["next"]["text"]


@pytest.mark.parametrize("reason", ["mount_missing", "mount_new"])
def test_nothing_comes_next_where_a_mount_hides_what_is_known(
    settings: SiteConfig, reason: str
) -> None:
    problem = {"path": "m/", "is_above": True, "reason": reason, "hint": "", "since": "then"}
    there = Reply(200, {"etag": '"e1"', "content-length": "5"}, b"", None)
    for look in (FILE, "absent"):
        facts = {"baseline": ROW, "problem": problem}
        told = document_of(settings, "a", facts, look, there)["next"]
        text = f"Nothing is sent or deleted there while {reason} stands."
        assert told == {"row": 0, "word": "nothing", "text": text}


def test_an_object_that_is_kept_is_not_told_as_to_be_deleted(settings: SiteConfig) -> None:
    there = Reply(200, {"etag": '"e1"', "content-length": "5"}, b"", None)
    deletion = {"state": "cleared", "since": "then"}
    facts = {"baseline": ROW, "deletion": deletion, "kept_for": "its/new/name"}
    told = document_of(settings, "a", facts, "absent", there)
    assert told["next"]["word"] == "nothing"
    assert [each["word"] for each in told["standing"]] == ["kept"]
    assert "its/new/name" in told["standing"][0]["text"]
