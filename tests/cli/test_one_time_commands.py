"""run, plan, sync, reset and check with fakes in place of the supervisor and of S3."""

from __future__ import annotations

import inspect
import io
import json
import os
import re
import signal
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

from s3syncd import failpoints
from s3syncd.cli import check, plan, reset, run, sync
from s3syncd.cli.main import build_parser, main
from s3syncd.cli.progress import Progress
from s3syncd.config.load import load
from s3syncd.config.models import Config
from s3syncd.config.state import site_folder
from s3syncd.core.cost import Requests
from s3syncd.core.entry import Action, Kind, LocalEntry
from s3syncd.core.finding import Finding, Verdict
from s3syncd.core.safety import REASONS
from s3syncd.core.table import ROWS, Rule
from s3syncd.errors import FatalError
from s3syncd.ledger import Ledger
from s3syncd.local.survey import Survey
from s3syncd.supervisor.lock import StateLock
from s3syncd.supervisor.planning import PlanReport, SitePlan
from tests.cli.daemon import FakeDaemon, site_status, write_config


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path)


def parse(config: Path, *words: str) -> Any:
    return build_parser().parse_args([*words, "-c", str(config)])


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


# --- run ------------------------------------------------------------------------------------------


def test_run_serves_the_configuration_and_gives_its_exit_code(config: Path) -> None:
    served: list[Config] = []

    def serve(loaded: Config) -> int:
        served.append(loaded)
        return 7

    assert run.execute(parse(config, "run"), serve=serve) == 7
    assert [site.name for site in served[0].sites] == ["photos", "docs"]


def test_run_ignores_the_signal_of_a_broken_lease(config: Path) -> None:
    before = signal.signal(signal.SIGIO, signal.SIG_DFL)
    try:
        run.execute(parse(config, "run"), serve=lambda _: 0)
        assert signal.getsignal(signal.SIGIO) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGIO, before)


def test_run_arms_failpoints_from_the_environment(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("S3SYNCD_FAILPOINTS", "upload.before_put=raise")

    def serve(_: Config) -> int:
        failpoints.reach("upload.before_put")
        return 0

    with pytest.raises(RuntimeError, match="failpoint"):
        run.execute(parse(config, "run"), serve=serve)


# --- plan -----------------------------------------------------------------------------------------


def fake_plan(
    name: str = "photos", wanted: int = 3, reason: str | None = None, hint: str | None = None
) -> SitePlan:
    """Make a plan whose numbers are right only after its actions were read."""
    made = SitePlan(name, iter(()), reason=reason, hint=hint)

    def actions() -> Iterator[Action]:
        for number in range(wanted):
            entry = LocalEntry(f"{number:05}\x1b.txt", 10, 0, 0, 1, 0o100644)
            yield Action(Kind.UPLOAD, entry.path, entry, None, None, 2, "new")
            made.counts = {"Upload": number + 1, "DeleteRemote": 0}
            made.bytes += 10
            made.asked = made.asked.plus(Requests(writes=1))

    made.actions, made.is_whole = actions(), True
    return made


def planned(
    config: Path, *sites: SitePlan, words: tuple[str, ...] = (), stream: io.StringIO | None = None
) -> tuple[int, str]:
    stream = stream or io.StringIO()
    code = plan.execute(
        parse(config, "plan", *words),
        plan=lambda _config, _site: PlanReport([*sites]),
        stream=stream,
    )
    return code, stream.getvalue()


def test_a_plan_lists_actions_and_sums_them_up(config: Path) -> None:
    code, text = planned(config, fake_plan())
    assert code == 0
    assert "  Upload (new)  00000\\x1b.txt\n" in text
    assert "3 Upload; 30 B to send, 3 requests" in text


class Leaving(io.StringIO):
    """A reader that leaves early, as `head` does."""

    def write(self, text: str) -> int:
        if self.tell() > 100:
            raise BrokenPipeError
        return super().write(text)


@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_plan_whose_reader_leaves_lets_go_of_the_bucket(
    config: Path, words: tuple[str, ...]
) -> None:
    made = fake_plan(wanted=50)
    with pytest.raises(BrokenPipeError):
        planned(config, made, words=words, stream=Leaving())
    assert isinstance(made.actions, Generator)
    assert inspect.getgeneratorstate(made.actions) == inspect.GEN_CLOSED


def test_a_long_plan_is_cut_short_and_still_counted_whole(config: Path) -> None:
    _, text = planned(config, fake_plan(wanted=50))
    assert text.count("  Upload (new)  ") == 20
    assert "... and 30 more" in text
    assert "50 Upload; 500 B to send" in text


@pytest.mark.parametrize("row", [row.upload for row in ROWS if row.upload.kind])
def test_each_action_of_the_table_is_told_in_plain_words(config: Path, row: Rule) -> None:
    one = fake_plan()
    assert row.kind is not None
    one.actions = iter([Action(row.kind, "path", None, None, None, 0, row.reason)])
    line = planned(config, one)[1].splitlines()[1]
    said = re.fullmatch(rf"  {row.kind} \(([^_]+)\)  path", line)
    assert said, line
    assert row.reason in {"new", "changed"} or " " in said[1]


def test_a_plan_tells_what_holds_it_and_what_to_do_within_80_columns(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    remedy = "Bring the files back, or confirm them: `s3syncd approve SITE --list 0123456789ab`."
    held = fake_plan(reason="mass_delete", hint=remedy)
    lines = planned(config, held, stream=Terminal())[1].splitlines()
    assert lines[-4:] == [
        "  mass_delete: More files are gone than the limit allows; every deletion is",
        "  held, uploads go on.",
        "    Bring the files back, or confirm them:",
        f"    `s3syncd -c {config} approve photos --list 0123456789ab`.",
    ]


@pytest.mark.parametrize("held_list", [None, "0123456789ab"])
def test_a_plan_advises_to_approve_the_held_list_where_there_is_one(
    config: Path, held_list: str | None
) -> None:
    one = fake_plan(reason="root_emptied", hint=REASONS["root_emptied"].remedy)
    one.held_list = held_list
    text = planned(config, one)[1]
    assert f"`s3syncd -c {config} " in text
    assert ("approve photos --list 0123456789ab`" in text) == bool(held_list)
    assert ("status photos` (it names the list" in text) != bool(held_list)
    one = fake_plan(wanted=0)
    one.held_list = held_list
    (document,) = json.loads(planned(config, one, words=("--json",))[1])["sites"]
    assert document["held_list"] == held_list


def test_what_is_piped_is_a_line_for_each_sentence(config: Path) -> None:
    remedy = "Bring the files back, or confirm them: `s3syncd approve SITE --list 0123456789ab`."
    lines = planned(config, fake_plan(reason="mass_delete", hint=remedy))[1].splitlines()
    assert lines[-1].startswith("    Bring the files back, or confirm them: `s3syncd -c ")
    assert lines[-2].endswith("every deletion is held, uploads go on.")
    long = Finding(Verdict.FAILED, "list", "x " * 100, "y " * 100)
    failed = [line for line in checked(config, long)[1].splitlines() if line.startswith("failed")]
    assert len(failed) == 2
    assert all("-> y y y" in line for line in failed)


def test_a_plan_that_could_not_be_made_claims_nothing(config: Path) -> None:
    dead = fake_plan(wanted=0, reason="bucket_unavailable", hint="Start the server.")
    dead.is_whole = False
    code, text = planned(config, dead)
    assert code == 4
    assert "nothing to do" not in text
    assert text.splitlines() == [
        "photos",
        "  what is to be done is not known:",
        "  bucket_unavailable: The bucket cannot be used; changes wait.",
        "    Start the server.",
    ]
    document = json.loads(planned(config, dead, words=("--json",))[1])
    assert document["sites"][0]["is_whole"] is False


def test_a_plan_that_broke_off_tells_what_it_knows_as_such(config: Path) -> None:
    cut = fake_plan(wanted=3, reason="listing_incomplete", hint="None needed.")
    cut.is_whole = False
    text = planned(config, cut)[1]
    assert "  at least 3 actions; the rest is not known:\n" in text


def test_one_thing_is_told_as_one(config: Path) -> None:
    assert "1 Upload; 10 B to send, 1 request\n" in planned(config, fake_plan(wanted=1))[1]


def test_a_plan_has_colours_by_what_is_at_stake_on_a_terminal_only(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)

    def shown(stream: io.StringIO) -> str:
        one = fake_plan(wanted=0, reason="mass_delete", hint="do this")
        entry = LocalEntry("a", 1, 0, 0, 1, 0o100644)
        one.actions = iter([
            Action(Kind.UPLOAD, "a", entry, None, None, 2, "new"),
            Action(Kind.DELETE_REMOTE, "b", None, None, None, 0, "retired"),
        ])  # fmt: skip
        arguments = parse(config, "plan")
        plan.execute(arguments, plan=lambda _config, _site: PlanReport([one]), stream=stream)
        return stream.getvalue()

    coloured = shown(Terminal())
    assert "\x1b[1mphotos\x1b[0m\n" in coloured
    assert "  \x1b[32mUpload (new)               \x1b[0m  a\n" in coloured
    assert "  \x1b[31mDeleteRemote (file deleted)\x1b[0m  b\n" in coloured
    assert "\x1b[33m  mass_delete: " in coloured
    plain = shown(io.StringIO())
    bare = re.sub(r"\x1b\[\d+m", "", coloured)
    assert bare.split() == plain.split()
    assert bare.splitlines()[:3] == plain.splitlines()[:3]
    monkeypatch.setenv("NO_COLOR", "1")
    assert shown(Terminal()) == bare


def test_a_plan_tells_its_price_and_what_it_costs_to_go_on(config: Path) -> None:
    one = fake_plan()
    one.dollars = 0.25
    one.hints = [
        Finding(Verdict.OK, "cost", "about 30 LIST requests a month"),
        Finding(Verdict.WARNING, "small files", "9 of 9", "another class"),
    ]
    text = planned(config, one)[1]
    assert "3 requests, about $0.25\n" in text
    assert "  cost: about 30 LIST requests a month\n  small files: 9 of 9; another class\n" in text
    one = fake_plan()
    one.hints = [Finding(Verdict.WARNING, "small files", "9 of 9", "another class")]
    (document,) = json.loads(planned(config, one, words=("--json",))[1])["sites"]
    assert document["hints"] == [
        {"about": "small files", "text": "9 of 9", "remedy": "another class"}
    ]
    assert document["requests_by_kind"] == {"lists": 0, "writes": 3, "reads": 0, "deletes": 0}
    assert document["dollars"] is None


def test_a_plan_without_actions_says_so(config: Path) -> None:
    assert "nothing to do" in planned(config, fake_plan(wanted=0))[1]


def test_a_plan_as_json_has_every_action(config: Path) -> None:
    code, text = planned(
        config, fake_plan(wanted=50), fake_plan("docs", wanted=0), words=("--json",)
    )
    first, second = json.loads(text)["sites"]
    assert code == 0
    assert [each["path"] for each in first["actions"]] == [f"{n:05}\x1b.txt" for n in range(50)]
    assert first["actions"][0] == {
        "kind": "Upload", "path": "00000\x1b.txt", "reason": "new", "size_bytes": 10,
    }  # fmt: skip
    assert (first["counts"]["Upload"], first["bytes"], first["requests"]) == (50, 500, 50)
    assert second["name"] == "docs"
    assert second["actions"] == []


@pytest.mark.parametrize(
    ("reasons", "code"),
    [
        ([None, "bucket_unavailable"], 4),
        (["bucket_unavailable", "root_replaced"], 3),
        (["mass_delete", "root_missing"], 3),
    ],
)
@pytest.mark.parametrize("words", [(), ("--json",)])
def test_a_plan_of_a_site_in_trouble_tells_it_by_its_exit_code(
    config: Path, reasons: list[str | None], code: int, words: tuple[str, ...]
) -> None:
    sites = [fake_plan(reason=reason, hint="do this") for reason in reasons]
    got, text = planned(config, *sites, words=words)
    assert got == code
    assert "do this" in text


# --- sync -----------------------------------------------------------------------------------------


def test_sync_without_a_daemon_does_it_here_and_reports(config: Path) -> None:
    asked: list[str | None] = []
    stream = io.StringIO()

    def do(_: Config, site: str | None, progress: Any) -> tuple[int, dict[str, Any]]:
        asked.append(site)
        progress(Progress("photos", 3, 30, 0, 0, 3, is_scanning=False))
        report = {"version": "0.1.0", "started_at": None, "sites": [site_status()]}
        return 0, report

    assert sync.execute(parse(config, "sync", "photos"), sync=do, stream=stream) == 0
    assert asked == ["photos"]
    assert "photos: 100%  3/3 files" in stream.getvalue()
    assert "idle" in stream.getvalue()


@pytest.mark.parametrize(
    ("stream", "changes", "level"),
    [
        (io.StringIO(), {}, "info"),
        (Terminal(), {}, "error"),
        (Terminal(), {"log": "{file: sync.log}"}, "info"),
    ],
    ids=["no terminal", "a log line would tear the bar", "the log goes elsewhere"],
)
def test_sync_keeps_its_bar_and_the_log_apart(
    tmp_path: Path, stream: io.StringIO, changes: dict[str, str], level: str
) -> None:
    levels: list[str] = []

    def do(config: Config, *_: object) -> tuple[int, None]:
        levels.append(config.log_level)
        return 0, None

    sync.execute(parse(write_config(tmp_path, **changes), "sync"), sync=do, stream=stream)
    assert levels == [level]


def test_sync_of_a_paused_site_says_so_and_who_ends_it(config: Path) -> None:
    stream = io.StringIO()

    def do(_: Config, _site: str | None, progress: Any) -> tuple[int, dict[str, Any]]:
        progress(Progress("photos", 0, 0, 0, 0, 0, False, True, "paused"))
        paused = site_status(state="paused", in_sync=False)
        return 4, {"version": "0.1.0", "started_at": None, "sites": [paused]}

    assert sync.execute(parse(config, "sync"), sync=do, stream=stream) == 4
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("s3syncd 0.1.0")  # not a bar of what is not done
    assert f"  nothing is sent before: s3syncd -c {config} resume photos" in lines
    assert lines[-2:] == [
        "not done: photos is paused",
        "a pause is ended through the daemon: start it, then resume",
    ]


@pytest.mark.parametrize("waiting", [0, 3])
def test_sync_of_a_site_that_the_daemon_has_paused_is_not_done_and_says_so_once(
    tmp_path: Path, config: Path, waiting: int
) -> None:
    stream, pending = io.StringIO(), {"actions": waiting, "bytes": waiting}
    paused = site_status(state="paused", pending=pending, in_sync=not waiting)
    both = [[paused, site_status("docs")], [paused, site_status("docs", last_reconcile_at=LATER)]]
    with FakeDaemon(tmp_path / "state", *both) as daemon:
        assert sync.execute(parse(config, "sync", "photos"), stream=stream) == 4
        daemon.steps = list(both)
        assert sync.execute(parse(config, "sync", "--json"), stream=io.StringIO()) == 4
    lines = stream.getvalue().splitlines()
    assert lines[0].startswith("s3syncd 0.1.0")
    assert lines[-1] == "not done: photos is paused"
    assert sum("nothing is sent" in line for line in lines) == 1


def test_what_sync_waits_for_is_not_said_twice(tmp_path: Path, config: Path) -> None:
    stream, halted = io.StringIO(), site_status(state="halted", in_sync=False)
    with FakeDaemon(tmp_path / "state", [halted]):
        assert sync.execute(parse(config, "sync"), stream=stream) == 3
    assert stream.getvalue().count("halted: a person is waited for") == 1


LATER = "2026-11-21T07:00:00Z"


def test_sync_with_a_daemon_lets_it_do_the_work(tmp_path: Path, config: Path) -> None:
    busy = {"state": "syncing", "in_sync": False}
    stream = io.StringIO()
    steps = [
        [site_status()],
        [site_status(pending={"actions": 4, "bytes": 400}, **busy)],
        [site_status(pending={"actions": 1, "bytes": 100}, **busy)],
        [site_status(last_reconcile_at=LATER)],
    ]

    def never(*_: object) -> tuple[int, None]:
        raise AssertionError("the daemon runs")

    with FakeDaemon(tmp_path / "state", *steps) as daemon:
        assert sync.execute(parse(config, "sync"), sync=never, stream=stream) == 0
    assert daemon.commands == [("sync", {})]
    assert "100%  4/4 files, 400 B/400 B" in stream.getvalue()


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        ({"state": "idle"}, "scanning (12 345 seen)"),
        ({"state": "scanning", "in_sync": False}, "scanning (12 345 seen)"),
        ({"state": "unavailable", "in_sync": False}, "waiting for the directory or the bucket"),
    ],
    ids=["not begun", "scanning", "unavailable"],
)
def test_sync_through_the_daemon_is_not_done_before_it_has_looked(
    tmp_path: Path, config: Path, changes: dict[str, Any], shown: str
) -> None:
    stream = io.StringIO()
    steps = [[site_status()], [site_status(**changes)], [site_status(last_reconcile_at=LATER)]]
    with FakeDaemon(tmp_path / "state", *steps):
        sync.execute(parse(config, "sync"), stream=stream)
    assert stream.getvalue().splitlines()[0] == f"photos: {shown}"


def test_sync_as_json_prints_the_last_status_and_nothing_else(tmp_path: Path, config: Path) -> None:
    stream = io.StringIO()
    steps = [[site_status()], [site_status(last_reconcile_at=LATER)]]
    with FakeDaemon(tmp_path / "state", *steps):
        assert sync.execute(parse(config, "sync", "--json"), stream=stream) == 0
    assert json.loads(stream.getvalue())["sites"] == steps[-1]


def test_sync_through_the_daemon_tells_held_deletions(tmp_path: Path, config: Path) -> None:
    held = site_status(last_reconcile_at="2026-11-21T07:00:00Z", in_sync=False, held_deletions=9)
    with FakeDaemon(tmp_path / "state", [site_status()], [held]):
        assert sync.execute(parse(config, "sync"), stream=io.StringIO()) == 3


# --- reset ----------------------------------------------------------------------------------------


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


# --- check ----------------------------------------------------------------------------------------


def checked(config: Path, *findings: Finding) -> tuple[int, str]:
    stream = io.StringIO()
    code = check.execute(parse(config, "check"), probe=lambda _: findings, stream=stream)
    return code, stream.getvalue()


def test_check_prints_a_line_per_site_and_probe(config: Path) -> None:
    code, text = checked(config, Finding(Verdict.OK, "root", "is readable"))
    assert code == 0
    assert "ok       photos: root: is readable\n" in text
    assert "ok       docs: root: is readable\n" in text


def test_check_fails_with_any_probe_and_names_the_remedy(config: Path) -> None:
    ok = Finding(Verdict.OK, "root", "is readable")
    bad = Finding(Verdict.FAILED, "write", "AccessDenied", "allow s3:PutObject\x1b")
    code, text = checked(config, bad, ok)
    assert code == 1
    assert "failed   photos: write: AccessDenied -> allow s3:PutObject\\x1b\n" in text


def test_check_as_json_has_every_finding_and_the_same_exit_code(config: Path) -> None:
    found = [
        Finding(Verdict.OK, "root", "is readable"),
        Finding(Verdict.FAILED, "write", "AccessDenied", "allow s3:PutObject"),
    ]
    for findings, code in ((found, 1), (found[:1], 0)):
        stream = io.StringIO()
        arguments = parse(config, "check", "--json")
        assert check.execute(arguments, probe=lambda _: findings, stream=stream) == code  # noqa: B023
        document = json.loads(stream.getvalue())
        assert document["ok"] is (code == 0)
        assert document["warnings"] == []
    first, *rest = json.loads(stream.getvalue())["findings"]
    assert (first["site"], first["probe"], first["verdict"]) == (None, "state_dir", "ok")
    assert [each["site"] for each in rest] == ["photos", "docs"]
    assert rest[0] == {
        "site": "photos", "probe": "root", "verdict": "ok", "text": "is readable", "remedy": None,
    }  # fmt: skip


def test_check_on_a_terminal_is_in_columns_below_each_site(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    stream = Terminal()
    findings = [
        Finding(Verdict.OK, "root", "is readable"),
        Finding(
            Verdict.WARNING, "unfinished uploads", "no rule aborts them", "add one: " + "x" * 40
        ),
    ]
    check.execute(parse(config, "check"), probe=lambda _: findings, stream=stream)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "the daemon"
    start = lines.index("photos") + 1
    assert lines[start : start + 4] == [
        "  ok       root                is readable",
        "  warning  unfinished uploads  no rule aborts them",
        "                               -> add one:",
        "                                  " + "x" * 40,
    ]
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    coloured = Terminal()
    check.execute(parse(config, "check"), probe=lambda _: findings, stream=coloured)
    assert "  \x1b[33mwarning\x1b[0m  unfinished uploads  no rule" in coloured.getvalue()


def test_check_offline_as_json_is_the_configuration_in_force(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--offline", "--json", "-c", str(config)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [site["name"] for site in document["config"]["sites"]] == ["photos", "docs"]


@pytest.mark.parametrize(
    ("endpoint", "probes"),
    [("", {"cost", "small files", "hot files"}), ("endpoint: http://s3:9000\n", {"cost"})],
    ids=["AWS", "another store"],
)
def test_check_tells_what_the_files_will_cost_in_their_class(
    config: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str, probes: set[str]
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    config.write_text("storage_class: STANDARD_IA\n" + endpoint + config.read_text())
    tree = Survey(directories=1, files=100, small=50, recent=50)
    found = {each.probe: each for each in check._hints(load(config).sites[0], tree)}
    assert found.keys() == probes
    assert ("$" in found["cost"].text) is (endpoint == "")
    tree.is_whole = False
    (cost, *_) = check._hints(load(config).sites[0], tree)
    assert cost.text.startswith("at least 30 LIST requests")


def test_a_warning_alone_is_no_failure(config: Path) -> None:
    assert checked(config, Finding(Verdict.WARNING, "lifecycle", "expires"))[0] == 0


def test_check_offline_shows_the_configuration_without_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path, access_key="AKIDCANARY", secret_access_key="canary-secret")
    config.chmod(0o600)
    assert main(["check", "--offline", "-c", str(config)]) == 0
    shown, told = capsys.readouterr()
    assert "canary" not in shown.lower()
    assert "photos-bucket" in shown
    assert told.startswith("not tried: state_dir, log.file, http.listen, directories and buckets;")
    assert f"`s3syncd -c {config} check` tries them" in told
    assert not (tmp_path / "state").exists() or not list((tmp_path / "state").iterdir())
