"""The collector of cyclic garbage: set in our own process, left alone in somebody else's."""

from __future__ import annotations

import subprocess
import sys

import pytest

from s3syncd import collector

_REPORT = "print(gc.get_threshold()[0] >= 10_000, gc.get_freeze_count() > 0)"


def _run(code: str) -> str:
    program = f"import gc\nfrom s3syncd import collector\n{code}\n{_REPORT}"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_what_is_loaded_is_spared_in_our_own_process() -> None:
    assert _run("collector.own_process()\ncollector.spare_loaded()") == "True True"


def test_a_process_of_somebody_else_is_left_alone() -> None:
    assert _run("collector.spare_loaded()") == "False False"


def test_garbage_of_later_is_never_kept_for_ever() -> None:
    code = "collector.own_process()\ncollector.spare_loaded()\ngc.unfreeze()\n"
    assert _run(code + "collector.spare_loaded()") == "True False"


def test_the_command_owns_its_process() -> None:
    assert (
        _run("from s3syncd.cli.process import prepare_process\nprepare_process()") == "True False"
    )


def test_large_garbage_is_freed_when_told() -> None:
    code = (
        "import weakref\ncollector.own_process()\nclass Knot: pass\nknot = Knot()\n"
        "knot.itself, seen = knot, weakref.ref(knot)\ndel knot\ncollector.collect()\n"
        "assert seen() is None\n"
    )
    assert _run(code) == "True False"


def test_nothing_is_looked_for_while_libraries_are_loaded() -> None:
    code = (
        "collector.own_process()\nwith collector.loading():\n    assert not gc.isenabled()\n"
        "assert gc.isenabled()\n"
    )
    assert _run(code) == "True False"


def test_somebody_elses_collector_goes_on_while_libraries_are_loaded() -> None:
    assert _run("with collector.loading():\n    assert gc.isenabled()\n") == "False False"
    assert _run("gc.disable()\nwith collector.loading(): pass\nassert not gc.isenabled()") == (
        "False False"
    )


@pytest.mark.parametrize("turn", ["before", "after"])
def test_a_command_that_ran_in_the_tests_process_does_not_own_the_next_ones(turn: str) -> None:
    assert not collector._state["is_ours"], turn
    collector.own_process()
