"""The home core: the process keeps to it, roamers do not, and it moves away from others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3syncd.cores import Home, Usage

needs_cores = pytest.mark.skipif(
    sys.platform != "linux" or (os.cpu_count() or 1) < 2 or len(os.sched_getaffinity(0)) < 2,
    reason="the home is one of several cores, on Linux",
)
ALL = frozenset({0, 1, 2})


class Machine:
    """Three cores; says what each did since the start, and where threads were put."""

    def __init__(self) -> None:
        self.ticks = {core: Usage(0, 0) for core in ALL}
        self.used_seconds = 0.0
        self.now = 100.0
        self.placed: dict[int, frozenset[int]] = {}
        self.can_read = True
        self.home = Home(
            ALL,
            place=self._place,
            threads=self._threads,
            usage=self._usage,
            used_seconds=lambda: self.used_seconds,
        )

    def pass_second(self, *, ours: float, busy: dict[int, float]) -> None:
        self.now += 1.0
        self.used_seconds += ours
        for core in ALL:
            share = busy.get(core, 0.0)
            was = self.ticks[core]
            self.ticks[core] = Usage(was.busy + int(100 * share), was.idle + int(100 * (1 - share)))
        self.home.look(self.now)

    def _place(self, thread: int, cores: frozenset[int]) -> None:
        self.placed[thread] = cores

    def _threads(self) -> Iterator[int]:
        return iter((11, 12, threading.get_native_id()))

    def _usage(self) -> dict[int, Usage]:
        if not self.can_read:
            raise PermissionError
        return dict(self.ticks)


@pytest.fixture
def machine() -> Machine:
    machine = Machine()
    machine.home.look(machine.now)
    return machine


def others(machine: Machine) -> list[int]:
    return sorted(ALL - {machine.home.core})


def test_it_moves_where_others_keep_it_busy_and_another_core_idles(machine: Machine) -> None:
    home, (second, third) = machine.home.core, others(machine)
    machine.pass_second(ours=0.5, busy={home: 1.0, second: 0.9})
    assert machine.home.core == third
    assert machine.placed[11] == machine.placed[12] == {third}


def test_it_stays_where_it_has_its_core_for_itself(machine: Machine) -> None:
    home = machine.home.core
    machine.pass_second(ours=0.95, busy={home: 1.0})
    assert machine.home.core == home


def test_it_stays_where_no_other_core_is_better(machine: Machine) -> None:
    home, (second, third) = machine.home.core, others(machine)
    machine.pass_second(ours=0.5, busy={home: 1.0, second: 0.9, third: 0.8})
    assert machine.home.core == home


def test_it_stays_while_it_has_little_to_do(machine: Machine) -> None:
    home = machine.home.core
    machine.pass_second(ours=0.1, busy={home: 1.0})
    assert machine.home.core == home


def test_it_stays_where_nothing_can_be_read(machine: Machine) -> None:
    home = machine.home.core
    machine.can_read = False
    machine.pass_second(ours=0.5, busy={home: 1.0})
    machine.can_read = True
    machine.pass_second(ours=0.5, busy={home: 1.0})
    assert machine.home.core == home, "one reading tells nothing"


def test_a_roaming_thread_uses_every_core_and_is_left_alone(machine: Machine) -> None:
    me, home = threading.get_native_id(), machine.home.core
    machine.home.roam(is_roaming=True)
    assert machine.placed[me] == ALL
    machine.pass_second(ours=0.5, busy={home: 1.0})
    assert machine.home.core == home, "what roamers use is not what others use"
    machine.home.roam(is_roaming=False)
    assert machine.placed[me] == {home}


def run(code: str) -> str:
    program = f"import os, threading\nfrom s3syncd import cores\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


REPORT = "print(len(os.sched_getaffinity(0)))"
IN_THREAD = "thread = threading.Thread(target=show); thread.start(); thread.join()"


@needs_cores
def test_the_process_and_its_threads_keep_to_one_core() -> None:
    assert run(
        f"cores.own_process()\ncores.settle()\ndef show(): {REPORT}\nshow()\n{IN_THREAD}"
    ).split() == ["1", "1"]


def run_command(name: str, config: str = "/none") -> int:
    """Run the installed command in a process that then tells on how many cores it is."""
    code = (
        "import sys\nfrom s3syncd.__main__ import main\n"
        f"sys.argv = ['s3syncd', '-c', {config!r}, '{name}']\nmain()\n"
    )
    return int(run(code + REPORT).splitlines()[-1])


@needs_cores
def test_the_daemon_and_sync_keep_to_one_core(tmp_path: Path) -> None:
    config = tmp_path / "config.yml"
    site = {"path": str(tmp_path / "none"), "bucket": "none", "endpoint": "http://127.0.0.1:9"}
    config.write_text(json.dumps({"state_dir": str(tmp_path / "state"), "sites": [site]}))
    assert run_command("run") == 1
    assert run_command("sync", str(config)) == 1


@needs_cores
def test_other_commands_use_every_core_also_for_what_they_start() -> None:
    assert run_command("check") > 1


@needs_cores
def test_a_thread_that_roams_comes_home() -> None:
    code = (
        f"cores.own_process()\ncores.settle()\ncores.roam(is_roaming=True)\n{REPORT}\n"
        f"cores.roam(is_roaming=False)\n{REPORT}"
    )
    shown = run(code).split()
    assert int(shown[0]) > 1
    assert shown[1] == "1"


@needs_cores
def test_a_process_of_somebody_else_is_left_alone() -> None:
    assert int(run(f"cores.settle()\ncores.roam(is_roaming=False)\ncores.look(1.0)\n{REPORT}")) > 1
