"""`s3syncd demo`: a tour on a temporary directory and an S3 server of its own.

The server (moto, the extra `demo`) listens on loopback only. The daemon is the real one, a process
of its own, on `config.example.yml` with endpoint, credentials, state and paths replaced by
temporary ones, and `retire_deleted: true` so that deletions can be seen too.
"""

from __future__ import annotations

import argparse
import logging
import shlex
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import metadata
from pathlib import Path
from threading import Event
from typing import TextIO

from s3syncd.cli import exits
from s3syncd.cli.demo_world import DemoSite, World, changes_between, start_world
from s3syncd.cli.wording import Palette
from s3syncd.core.plural import counted
from s3syncd.errors import FatalError

__all__ = ["execute", "own_command"]

_PAUSE_SECONDS = 0.2
"""Between two looks at the bucket: quick enough to seem immediate."""

_STEP_SECONDS = 60.0
"""More than ten times what a step takes on a slow machine; then the tour has failed."""


def execute(arguments: argparse.Namespace, *, stream: TextIO | None = None) -> int:
    """Give the tour; with `--once` exit 0 when everything was verified, else run until Ctrl-C.

    Raises:
        FatalError: moto is missing, or the daemon or a step of the tour failed.
    """
    # Both end the daemon too. A shell starts background commands with SIGINT ignored: not here.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    tour = _Tour(stream or sys.stdout)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="s3syncd-demo-")))
        endpoint = stack.enter_context(_server())
        world = stack.enter_context(start_world(folder, endpoint))
        tour.give(world)
        if not arguments.once:
            tour.watch(world)
        world.stop()
    tour.say("done: everything was verified, and nothing is left behind")
    return exits.OK


def _server_wanted() -> str:
    """Name what pip is to install: the extra's own requirement works for a checkout as well."""
    try:
        wanted = metadata.requires("s3syncd") or []
    except metadata.PackageNotFoundError:  # run from a directory, not installed
        wanted = []
    found = [one.partition(";")[0].strip() for one in wanted if one.startswith("moto")]
    return found[0] if found else "moto[s3,server]"


@contextmanager
def _server() -> Iterator[str]:
    """Run moto's S3 server on loopback and a free port; yield its endpoint."""
    try:
        from moto.server import ThreadedMotoServer  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise FatalError(
            "the demo needs an S3 server of its own, which is not installed",
            hint=f"{shlex.quote(sys.executable)} -m pip install {shlex.quote(_server_wanted())}",
        ) from error
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # else it logs each request
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


class _Tour:
    """Does what a user does, and shows what the bucket makes of it."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._palette = Palette(stream)
        self._seen: dict[str, dict[str, tuple[str, int]]] = {}
        self._pause = Event()

    def say(self, text: str) -> None:
        """Print one line."""
        self._stream.write(text + "\n")
        self._stream.flush()

    def give(self, world: World) -> None:
        """Go through all steps, verifying each.

        Raises:
            FatalError: the bucket did not become what the directory is.
        """
        self.say(f"S3 server: {world.endpoint}   daemon: pid {world.daemon.pid}")
        for site in world.sites:
            self.say(f"  {site.root}  ->  s3://{site.bucket}/{site.prefix}")
        self._step("the daemon has started and compared everything", world)
        first, *others = world.sites
        _write(first.root / "hello.txt", "hello\n")
        _write(first.root / "2026/summer/beach.txt", "sand\n" * 1000)
        for site in others:
            _write(site.root / "letter.txt", f"dear {site.name}\n")
        self._step("files written", world)
        _write(first.root / "hello.txt", "hello again\n")
        self._step("hello.txt changed", world)
        (first.root / "2026").rename(first.root / "holidays")
        self._step("directory 2026 renamed to holidays", world)
        (first.root / "hello.txt").unlink()
        self._step("hello.txt deleted", world)

    def watch(self, world: World) -> None:
        """Show what changes until Ctrl-C."""
        try:
            self.say("now try it yourself, for example:")
            self.say(f"  echo mine > {world.sites[0].root}/mine.txt")
            self.say(f"  {own_command(Path(sys.executable))} -c {world.config} status")
            self.say("Ctrl-C ends the demo and removes everything")
            while world.is_running():
                self._show(world)
                self._pause.wait(_PAUSE_SECONDS)
        except KeyboardInterrupt:
            self.say("")
            return
        raise FatalError("the daemon ended by itself", hint=world.last_words())

    def _step(self, text: str, world: World) -> None:
        self.say(self._palette.paint("bold", text))
        for _ in range(int(_STEP_SECONDS / _PAUSE_SECONDS)):
            if not world.is_running():
                raise FatalError("the daemon ended by itself", hint=world.last_words())
            self._show(world)
            if world.is_equal() and world.is_in_sync():
                self._show(world)  # the last change may have come between two looks
                self.say(self._palette.paint("dim", "  in sync"))
                return
            self._pause.wait(_PAUSE_SECONDS)
        raise FatalError(
            f"not in sync {_STEP_SECONDS:.0f} s after: {text}", hint=world.last_words()
        )

    def _show(self, world: World) -> None:
        for site in world.sites:
            now = world.objects(site)
            for line in self._lines(site, now):
                self.say(line)
            self._seen[site.name] = now

    def _lines(self, site: DemoSite, now: dict[str, tuple[str, int]]) -> Iterator[str]:
        colours = {"+": "green", "~": "yellow", "-": "red"}
        for sign, key, size_bytes in changes_between(self._seen.get(site.name, {}), now):
            what = f"s3://{site.bucket}/{key}  {counted(size_bytes, 'byte')}"
            yield "  " + self._palette.paint(colours[sign], f"{sign} {what}")


def own_command(python: Path) -> str:
    """Give what a person types to run this very s3syncd, ready for a shell.

    Args:
        python: the interpreter that runs it; the command is installed beside it.
    """
    beside, found = python.with_name("s3syncd"), shutil.which("s3syncd")
    if found and beside.exists() and Path(found).samefile(beside):
        return "s3syncd"
    return shlex.quote(str(beside)) if beside.exists() else f"{shlex.quote(str(python))} -m s3syncd"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
