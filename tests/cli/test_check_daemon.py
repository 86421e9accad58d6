"""`check` beside a daemon: whose it is, and what has its address."""

from __future__ import annotations

import io
import json
import os
import socket
from contextlib import closing
from pathlib import Path

from s3syncd.cli import check
from s3syncd.cli.daemon_probes import probe_daemon
from s3syncd.cli.main import build_parser
from s3syncd.config.load import load
from s3syncd.config.models import Config
from s3syncd.config.state import site_folder
from s3syncd.core.finding import Verdict
from s3syncd.supervisor.lock import StateLock, holder_of
from tests.cli.daemon import FakeDaemon, write_config
from tests.cli.places import snapshot

# --- the command ----------------------------------------------------------------------------------


def test_check_tells_each_of_them_in_a_line_and_fails(tmp_path: Path) -> None:
    config = write_config(tmp_path, log=f"{{file: {tmp_path}/none/s.log}}")
    ledger = tmp_path / "state" / site_folder("photos") / "ledger.sqlite"
    ledger.mkdir(parents=True)
    (tmp_path / "state" / "lock").mkdir()
    stream = io.StringIO()
    arguments = build_parser().parse_args(["check", "--json", "-c", str(config)])
    assert check.execute(arguments, probe=lambda _: (), stream=stream) == 1
    found = [
        (each["site"], each["probe"], each["text"].partition(" cannot")[0])
        for each in json.loads(stream.getvalue())["findings"]
        if each["verdict"] == "failed"
    ]
    assert found == [
        (None, "state_dir", f"{tmp_path}/state"),
        (None, "log_file", f"{tmp_path}/none/s.log"),
        ("photos", "ledger", str(ledger)),
    ]


# --- beside a daemon ------------------------------------------------------------------------------


def in_use(config: Config) -> tuple[Verdict, str]:
    (found,) = [each for each in probe_daemon(config) if each.probe == "daemon"]
    return found.verdict, found.text


def test_a_state_directory_that_a_daemon_has_is_told_by_whose_daemon_it_is(tmp_path: Path) -> None:
    path = write_config(tmp_path, http="{listen: null}")
    (tmp_path / "link.yml").symlink_to(path)
    config, pid = load(path), os.getpid()
    assert "daemon" not in {each.probe for each in probe_daemon(config)}
    lock = StateLock(config.state_dir)
    try:
        verdict, text = in_use(config)  # a one-time pass has no socket
        assert verdict is Verdict.WARNING
        assert f"an s3syncd (pid {pid}) that tells no file" in text
        with FakeDaemon(config.state_dir) as daemon:
            assert in_use(config)[0] is Verdict.WARNING  # of an earlier version
            daemon.told = {"config": str(tmp_path / "link.yml")}
            assert in_use(config) == (Verdict.OK, f"the daemon of this file runs (pid {pid})")
            daemon.told = {"config": "/etc/other.yml"}
            verdict, text = in_use(config)
            assert verdict is Verdict.FAILED
            assert f"daemon of /etc/other.yml (pid {pid}): that of this file cannot start" in text
    finally:
        lock.release()
    assert holder_of(config.state_dir) is None
    StateLock(config.state_dir).release()


def unheard(config: Config) -> list[tuple[Verdict, str, str]]:
    return [
        (each.verdict, each.text, each.remedy)
        for each in probe_daemon(config)
        if each.probe == "http"
    ]


def test_an_address_that_somebody_else_has_is_told(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        listen = f"127.0.0.1:{taken.getsockname()[1]}"
        config = load(write_config(tmp_path, http=f"{{listen: '{listen}'}}"))
        ((verdict, text, remedy),) = unheard(config)
        assert verdict is Verdict.WARNING
        assert text.startswith(f"cannot listen on {listen}: Address already in use")
        assert "write another http.listen" in remedy
        lock = StateLock(config.state_dir)  # the daemon of this file has it
        try:
            with FakeDaemon(config.state_dir) as daemon:
                daemon.told = {"config": str(config.path), "http": {"listen": listen}}
                assert unheard(config) == []
                daemon.told["http"] |= {"error": "it is taken", "hint": "look"}
                ((_, text, remedy),) = unheard(config)
                assert (text.partition(":")[0], remedy) == ("it is taken", "look")
                daemon.told["config"] = "/etc/other.yml"
                assert "Address already in use" in unheard(config)[0][1]
        finally:
            lock.release()
    assert unheard(config) == []


def test_a_socket_to_listen_on_is_told_if_taken_and_left_alone_if_not(tmp_path: Path) -> None:
    path = tmp_path / "run" / "s"
    config = load(write_config(tmp_path, http=f"{{listen: 'unix:{path}'}}"))
    assert "its directory is missing" in unheard(config)[0][2]
    path.parent.mkdir()
    assert unheard(config) == []
    with closing(socket.socket(socket.AF_UNIX)) as taken:
        taken.bind(str(path))
        taken.listen(1)
        assert "another process does" in unheard(config)[0][1]
    before = snapshot(path.parent)
    assert unheard(config) == []  # nobody listens any more: the daemon takes it over
    assert snapshot(path.parent) == before
    path.unlink()
    path.touch()
    assert "is not a socket" in unheard(config)[0][1]
