"""The installed command as a subprocess: started, asked, waited for, stopped and killed."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

from s3syncd.cli.client import NoDaemonError, ask, ask_status
from s3syncd.config.state import site_folder
from tests.e2e import warm
from tests.waiting import until

__all__ = ["COMMAND", "Daemon"]

COMMAND = Path(sys.executable).with_name("s3syncd")
_TIMEOUT_SECONDS = 30.0
_starts = itertools.count(int(time.time()))  # so that the fifth is another one in each process


class Daemon:
    """One daemon of a test; can be started again and again on the same state."""

    def __init__(
        self,
        folder: Path,
        document: dict[str, Any],
        *,
        wrapper: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.document = document
        self.state_dir = Path(document["state_dir"])
        self.config = folder / "config.yml"
        self.log_path = folder / "daemon.log"
        self.process: subprocess.Popen[bytes] | warm.Started | None = None
        self.environment = dict(environment or {})
        self._wrapper = list(wrapper)
        self.write_config()

    def write_config(self, document: Mapping[str, Any] | None = None) -> None:
        """Write the configuration (anew)."""
        if document is not None:
            self.document = dict(document)
        self.config.write_text(yaml.safe_dump(self.document, allow_unicode=True))
        self.config.chmod(0o600)

    def start(self, *, is_waited: bool = True, **environment: str) -> Daemon:
        """Start it; returns when it answers."""
        assert not self.is_running
        command = [str(COMMAND), "-c", str(self.config)]
        given = {**os.environ, **self.environment, **environment}
        self.log_path.touch()  # who asks for the log right away finds it, however slow the start
        if self._is_warm():
            self.process = warm.start(command, environment=given, output=self.log_path)
        else:
            with self.log_path.open("ab") as log:
                self.process = subprocess.Popen(
                    [*self._wrapper, *command],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    env=given,
                )
        if is_waited:
            until(self._answers, _TIMEOUT_SECONDS, "the daemon answers")
        return self

    @property
    def is_running(self) -> bool:
        """Whether the process lives."""
        return self.process is not None and self.process.poll() is None

    def status(self, site: str | None = None) -> dict[str, Any]:
        """Ask the daemon, as `status --json` does."""
        return ask_status(self.state_dir, site)

    def site(self, name: str = "data") -> dict[str, Any]:
        """Give the status of one site."""
        found: dict[str, Any] = self.status(name)["sites"][0]
        return found

    def ask(self, command: str, **arguments: Any) -> dict[str, Any]:
        """Send a command, as the command line does."""
        return ask(self.state_dir, command, arguments)

    def wait(
        self,
        is_so: Callable[[dict[str, Any]], object],
        name: str = "data",
        *,
        timeout: float = _TIMEOUT_SECONDS,
        what: str = "",
    ) -> dict[str, Any]:
        """Wait until the status of a site is so, and give it."""
        last: dict[str, Any] = {}

        def look() -> bool:
            nonlocal last
            try:
                last = self.site(name)
            except NoDaemonError as error:
                assert self.is_running, f"the daemon ended: {self.log_path.read_text()[-4000:]}"
                last = {"error": str(error)}
                return False
            return bool(is_so(last))

        try:
            until(look, timeout, what or "the site's status")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{json.dumps(last, indent=1)}\n{self.tail()}") from error
        return last

    def in_sync(self, *names: str, timeout: float = _TIMEOUT_SECONDS) -> None:
        """Wait until the sites say that they are in sync."""
        for name in names or ("data",):
            self.wait(lambda s: s["in_sync"], name, timeout=timeout, what=f"{name} is in sync")

    def stop(self, *, timeout: float = _TIMEOUT_SECONDS) -> int:
        """Stop it with SIGTERM; give the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    def kill(self) -> None:
        """End it at once: kill -9."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def ended(self, timeout: float = _TIMEOUT_SECONDS) -> int:
        """Wait for its end; give the exit code, negative for a signal."""
        assert self.process is not None
        return self.process.wait(timeout)

    def run(
        self, *arguments: str, stdin: str | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the command line."""
        command = [str(COMMAND), "-c", str(self.config), *arguments]
        given = {**os.environ, **self.environment}
        if stdin is None and warm.is_running() and self._is_warm():
            return warm.run(command, environment=given, timeout=timeout)
        return subprocess.run(
            [*self._wrapper, *command],
            input=stdin or "",
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env=given,
        )

    def events(self, event: str = "") -> list[dict[str, Any]]:
        """Read the log's lines, all of them JSON."""
        whole = self.log_path.read_text().rpartition("\n")[0]  # one may be half written
        lines = [json.loads(line) for line in whole.splitlines() if line]
        return [line for line in lines if not event or line["event"] == event]

    def tail(self) -> str:
        """Give the end of the log, for messages."""
        return self.log_path.read_text(errors="replace")[-4000:]

    def ledger(self, name: str = "data") -> Path:
        """Give where a site's ledger is."""
        return self.state_dir / site_folder(name) / "ledger.sqlite"

    def _is_warm(self) -> bool:
        """Whether to fork it; every fifth is started in full, as are all that are wrapped."""
        return warm.is_possible() and not self._wrapper and next(_starts) % 5 != 0

    def _answers(self) -> bool:
        assert self.is_running, f"the daemon ended: {self.tail()}"
        with suppress(NoDaemonError):
            return bool(self.status()["sites"])
        return False
