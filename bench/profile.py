"""`python -m bench.profile CASE`: where the CPU of s3syncd goes in a first upload.

Wants `perf` (Debian: linux-perf) and the right to use it. Python's own work is all in libpython: of
single functions only a Python with perf support (3.12 and `-X perf`) tells.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

from bench.daemon import write_config
from bench.files import make_sized, make_tree, wait_until_quiet
from bench.ram import ram_folder
from bench.report import Table
from bench.server import Serve, delayed_sink, rclone, sink

__all__ = ["Scene", "main", "shares"]

_SAMPLES_PER_SECOND: Final = 999
_DELAY_MS: Final = 20
_LARGE_BYTES: Final = 2**20


class Scene(NamedTuple):
    """What is uploaded, and where to."""

    serve: Serve
    files: int
    size_bytes: int


SCENES: Final = {
    "first_upload": Scene(rclone, 20_000, 4096),
    "cheap": Scene(sink, 20_000, 4096),
    "latency": Scene(delayed_sink(_DELAY_MS), 20_000, 4096),
    "large_file": Scene(rclone, 1, 2**30),
    "large_file_cheap": Scene(sink, 1, 2**30),
    "mixed": Scene(sink, 64, 2**25),
}


def main() -> int:
    """Profile one `s3syncd sync` and print the shares of its CPU."""
    parser = argparse.ArgumentParser(prog="python -m bench.profile", description=__doc__)
    parser.add_argument("scene", choices=SCENES)
    scene = SCENES[parser.parse_args().scene]
    if shutil.which("perf") is None:
        raise SystemExit("perf is not installed")
    with ram_folder("profile") as folder:
        root = folder / "root"
        _make(root, scene)
        wait_until_quiet()
        with scene.serve(folder / "objects") as server:
            config = write_config(folder / "own", root, server.endpoint)
            samples = _recorded(config, folder / "perf.data")
    print(shares(samples).text())
    return 0


def _make(root: Path, scene: Scene) -> None:
    if scene.size_bytes < _LARGE_BYTES:
        make_tree(root, files=scene.files, size_bytes=scene.size_bytes)
    else:  # out of blocks: the whole of one is more than `random` gives at once
        make_sized(root, [scene.size_bytes] * scene.files)


def _recorded(config: Path, kept: Path) -> list[str]:
    """Run `sync` under perf; give a line `thread-name library` for each sample."""
    record = ["perf", "record", "-q", "-F", str(_SAMPLES_PER_SECOND), "-o", str(kept), "--"]
    command = [sys.executable, "-m", "s3syncd", "-c", str(config), "sync"]
    subprocess.run([*record, *command], check=True, capture_output=True)
    script = ["perf", "script", "-i", str(kept), "-G", "-F", "comm,ip,dso"]
    told = subprocess.run(script, check=True, capture_output=True, text=True)
    return told.stdout.splitlines()


def shares(samples: Iterable[str]) -> Table:
    """Count samples by kind of thread and library; what is below a hundredth is left out."""
    counts: Counter[tuple[str, str]] = Counter()
    for sample in samples:
        head, _, library = sample.strip().rpartition(" (")
        if not head:
            continue
        thread = "network and callbacks" if head.startswith("AwsEventLoop") else "Python"
        counts[thread, _named(library.rstrip(")"))] += 1
    total = counts.total()
    lines = [
        [thread, library, f"{count / total:.1%}", f"{count / _SAMPLES_PER_SECOND:.2f}"]
        for (thread, library), count in counts.most_common()
        if count * 100 >= total
    ]
    return Table(["thread", "where", "share", "CPU s"], lines)


def _named(library: str) -> str:
    return "kernel" if "kernel" in library else Path(library).name


if __name__ == "__main__":
    sys.exit(main())
