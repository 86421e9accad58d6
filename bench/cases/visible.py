"""How long after a change on an idle daemon the object is there."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

from bench.daemon import running, write_config
from bench.figures import percentile
from bench.files import make_tree, wait_until_quiet
from bench.report import Row, Section
from bench.server import BUCKET, Server, sink
from bench.setting import Case, Setting

__all__ = ["CASE"]

_TITLE = "change to object visible, 1,000 changes on an idle daemon"
_CHANGES = 1000
_TREE_FILES = 2000
_SIZE_BYTES = 4096
_MEDIAN_SECONDS = 0.25
_P99_SECONDS = 1.0
_BETWEEN_SECONDS = 0.1  # on average, so that the daemon is idle when most changes come
_ARRIVE_WITHIN_SECONDS = 60.0
_NOTE = (
    "Half new files, half existing ones written anew, one at a time and 0.1 s apart; from the "
    "writer's close to the moment the server has stored the body. s3syncd waits on purpose: "
    "`settle_seconds` is 0.1 by default."
)


def _measure(setting: Setting) -> Section:
    root = setting.folder / "root"
    make_tree(root, files=_TREE_FILES, size_bytes=_SIZE_BYTES)
    wait_until_quiet()
    with sink(setting.folder / "objects") as server:
        config = write_config(setting.folder, root, server.endpoint, prefix="visible")
        with running(config) as daemon:
            daemon.wait_in_sync()
            changed_at = _change(root, setting.files)
            stored_at = _wait_for(server, changed_at)
            daemon.wait_in_sync()
    delays = [stored_at[path] - at for path, at in changed_at.items()]
    median, p99 = percentile(delays, 50), percentile(delays, 99)
    rows = [
        Row("median", f"{median:.3f} s", f"<= {_MEDIAN_SECONDS} s", median <= _MEDIAN_SECONDS),
        Row("99 of 100 within", f"{p99:.3f} s", f"<= {_P99_SECONDS:.0f} s", p99 <= _P99_SECONDS),
        Row("least and most", f"{min(delays):.3f} s, {max(delays):.3f} s"),
    ]
    return Section(_TITLE, rows, notes=[_NOTE])


def _change(root: Path, changes: int) -> dict[str, float]:
    """Change one file after the other; gives when each was closed, by its name below the root."""
    chance = random.Random(changes)
    existing = sorted(path for path in root.rglob("*.bin"))
    chance.shuffle(existing)
    changed_at: dict[str, float] = {}
    nothing = threading.Event()
    for number in range(changes):
        path = existing[number]
        if number % 2:
            path = path.with_suffix(".new")
        path.write_bytes(chance.randbytes(_SIZE_BYTES))
        changed_at[str(path.relative_to(root))] = time.monotonic()
        nothing.wait(chance.uniform(0.5, 1.5) * _BETWEEN_SECONDS)
    return changed_at


def _wait_for(server: Server, changed_at: dict[str, float]) -> dict[str, float]:
    """When each changed file was stored, once all were stored after their change.

    Raises:
        SystemExit: some never were.
    """
    deadline = time.monotonic() + _ARRIVE_WITHIN_SECONDS
    nothing = threading.Event()
    late: list[str] = []
    while time.monotonic() < deadline:
        stored_at = {
            name.removeprefix(f"{BUCKET}/visible/"): at for name, at in server.stored_at().items()
        }
        late = [path for path, at in changed_at.items() if stored_at.get(path, 0.0) < at]
        if not late:
            return stored_at
        nothing.wait(0.2)
    raise SystemExit(f"{len(late)} changes never arrived: {late[:5]}")


CASE = Case(_TITLE, _measure, files=_CHANGES)
