"""The page of one real daemon with many sites, in a browser: what it costs, and how quick it is.

    python -m tests.browser.thousand [SITES] [SECONDS]

Starts `rclone serve s3`, a daemon with so many sites (1,000) of one file each, waits at most so
many seconds (900) until all are in sync, and prints what it took. Too dear for each run of the
tests: those show the page of a thousand sites that are made up.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path

from s3syncd.cli.client import NoDaemonError
from tests.browser.driven import Shown, driven_browser
from tests.browser.scene import Scene
from tests.e2e.daemon import Daemon
from tests.e2e.world import World
from tests.servers import rclone_server
from tests.waiting import until

__all__ = ["main"]

_WATCHED_SECONDS = 10.0


def main(sites: int = 1000, seconds: float = 900.0) -> int:
    """Run it once; return an exit code."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="s3syncd-thousand-")))
        server = stack.enter_context(rclone_server())
        client = server.client()
        stack.callback(client.close)
        client.create_bucket(Bucket="thousand")
        world = World(server, client, folder)
        stack.callback(world.abandon)
        names = [f"site-{number:04}" for number in range(sites)]
        for name in names:
            world.site(name, prefix=name, bucket="thousand").write("file")
        quiet = {"format": "json", "level": "warn"}
        daemon = world.daemon(http={"listen": "127.0.0.1:0"}, log=quiet)
        took = _timed(lambda: _all_in_sync(daemon.start(), sites, seconds))
        print(f"{sites} sites in sync after {took:.1f} s, {_figures(daemon)}")
        print(f"CPU while nobody looks: {_cpu_percent(daemon):.1f} % of a core")
        browser = stack.enter_context(driven_browser(folder / "browser"))
        address = until(lambda: daemon.status()["http"]["address"], 20)
        page = Shown(browser, Scene(), f"http://{address}/")
        print(f"the page is there after {_timed(page.open):.2f} s")
        print(f"it says: {page.text('#verdict-text')}")
        print(f"CPU while one page looks: {_cpu_percent(daemon):.1f} % of a core")
        # The system grants an instance of inotify to as many roots as its sysctl says; the page
        # names the others.
        heard = [one["name"] for one in daemon.status()["sites"] if one["watcher"] == "inotify"]
        print(f"{len(heard)} sites hear of changes (fs.inotify.max_user_instances)")
        world.sites[heard[-1]].write("fresh")
        print(f"a change is seen after {_timed(lambda: page.wait('fresh', '#recent')):.2f} s")
        print(f"RSS in the end: {_figures(daemon)}")
    return 0


def _timed(act: Callable[[], object]) -> float:
    began = time.monotonic()
    act()
    return time.monotonic() - began


def _all_in_sync(daemon: Daemon, sites: int, seconds: float) -> None:
    until(lambda: _in_sync(daemon) == sites, seconds, "every site is in sync")


def _in_sync(daemon: Daemon) -> int:
    threading.Event().wait(1)  # a status of a thousand sites each time
    with suppress(NoDaemonError):  # too busy to answer in time
        return sum(site["in_sync"] for site in daemon.status()["sites"])
    return 0


def _figures(daemon: Daemon) -> str:
    lines = Path(f"/proc/{_pid(daemon)}/status").read_text().splitlines()
    found = dict(line.split(":", 1) for line in lines)
    files = sum(1 for _ in Path(f"/proc/{_pid(daemon)}/fd").iterdir())
    rss = int(found["VmRSS"].split()[0]) // 1024
    return f"{rss} MiB, {found['Threads'].strip()} threads, {files} descriptors"


def _cpu_percent(daemon: Daemon) -> float:
    began, used = time.monotonic(), _cpu_seconds(daemon)
    until(lambda: time.monotonic() - began >= _WATCHED_SECONDS, _WATCHED_SECONDS * 2)
    return 100 * (_cpu_seconds(daemon) - used) / (time.monotonic() - began)


def _cpu_seconds(daemon: Daemon) -> float:
    fields = Path(f"/proc/{_pid(daemon)}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _pid(daemon: Daemon) -> int:
    assert daemon.process is not None
    return daemon.process.pid


if __name__ == "__main__":
    sys.exit(main(*(int(word) for word in sys.argv[1:3])))
