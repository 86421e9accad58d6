"""First upload of many small files: time and client CPU per file, beside others' programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bench.daemon import run_until_in_sync, write_config
from bench.files import make_tree, wait_until_quiet
from bench.measure import Cost, run_program
from bench.peers import environment, upload_commands
from bench.report import Row
from bench.server import BUCKET, serve

__all__ = ["measure"]

FILES = 20_000
_SIZE_BYTES = 4096
_CPU_MS_PER_FILE = 0.6


def measure(folder: Path, files: int = FILES) -> Iterator[Row]:
    """Upload the same tree with s3syncd and with every peer that is installed."""
    root = folder / "root"
    make_tree(root, files=files, size_bytes=_SIZE_BYTES)
    wait_until_quiet()
    what = f"first upload, {files:,} x 4 KiB"
    with serve(folder / "objects") as server:
        ours = run_until_in_sync(write_config(folder, root, server.endpoint, prefix="s3syncd"))
        _check_arrived(folder / "objects" / BUCKET / "s3syncd", files)
        ms = ours.cpu_seconds * 1000 / files
        yield Row(f"{what}: client CPU per file", f"{ms:.2f} ms", "<= 0.6 ms",
                  ms <= _CPU_MS_PER_FILE)  # fmt: skip
        yield Row(f"{what}: s3syncd", _tell(ours, files))
        for name, command in upload_commands(root, server.endpoint):
            peer = run_program(command, environment(folder))
            _check_arrived(folder / "objects" / BUCKET / command_prefix(name), files)
            ratio = peer.wall_seconds / ours.wall_seconds
            yield Row(f"{what}: {name}", _tell(peer, files),
                      "s3syncd >= 1.0 x", ratio >= 1.0)  # fmt: skip


def command_prefix(name: str) -> str:
    """The prefix below which a peer's objects arrive."""
    return name.partition("-")[0]


def _check_arrived(folder: Path, files: int) -> None:
    count = sum(1 for path in folder.rglob("*.bin"))
    if count != files:
        raise SystemExit(f"{count} of {files} files arrived at {folder}")


def _tell(cost: Cost, files: int) -> str:
    return (
        f"{files / cost.wall_seconds:,.0f} files/s, {cost.cpu_seconds * 1000 / files:.2f} ms CPU "
        f"per file, {cost.peak_rss_mib:.0f} MiB"
    )
