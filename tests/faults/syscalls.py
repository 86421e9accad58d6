"""SIGKILL at every system call that changes something outside the process, one after the other.

    python -m tests.faults.syscalls [--scenario small] [--from 1] [--to 10000]

A traced `s3syncd sync` dies at its Nth call of one kind, for every kind and N = 1, 2, ... until it
ends as if nothing had been. strace counts per thread: at N dies whichever thread is the first to
make its Nth call of that kind. One worker uploads, so the calls of a kind are nearly all of one
thread: of SQLite those of the site's, to the network those of the CRT's loop, or of the worker
where boto3 is used. What the N of a thread with fewer calls would meet is met by its smaller N.
"""

from __future__ import annotations

import argparse
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Final, NamedTuple

from tests.faults.nursery import Nursery, nursery
from tests.faults.ward import MIB, Ward, opened_ward
from tests.waiting import until

__all__ = ["KINDS", "SCENARIOS", "Point", "count_calls", "die_at", "main", "why_not"]

KINDS: Final = (
    "pwrite64", "write", "fsync", "fdatasync", "rename", "renameat2", "link", "unlink",
    "ftruncate", "sendto", "sendmsg", "connect",
)  # fmt: skip
_PATIENCE_SECONDS: Final = 90.0  # a file whose writer cannot be excluded rests for 30 s here
_CALL: Final = re.compile(r"^(\d+) +(\w+)\(")


class Point(NamedTuple):
    """The Nth call of a kind."""

    kind: str
    nth: int


def _small(ward: Ward) -> None:
    ward.lose_files_of_ledger()
    ward.author.write("new", 1000)
    ward.author.write("other", 2000)


def _rewrite(ward: Ward) -> None:
    ward.author.write("new", 1500)


def _large(ward: Ward) -> None:
    ward.author.write("large", 8 * MIB + 1000)


def _delete(ward: Ward) -> None:
    ward.author.write("goes", 1000)
    ward.author.write("moves", 2000)
    assert ward.daemon.launch(["sync"]).wait() == 0
    ward.author.remove("goes")
    ward.author.rename("moves", "moved")


def _adopt(ward: Ward) -> None:
    ward.lose_files_of_ledger()


def _recovery(ward: Ward) -> None:
    ward.author.write("new", 1500)
    ward.author.write("large", 8 * MIB + 1000)
    armed = {"S3SYNCD_FAILPOINTS": "upload.after_part=kill"}
    assert ward.daemon.launch(["sync"], environment=armed).wait() == -signal.SIGKILL


SCENARIOS: Final[dict[str, Callable[[Ward], None]]] = {
    "small": _small, "rewrite": _rewrite, "large": _large, "delete": _delete, "adopt": _adopt,
    "recovery": _recovery,
}  # fmt: skip


def why_not() -> str:
    """Say why nothing can be traced here; '' if it can: another process that waits is."""
    if shutil.which("strace") is None:
        return "strace is not installed"
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as other:
        command = ["strace", "-f", "-qq", "-o", "/dev/null", "-p", str(other.pid)]
        tracer = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        until(lambda: _is_traced(other.pid) or tracer.poll() is not None, 20, "strace is there")
        assert other.stdin is not None
        other.stdin.close()
        _, said = tracer.communicate(timeout=20)
    return f"nothing may be traced here: {said[-200:]}" if tracer.returncode else ""


def _is_traced(pid: int) -> bool:
    return "TracerPid:\t0\n" not in Path(f"/proc/{pid}/status").read_text()


def count_calls(ward: Ward, scenario: str) -> dict[str, int]:
    """Run a scenario without a death; give for each kind the most calls that a thread made."""
    SCENARIOS[scenario](ward)
    trace = ward.world.folder / "trace"
    code = _traced(ward, trace, [f"trace={','.join(KINDS)}"])
    assert code == 0, ward.daemon.tail()
    lines = trace.read_text(errors="replace").splitlines()
    calls = Counter(found.groups() for line in lines if (found := _CALL.match(line)))
    most: dict[str, int] = {}
    for (_thread, kind), count in calls.items():
        most[kind] = max(most.get(kind, 0), count)
    return most


def die_at(ward: Ward, scenario: str, point: Point) -> bool:
    """Die at a point of a scenario, go on, and judge; False if the point was not reached."""
    SCENARIOS[scenario](ward)
    kind, nth = point
    injected = f"inject={kind}:signal=KILL:when={nth}"
    code = _traced(ward, Path("/dev/null"), [f"trace={kind}", injected])
    assert code in {0, -signal.SIGKILL}, f"{scenario} {point}: {code}\n{ward.daemon.tail()}"
    ward.assert_explained()
    code_after = _ended(ward, point)
    assert code_after == 0, f"{scenario} {point}: then {code_after}\n{ward.daemon.tail()}"
    ward.judge_at_rest()
    return code != 0


def _ended(ward: Ward, point: Point) -> int:
    """Go on after a death; give the exit code, or say where it hangs."""
    process = ward.daemon.launch(["sync"])
    try:
        return process.wait(_PATIENCE_SECONDS)
    except AssertionError as error:
        threads = [each / "wchan" for each in Path(f"/proc/{process.pid}/task").iterdir()]
        waits = [each.read_text() for each in threads]
        raise AssertionError(f"{point}: {error} {waits}\n{ward.daemon.tail()}") from error


def _traced(ward: Ward, output: Path, expressions: list[str]) -> int:
    process = ward.daemon.launch(["sync"], is_held=True)
    status = Path(f"/proc/{process.pid}/status")
    until(lambda: "State:\tT" in status.read_text(), 20, "it holds")
    command = ["strace", "-f", "-qq", "-o", str(output)]
    for expression in expressions:
        command += ["-e", expression]
    tracer = subprocess.Popen([*command, "-p", str(process.pid)], stderr=subprocess.DEVNULL)
    try:
        until(lambda: _is_traced(process.pid), 20, "it is traced")
        process.send_signal(signal.SIGCONT)
        return process.wait(90)
    finally:
        process.kill()
        tracer.wait(20)


def _points(ward: Ward, scenario: str) -> Generator[Point, bool, None]:
    """Give the points of a scenario; send back whether each was reached."""
    most = count_calls(ward, scenario)
    for kind in KINDS:
        nth, is_reached = 1, kind in most
        while is_reached:
            is_reached = (yield Point(kind, nth)) or nth < most[kind]
            nth += 1


def _enumerate(born: Nursery, scenario: str, first: int, last: int) -> int:
    count = reached = 0
    with (
        tempfile.TemporaryDirectory(prefix="s3syncd-syscalls-") as folder,
        opened_ward(born, Path(folder), upload_workers=1) as ward,
    ):
        ward.author.write("stays", 5000)
        assert ward.daemon.launch(["sync"]).wait() == 0
        points = _points(ward, scenario)
        point = next(points, None)
        while point is not None and count < last:
            count += 1
            is_reached = count < first or die_at(ward, scenario, point)
            reached += is_reached and count >= first
            print(f"{scenario} {count}: {point.kind} {point.nth} {is_reached}", flush=True)
            try:
                point = points.send(is_reached)
            except StopIteration:
                point = None
        ward.restart()
        ward.end()
    return reached


def main() -> int:
    """Run it; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenario", choices=[*SCENARIOS], help="default: each")
    parser.add_argument("--from", dest="first", type=int, default=1)
    parser.add_argument("--to", dest="last", type=int, default=10_000)
    asked = parser.parse_args()
    if reason := why_not():
        print(reason)
        return 1
    started, total = time.monotonic(), 0
    with nursery() as born:
        for scenario in [asked.scenario] if asked.scenario else SCENARIOS:
            reached = _enumerate(born, scenario, asked.first, asked.last)
            print(f"{scenario}: killed at {reached} calls, each made good", flush=True)
            total += reached
    print(f"{total} kills in {time.monotonic() - started:.0f} s, nothing lost")
    return 0


if __name__ == "__main__":
    sys.exit(main())
