"""status, approve, rescan, pause, resume, reload: what they send, wait for, print and exit with."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from s3syncd.cli.client import NoDaemonError, ask
from s3syncd.cli.exits import exit_code_of
from s3syncd.cli.follow import follow
from s3syncd.cli.main import main
from s3syncd.web.address import socket_path
from tests.cli.daemon import FakeDaemon, site_status, write_config


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_config(tmp_path)


@pytest.fixture
def daemon(tmp_path: Path, config: Path) -> Iterator[FakeDaemon]:
    with FakeDaemon(tmp_path / "state") as running:
        yield running


DRIFT = {"path": "a", "reason": "drift", "hint": "look", "since": None}
DRIFTED = {"in_sync": False, "problems": [DRIFT], "problems_total": 1}
OUT_OF_SYNC = {"in_sync": False, "state": "syncing", "pending": {"actions": 3, "bytes": 4096}}


@pytest.mark.parametrize(
    ("sites", "code"),
    [
        ([{}], 0),
        ([], 0),
        ([{}, OUT_OF_SYNC], 4),
        ([OUT_OF_SYNC, {"in_sync": False, "held_deletions": 30}], 3),
        ([{"in_sync": False, "state": "halted"}, OUT_OF_SYNC], 3),
        ([{"in_sync": False, "state": "unavailable"}], 4),
        ([{"in_sync": False, "state": "paused"}], 4),
        ([OUT_OF_SYNC, DRIFTED], 3),
        ([{"in_sync": False, "problems": [{**DRIFT, "reason": "unstable"}]}], 4),
    ],
    ids=[
        "in sync",
        "no site",
        "behind",
        "held before behind",
        "halted",
        "unavailable",
        "paused",
        "drift",
        "another problem",
    ],
)
def test_the_exit_code_tells_what_waits_for_a_person_first(
    sites: list[dict[str, Any]], code: int
) -> None:
    assert exit_code_of([site_status(**changes) for changes in sites]) == code


def test_status_prints_the_documents_json(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.steps = [[site_status("photos"), site_status("docs", **OUT_OF_SYNC)]]
    assert main(["status", "--json", "-c", str(config)]) == 4
    document = json.loads(capsys.readouterr().out)
    assert document["version"] == "0.1.0"
    assert document["sites"] == daemon.steps[0]


def test_status_of_one_site_speaks_of_that_site_only(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.steps = [[site_status("photos"), site_status("docs", **OUT_OF_SYNC)]]
    assert main(["status", "photos", "--json", "-c", str(config)]) == 0
    assert [site["name"] for site in json.loads(capsys.readouterr().out)["sites"]] == ["photos"]


def test_status_of_an_unknown_site_names_the_known_ones(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["status", "music", "-c", str(config)]) == 2
    told = capsys.readouterr().err
    assert told.startswith("s3syncd: the daemon has no site 'music'\n")
    assert "sites: photos" in told


@pytest.mark.parametrize("words", [["approve"], ["rescan"], ["pause"], ["resume"]])
def test_a_command_to_an_unknown_site_is_a_mistake_of_the_command_line(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    daemon.answers[words[0]] = {
        "ok": False, "error": "there is no site 'music'", "hint": "sites: photos",
        "reason": "unknown_site",
    }  # fmt: skip
    assert main([*words, "music", "-c", str(config)]) == 2
    assert capsys.readouterr().err.startswith("s3syncd: ")


def test_status_waits_until_in_sync(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.steps = [[site_status(**OUT_OF_SYNC)], [site_status(**OUT_OF_SYNC)], [site_status()]]
    assert main(["status", "--wait", "--timeout", "30", "-c", str(config)]) == 0
    assert len(daemon.steps) == 1


def test_status_stops_waiting_when_the_time_is_over(daemon: FakeDaemon, config: Path) -> None:
    daemon.steps = [[site_status(**OUT_OF_SYNC)]]
    assert main(["status", "--wait", "--timeout", "0.1", "-c", str(config)]) == 4
    daemon.steps = [[site_status(in_sync=False, held_deletions=50)]]
    assert main(["status", "--wait", "--timeout", "0", "-c", str(config)]) == 3


@pytest.mark.parametrize(
    "waiting",
    [{"held_deletions": 50}, {"state": "halted"}, DRIFTED],
    ids=["held", "halted", "drift"],
)
def test_status_does_not_wait_for_a_site_that_waits_for_a_person(
    daemon: FakeDaemon, config: Path, waiting: dict[str, Any]
) -> None:
    stuck = site_status(**{"in_sync": False, **waiting})
    behind = site_status("docs", **OUT_OF_SYNC)
    for command in ("status", "resume"):
        daemon.steps = [[stuck, behind], [stuck, behind], [site_status()]]
        assert main([command, "--wait", "--timeout", "30", "-c", str(config)]) == 3
        assert len(daemon.steps) == 2


def test_waiting_bears_a_daemon_that_is_still_starting(tmp_path: Path) -> None:
    answers: list[object] = [NoDaemonError("none"), NoDaemonError("none"), {"sites": []}]

    def look() -> dict[str, Any]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"sites": []}

    assert follow(tmp_path, None, lambda _: True, look=look).is_done
    assert answers == []


def test_waiting_gives_up_on_a_daemon_that_never_comes(tmp_path: Path) -> None:
    moments = iter([0.0, 0.0, 0.0, 9.0, 9.0, 11.0, 11.0])

    def look() -> dict[str, Any]:
        raise NoDaemonError("none")

    with pytest.raises(NoDaemonError):
        follow(tmp_path, None, lambda _: True, look=look, clock=lambda: next(moments))


def test_live_asks_for_nothing_but_life(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.steps = [[site_status(in_sync=False, state="unavailable")]]
    assert main(["status", "--live", "-c", str(config)]) == 0
    daemon.live = {"ok": False, "error": "site photos has not turned for 31 s", "hint": ""}
    assert main(["status", "--live", "-c", str(config)]) == 1
    assert "31 s" in capsys.readouterr().err


def test_approve_sends_site_and_list_and_prints_what_was_approved(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.answers["approve"] = {"ok": True, "count": 42, "list": "0123456789ab"}
    assert main(["approve", "photos", "--list", "0123456789ab", "-c", str(config)]) == 0
    assert daemon.commands == [("approve", {"site": "photos", "list": "0123456789ab"})]
    assert capsys.readouterr().out == "approved 42 deletions of photos (list 0123456789ab)\n"


def test_approve_as_json_is_the_daemons_answer(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.answers["approve"] = {"ok": True, "count": 42, "list": "0123456789ab"}
    assert main(["approve", "photos", "--json", "-c", str(config)]) == 0
    assert json.loads(capsys.readouterr().out) == daemon.answers["approve"]


def test_approve_tells_what_else_it_ended(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.answers["approve"] = {"ok": True, "count": 0, "list": None, "root": True, "drift": 2}
    assert main(["approve", "photos", "-c", str(config)]) == 0
    assert daemon.commands == [("approve", {"site": "photos"})]
    printed = capsys.readouterr().out
    assert "the directory of photos as it is now" in printed
    assert "overwrite 2 objects" in printed


def test_approve_with_nothing_to_approve_says_so(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["approve", "photos", "-c", str(config)]) == 0
    assert "nothing waits" in capsys.readouterr().out


def test_rescan_returns_when_accepted(daemon: FakeDaemon, config: Path) -> None:
    assert main(["rescan", "-c", str(config)]) == 0
    assert main(["rescan", "photos", "--remote", "-c", str(config)]) == 0
    assert daemon.commands == [
        ("rescan", {"remote": False}),
        ("rescan", {"site": "photos", "remote": True}),
    ]


LATER = "2026-11-21T07:00:00Z"


def test_rescan_waits_for_a_pass_of_its_kind_and_for_what_it_found(
    daemon: FakeDaemon, config: Path
) -> None:
    daemon.steps = [
        [site_status()],
        [site_status()],
        [site_status(state="scanning")],
        [site_status(last_rescan_at=LATER)],
        [site_status(last_reconcile_at=LATER, **OUT_OF_SYNC)],
        [site_status(last_reconcile_at=LATER)],
    ]
    assert main(["rescan", "--remote", "--wait", "--timeout", "30", "-c", str(config)]) == 0
    assert len(daemon.steps) == 1


def test_a_rescan_does_not_wait_for_what_failed_and_is_tried_again_some_time(
    daemon: FakeDaemon, config: Path
) -> None:
    failed = {"in_sync": False, "pending": {"actions": 2, "bytes": 9, "failed": 2}}
    daemon.steps = [[site_status()], [site_status(last_rescan_at=LATER, **failed)]]
    assert main(["rescan", "--wait", "--timeout", "30", "-c", str(config)]) == 4


def test_a_rescan_that_is_not_through_in_time_is_not_in_sync(
    daemon: FakeDaemon, config: Path
) -> None:
    assert main(["rescan", "--wait", "--timeout", "0", "-c", str(config)]) == 4


def test_rescan_does_not_wait_for_a_site_that_waits_for_a_person(
    daemon: FakeDaemon, config: Path
) -> None:
    daemon.steps = [[site_status()], [site_status(state="halted", in_sync=False)]]
    assert main(["rescan", "--wait", "-c", str(config)]) == 3


def test_pause_waits_until_every_site_is_still(daemon: FakeDaemon, config: Path) -> None:
    daemon.steps = [[site_status(**OUT_OF_SYNC)], [site_status(state="paused", in_sync=False)]]
    assert main(["pause", "--wait", "-c", str(config)]) == 0
    assert daemon.commands == [("pause", {})]
    assert len(daemon.steps) == 1
    daemon.steps = [[site_status(**OUT_OF_SYNC)]]
    assert main(["pause", "photos", "--wait", "--timeout", "0", "-c", str(config)]) == 4
    assert daemon.commands[1:] == [("pause", {"site": "photos"})]


def test_resume_waits_until_in_sync(daemon: FakeDaemon, config: Path) -> None:
    assert main(["resume", "photos", "-c", str(config)]) == 0
    daemon.steps = [[site_status(**OUT_OF_SYNC)], [site_status()]]
    assert main(["resume", "--wait", "-c", str(config)]) == 0
    assert daemon.commands == [("resume", {"site": "photos"}), ("resume", {})]
    assert len(daemon.steps) == 1


def test_reload_waits_until_every_site_has_started(daemon: FakeDaemon, config: Path) -> None:
    assert main(["reload", "-c", str(config)]) == 0
    daemon.steps = [[site_status(state="starting", in_sync=False)], [site_status()]]
    assert main(["reload", "--wait", "-c", str(config)]) == 0
    assert daemon.commands == [("reload", {}), ("reload", {})]
    assert len(daemon.steps) == 1


def test_reload_tells_what_it_changes_and_what_waits_for_a_restart(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.answers["reload"] = {
        "ok": True, "stopped": [], "restarted": ["photos"], "started": ["a", "b"],
        "needs_restart": ["upload_workers"],
    }  # fmt: skip
    assert main(["reload", "-c", str(config)]) == 0
    assert capsys.readouterr().out == (
        "reloaded; restarts: photos; starts: a, b\n"
        "takes effect when the daemon is restarted: upload_workers\n"
    )
    assert main(["reload", "--json", "-c", str(config)]) == 0
    assert json.loads(capsys.readouterr().out) == daemon.answers["reload"]


def test_a_reload_refused_for_the_configuration_is_a_configuration_error(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = {"ok": False, "error": "c.yml:3: one\nc.yml:4: two", "hint": ""}
    daemon.answers["reload"] = {**refusal, "reason": "configuration"}
    assert main(["reload", "-c", str(config)]) == 2
    assert capsys.readouterr().err == "c.yml:3: one\nc.yml:4: two\n"
    daemon.answers["reload"] = {"ok": False, "error": "the daemon is busy", "hint": ""}
    assert main(["reload", "-c", str(config)]) == 1
    assert capsys.readouterr().err == "s3syncd: the daemon is busy\n"


@pytest.mark.parametrize("answer", [b"", b"nonsense\n", b"[1]\n", b'{"ok": tr'])
def test_an_answer_that_makes_no_sense_is_no_daemon(tmp_path: Path, answer: bytes) -> None:
    with _scripted(tmp_path, answer), pytest.raises(NoDaemonError):
        ask(tmp_path, "status")


def test_a_daemon_that_never_answers_is_no_daemon(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as listener:
        listener.bind(str(socket_path(tmp_path)))
        listener.listen(1)
        with pytest.raises(NoDaemonError, match="does not answer"):
            ask(tmp_path, "status", timeout_seconds=0.1)


class _scripted:  # noqa: N801 - reads as a word of the test
    """A daemon that gives one answer to whoever comes first, and hangs up."""

    def __init__(self, state_dir: Path, answer: bytes) -> None:
        self._answer = answer
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(socket_path(state_dir)))
        self._listener.listen(1)
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        stream, _ = self._listener.accept()
        with closing(stream):
            stream.recv(65536)
            stream.sendall(self._answer)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._thread.join()
        self._listener.close()


# --- a file that cannot be used any more ----------------------------------------------------------


def test_the_status_is_told_though_the_file_was_broken(
    config: Path, daemon: FakeDaemon, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(config.read_text() + "sites: {\n")
    assert main(["-c", str(config), "status", "--json"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out)["sites"]
    assert "is not valid YAML" in shown.err
    assert "goes on" in shown.err


def test_a_probe_for_life_does_not_mind_a_broken_file(config: Path, daemon: FakeDaemon) -> None:
    config.write_text(f"state_dir: '{config.parent}/state' # here\nsites: []\n")
    assert main(["-c", str(config), "status", "--live"]) == 0


def test_a_broken_file_is_the_mistake_where_no_daemon_answers(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config.write_text(config.read_text() + "sites: {\n")
    for command in ("status", "reload"):
        assert main(["-c", str(config), command]) == 2
        assert "is not valid YAML" in capsys.readouterr().err


def test_the_daemon_is_told_to_reload_a_broken_file_and_says_what_is_wrong(
    config: Path, daemon: FakeDaemon
) -> None:
    config.write_text(config.read_text() + "sites: {\n")
    main(["-c", str(config), "reload"])
    assert [command for command, _ in daemon.commands] == ["reload"]


PAUSED = {"in_sync": False, "state": "paused"}


def test_waiting_ends_with_a_word_where_a_site_is_paused(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    daemon.steps = [[site_status("my site", **PAUSED)]]
    assert main(["status", "--wait", "-c", str(config)]) == 4
    told = capsys.readouterr()
    said = f"not waiting for my site: it is paused, until: s3syncd -c {config} resume 'my site'\n"
    assert told.err == said
    assert "paused" in told.out


def test_the_sites_that_are_not_paused_are_waited_for(daemon: FakeDaemon, config: Path) -> None:
    paused = site_status("docs", **PAUSED)
    daemon.steps = [[site_status(**OUT_OF_SYNC), paused], [site_status(), paused]]
    assert main(["status", "--wait", "-c", str(config)]) == 4
    assert len(daemon.steps) == 1


def test_a_resumed_site_is_waited_for_though_it_still_says_that_it_is_paused(
    daemon: FakeDaemon, config: Path
) -> None:
    daemon.steps = [[site_status(**PAUSED)], [site_status()]]
    assert main(["resume", "--wait", "-c", str(config)]) == 0


def test_a_rescan_of_a_site_that_stands_still_does_not_say_that_it_is_done(
    daemon: FakeDaemon, config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for paused in (PAUSED, {"state": "paused"}):  # with something to do, and without
        daemon.steps = [[site_status(**paused)]]
        assert main(["rescan", "--wait", "-c", str(config)]) == 4
        assert capsys.readouterr().out == "not done: photos is paused\n"
