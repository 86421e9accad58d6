"""A start on a tree that is in sync already: what it costs to find that nothing is to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.daemon import run_until_in_sync, write_config
from bench.files import make_tree, wait_until_quiet
from bench.report import Row
from bench.server import serve

__all__ = ["measure"]

FILES = 100_000
_SIZE_BYTES = 512  # the content is not read, so its size does not matter
_RSS_MIB = 120
_CPU_US_PER_FILE = 14


def measure(folder: Path, files: int = FILES) -> Iterator[Row]:
    """Upload once, then start again twice on an almost empty and on the full tree."""
    root = folder / "root"
    empty = folder / "empty"
    start = _start_cost(folder, empty)
    make_tree(root, files=files, size_bytes=_SIZE_BYTES)
    wait_until_quiet()
    with serve(folder / "objects") as server:
        config = write_config(folder, root, server.endpoint)
        run_until_in_sync(config)
        again = run_until_in_sync(config)
    us = (again.cpu_seconds - start) * 1e6 / files
    what = f"nothing changed, {files:,} files, listing included"
    yield Row(f"{what}: peak RSS", f"{again.peak_rss_mib:.0f} MiB", f"<= {_RSS_MIB} MiB",
              again.peak_rss_mib <= _RSS_MIB)  # fmt: skip
    yield Row(f"{what}: CPU per file after start-up", f"{us:.1f} us", f"<= {_CPU_US_PER_FILE} us",
              us <= _CPU_US_PER_FILE)  # fmt: skip
    yield Row(f"{what}: whole run", f"{again.wall_seconds:.1f} s, {again.cpu_seconds:.1f} s CPU")


def _start_cost(folder: Path, root: Path) -> float:
    """CPU seconds of a run that finds one unchanged file: start-up and shutdown."""
    state = folder / "start"
    state.mkdir(parents=True)
    make_tree(root, files=1, size_bytes=_SIZE_BYTES)
    wait_until_quiet()
    with serve(folder / "start-objects") as server:
        config = write_config(state, root, server.endpoint)
        run_until_in_sync(config)
        return run_until_in_sync(config).cpu_seconds
