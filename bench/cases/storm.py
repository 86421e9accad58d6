"""100,000 files created at once while the pool is busy: every one arrives."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from bench.arrived import check_arrived, digests
from bench.daemon import Daemon, running, write_config
from bench.files import make_tree
from bench.report import Row, Section
from bench.server import delayed_sink
from bench.setting import Case, Setting

__all__ = ["CASE"]

_TITLE = "a storm of 100,000 files while the pool is busy"
_FILES = 100_000
_SIZE_BYTES = 1024
_WRITERS = 4
_BUSY_FILES = 4000  # seconds of work for the pool, whose requests take 20 ms at least
_BUSY_BYTES = 128 * 1024
_DELAY_MS = 20.0
_RSS_MIB = 300
_NOTE = (
    "Four processes create the files on a tree that is watched, while 4,000 files of 128 KiB are "
    "being uploaded to a server 20 ms away. At the end every ETag is compared."
)
# What one writer runs: its own directory, filled with its share of the files.
_WRITER = "import sys; from pathlib import Path; from bench.files import make_tree; " \
    "make_tree(Path(sys.argv[1]), files=int(sys.argv[2]), size_bytes=int(sys.argv[3]))"  # fmt: skip


def _measure(setting: Setting) -> Section:
    root = setting.folder / "root"
    (root / "quiet").mkdir(parents=True)
    with delayed_sink(_DELAY_MS)(setting.folder / "objects") as server:
        config = write_config(setting.folder, root, server.endpoint, prefix="storm")
        with running(config) as daemon:
            daemon.wait_in_sync()
            make_tree(root / "busy", files=_BUSY_FILES, size_bytes=_BUSY_BYTES)
            daemon.wait_until(lambda site: site["pending"]["actions"] > 0)
            began = time.monotonic()
            _storm(root, setting.files)
            created = time.monotonic()
            _wait_for_all(daemon, setting.files + _BUSY_FILES)
            arrived, rss = time.monotonic(), daemon.peak_rss_mib()
        expected = digests(root)
        check_arrived(server, "storm/", root, expected)
    rows = [
        Row("arrived", f"{len(expected):,} of {setting.files + _BUSY_FILES:,}", "all",
            len(expected) == setting.files + _BUSY_FILES),
        Row("peak RSS", f"{rss:.0f} MiB", f"<= {_RSS_MIB} MiB", rss <= _RSS_MIB),
        Row("created in", f"{created - began:.1f} s"),
        Row("in sync after", f"{arrived - created:.1f} s"),
    ]  # fmt: skip
    return Section(_TITLE, rows, notes=[_NOTE])


def _storm(root: Path, files: int) -> None:
    writers = []
    for number in range(_WRITERS):
        share = files // _WRITERS + (number < files % _WRITERS)
        command = [sys.executable, "-c", _WRITER, str(root / f"w{number}"), str(share),
                   str(_SIZE_BYTES)]  # fmt: skip
        writers.append(subprocess.Popen(command, cwd=Path(__file__).parent.parent.parent))
    codes = [writer.wait() for writer in writers]  # of all, also when one failed
    if any(codes):
        raise SystemExit("a writer failed")


def _wait_for_all(daemon: Daemon, files: int) -> None:
    """In sync and all in the ledger: in sync alone may be said before the kernel's last word."""
    daemon.wait_until(lambda site: bool(site["in_sync"]) and site["files"] == files)


CASE = Case(_TITLE, _measure, files=_FILES)
