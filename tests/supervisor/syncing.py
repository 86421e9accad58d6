"""Sync once or as a daemon, and two states of a site with a little of everything between."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from s3syncd.config.models import Config
from s3syncd.supervisor.once import sync
from s3syncd.supervisor.supervisor import Supervisor
from tests.e2e.site import Site

__all__ = ["MIB", "first_state", "running", "second_state", "synced"]

MIB = 2**20


def synced(config: Config, site: str | None = None) -> tuple[int, dict[str, dict[str, Any]]]:
    """Sync; give the exit code, and the status by site."""
    code, report = sync(config, site, lambda _: None)
    return code, {each["name"]: each for each in report["sites"]}


def first_state(site: Site) -> None:
    """Write what both sides agree on before the changes."""
    for number in range(6):
        site.write(f"d/{number}", f"content {number}")
    site.write("gone/1", b"one")
    site.write("moved/from", b"a file that moves")
    site.write("large", b"L" * (MIB + 5))


def second_state(site: Site) -> None:
    """Change a little of everything."""
    site.write("d/1", "changed")
    site.write("d/new", "new")
    os.utime(site.root / "d/2", ns=(10**18, 10**18))
    (site.root / "gone/1").unlink()
    (site.root / "moved/from").rename(site.root / "moved/to")
    site.write("large", b"M" * (MIB + 7))
    site.write("adopted", b"the same on both sides")
    site.put("adopted", b"the same on both sides")
    site.put("foreign", b"nobody's")
    site.put("d/3", b"of another writer")
    site.write("first/contact", b"ours")
    site.put("first/contact", b"not ours")


@contextmanager
def running(config: Config, *, ends: int = 0) -> Iterator[Supervisor]:
    """Run the daemon in a thread of this process; `ends`: the exit code that its stop gives."""
    supervisor = Supervisor(config)
    codes: list[int] = []
    thread = threading.Thread(target=lambda: codes.append(supervisor.run()), name="main")
    thread.start()
    try:
        yield supervisor
    finally:
        supervisor.stop()
        thread.join(20)
        assert codes == [ends]
