"""`reset`: a ledger set aside, when it is asked to and nobody uses it."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from s3syncd.cli import reset
from s3syncd.cli.main import main
from s3syncd.config.state import site_folder
from s3syncd.errors import FatalError
from s3syncd.ledger import Ledger
from s3syncd.supervisor.lock import StateLock
from tests.cli.typed import parse


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """The folder of the site photos, with something in it."""
    folder = tmp_path / "state" / site_folder("photos")
    folder.mkdir()
    (folder / "ledger.sqlite").write_text("rows")
    return folder


def test_reset_sets_the_ledger_aside_and_touches_nothing_else(
    tmp_path: Path, config: Path, ledger: Path
) -> None:
    (tmp_path / "photos" / "a.jpg").write_text("picture")
    assert main(["reset", "photos", "--yes", "-c", str(config)]) == 0
    assert not ledger.exists()
    assert (ledger.with_name(ledger.name + ".reset") / "ledger.sqlite").read_text() == "rows"
    assert (tmp_path / "photos" / "a.jpg").read_text() == "picture"


def test_a_second_reset_replaces_what_the_first_set_aside(config: Path, ledger: Path) -> None:
    main(["reset", "photos", "--yes", "-c", str(config)])
    ledger.mkdir()
    assert main(["reset", "photos", "--yes", "-c", str(config)]) == 0
    assert list(ledger.with_name(ledger.name + ".reset").iterdir()) == []
    assert main(["reset", "photos", "--yes", "-c", str(config)]) == 0


def test_reset_refuses_while_the_daemon_runs(
    tmp_path: Path, config: Path, ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lock = StateLock(tmp_path / "state")
    try:
        assert main(["reset", "photos", "--yes", "-c", str(config)]) == 1
        assert f"pid {os.getpid()}" in capsys.readouterr().err
        assert ledger.exists()
    finally:
        lock.release()
    assert main(["reset", "photos", "--yes", "-c", str(config)]) == 0
    StateLock(tmp_path / "state").release()


@pytest.mark.parametrize(("answer", "code"), [("y", 0), (" Y ", 0), ("n", 1), ("", 1), ("yy", 1)])
def test_reset_asks(config: Path, ledger: Path, answer: str, code: int) -> None:
    assert reset.execute(parse(config, "reset", "photos"), confirm=lambda _: answer) == code
    assert ledger.exists() is (code != 0)


def test_reset_tells_what_is_lost_with_the_ledger_before_it_asks(
    config: Path, ledger: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (ledger / "ledger.sqlite").unlink()
    kept = Ledger.open(ledger / "ledger.sqlite", identity="x")
    for path, state in (("a", "held"), ("b", "held"), ("c", "waiting")):
        kept.want_deletion(path, "retired", 1.0, state=state)
    kept.set_meta("paused", "1")
    kept.close()
    asked: list[str] = []

    def confirm(_question: str) -> str:
        asked.append(capsys.readouterr().out)
        return "n"

    assert reset.execute(parse(config, "reset", "photos"), confirm=confirm) == 1
    assert asked[0].splitlines() == [
        "photos: its ledger remembers 0 files; forgotten with it:",
        "- which directory it is: the next start takes what stands there, and sends it",
        "- 2 held deletions: their objects stay in the bucket, as not put by this site",
        "- 1 deletion under way: its object stays in the bucket, as not put by this site",
        "- the pause: the next start sends",
    ]
    assert ledger.exists()


def test_reset_without_a_terminal_needs_yes(
    config: Path, ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(FatalError) as error:
        reset.execute(parse(config, "reset", "photos"))
    assert "--yes" in error.value.hint
    assert ledger.exists()


@pytest.mark.parametrize("words", [("reset", "--yes"), ("plan",), ("sync",)])
def test_an_unknown_site_is_a_mistake_and_the_known_ones_are_named(
    config: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert main([*words, "music", "-c", str(config)]) == 2
    assert capsys.readouterr().err == ("s3syncd: there is no site 'music'\n  sites: photos, docs\n")


def test_reset_of_a_site_no_longer_configured_works(tmp_path: Path, config: Path) -> None:
    folder = tmp_path / "state" / site_folder("music")
    folder.mkdir()
    assert main(["reset", "music", "--yes", "-c", str(config)]) == 0
    assert not folder.exists()
