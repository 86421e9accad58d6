"""The runner of the mutants tells a caught one from a survivor and from a broken program."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path

import pytest

from tests.mutants.mutant import REPOSITORY, Mutant, all_mutants, problem_with, run
from tests.mutants.nursery import nursery

_NTH = "tests/test_failpoints.py::test_nth_pass_is_the_one_that_fails"
_ANOTHER = "tests/test_failpoints.py::test_points_are_inert_unless_armed"
_KILL = "tests/test_failpoints.py::test_kill_leaves_the_process_no_chance_to_clean_up"
_GOOD = Mutant(
    name="the nth pass is forgotten",
    file="s3syncd/failpoints.py",
    old="        if left > 1:\n",
    new="        if left > 10**9:\n",
    tests=[_NTH],
)


def _but(**changes: object) -> Mutant:
    return dataclasses.replace(_GOOD, **changes)  # type: ignore[arg-type]


def test_mutant_that_fails_its_test_is_caught_and_the_source_is_untouched() -> None:
    before = (REPOSITORY / _GOOD.file).read_bytes()
    verdict = run(_GOOD)
    assert verdict.is_caught, verdict
    assert (REPOSITORY / _GOOD.file).read_bytes() == before


def test_mutant_that_no_test_notices_has_survived() -> None:
    verdict = run(_but(tests=[_ANOTHER]))
    assert not verdict.is_caught
    assert verdict.reason.startswith("SURVIVED")


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("        if left > unheard_of:\n", "broke the program.*NameError"),
        ("        import unheard_of\n        if left > 1:\n", "broke the program.*ModuleNotFound"),
    ],
    ids=["name", "import"],
)
def test_patch_that_breaks_the_program_does_not_count_as_caught(new: str, reason: str) -> None:
    verdict = run(_but(new=new))
    assert not verdict.is_caught
    assert re.search(reason, verdict.reason), verdict


def test_patch_that_breaks_collection_does_not_count_as_caught() -> None:
    old = "_lock = threading.Lock()\n"
    verdict = run(_but(old=old, new="import unheard_of\n"))
    assert not verdict.is_caught
    assert verdict.reason


def test_output_that_is_not_text_does_not_stop_the_runner() -> None:
    noise = "        os.write(2, b'\\xff\\xfe')\n        if left > 10**9:\n"
    verdict = run(_but(new=noise))
    assert verdict.is_caught, verdict
    assert "\ufffd" in verdict.output


def test_test_that_does_not_exist_does_not_count_as_caught() -> None:
    verdict = run(_but(tests=["tests/test_failpoints.py::test_unheard_of"]))
    assert not verdict.is_caught


def test_program_started_by_a_test_is_the_patched_copy_too() -> None:
    old = "        os.kill(os.getpid(), signal.SIGKILL)\n"
    verdict = run(_but(old=old, new="        raise SystemExit(3)\n", tests=[_KILL]))
    assert verdict.is_caught, verdict


def test_run_that_does_not_end_is_ended_and_the_next_one_is_not_its_heir(tmp_path: Path) -> None:
    waits = "import threading\n\ndef test_it():\n    threading.Event().wait(100)\n"
    (tmp_path / "test_waits.py").write_text(waits)
    (tmp_path / "test_fails.py").write_text("def test_it():\n    assert False\n")

    def ended(name: str, timeout_seconds: float) -> int | None:
        return nursery().run(
            ["-p", "no:cacheprovider", "-p", "no:randomly", name],
            folder=tmp_path, environment=dict(os.environ), output=tmp_path / "output",
            timeout_seconds=timeout_seconds,
        )  # fmt: skip

    assert ended("test_waits.py", 0.5) is None
    assert ended("test_fails.py", 60) == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"old": "not in the file"}, "occurs 0 times"),
        ({"old": "global _armed"}, "occurs 2 times"),
        ({"file": "s3syncd/unheard_of.py"}, "does not exist"),
        ({"new": "        if left >\n"}, "does not compile"),
        ({"new": _GOOD.old}, "changes nothing"),
        ({"tests": []}, "names no test"),
        ({"tests": ["tests/test_unheard_of.py::test_it"]}, "no such test file"),
        (
            {"tests": [f"{_NTH}[once]", "tests/test_failpoints.py::test_it"]},
            r"no such test: \['[^']*::test_it'\]",
        ),
    ],
)
def test_mutant_that_has_rotted_is_named(changes: dict[str, object], problem: str) -> None:
    assert re.search(problem, problem_with(_but(**changes)))


def test_every_area_has_its_mutants_collected() -> None:
    assert any(label.startswith("harness: ") for label in all_mutants())
