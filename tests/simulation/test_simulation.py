"""A slice of the simulation, that it repeats itself, and the seeds that once found something."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from s3syncd.s3.reply import S3Failure
from tests.simulation.bucket import Bucket
from tests.simulation.disk import Disk
from tests.simulation.nemesis import KINDS
from tests.simulation.run import run_seed
from tests.simulation.world import World

pytestmark = pytest.mark.timeout(300)  # of CPU each test takes a few seconds

_REPOSITORY = Path(__file__).resolve().parents[2]
_REGRESSIONS = sorted((_REPOSITORY / "tests" / "regressions").glob("*.toml"))
_SLICES = 20  # small enough to be shared out among the workers
_SEEDS = int(os.environ.get("SIMULATION_SEEDS", "50"))  # in a slice, of ten sequences each
# What tests/mutants/simulation.py names: each of these runs fails without some guard.
_NOTICING = (0, 2, 3, 7, 9, 12, 13, 15, 18, 24, 33, 34, 41, 62)
_SAY_HASHES = (
    "from tests.simulation.run import run_seed\n"
    "print(*(run_seed(seed, sequences=2).digest for seed in range(8)))"
)


@pytest.mark.parametrize("number", range(_SLICES))
def test_every_promise_is_kept_whatever_goes_wrong(number: int) -> None:
    for seed in range(number * _SEEDS, (number + 1) * _SEEDS):
        report = run_seed(seed)
        assert not report.failure, f"seed {seed} ({report.digest}): {report.failure}"


@pytest.mark.parametrize("seed", _NOTICING)
def test_a_seed_that_notices_a_missing_guard_finds_none(seed: int) -> None:
    report = run_seed(seed)
    assert not report.failure, report.failure


def test_an_upload_that_nobody_was_let_see_is_excused_until_somebody_was(tmp_path: Path) -> None:
    world = World(1, tmp_path)
    judge, bucket = world.places[0].judge, Bucket(world.wire)
    bucket.create_multipart("p0/a")
    world.chances.switch_on("forbidden", 1.0)
    with pytest.raises(S3Failure):
        bucket.list_uploads("p0/a")
    assert judge.uploads_left() == []
    world.chances.switch_off()
    assert len(bucket.list_uploads("p0/a")) == 1
    assert len(judge.uploads_left()) == 1
    world.close()


def test_a_clock_that_is_set_back_gives_no_file_its_times_again() -> None:
    """The engine cannot see a change that keeps size, times and inode, and is not judged by it."""
    disk = Disk(lambda: 1_000.0, 0)
    disk.write("a", b"one")
    before = disk.tree.files["a"].ctime_ns
    disk.clock_was_set()
    disk.write("a", b"two")
    assert disk.tree.files["a"].ctime_ns != before


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_fault_is_met_and_borne(kind: str) -> None:
    met = 0
    for seed in range(100_000, 100_040):
        report = run_seed(seed, only=frozenset({kind}))
        assert not report.failure, f"seed {seed} with {kind} alone: {report.failure}"
        met += report.met[kind]
        if met >= 3:
            return
    pytest.fail(f"{kind} is planned, and was met {met} times only")


def test_a_user_at_peace_is_served_and_believed() -> None:
    for seed in range(200_000, 200_010):
        report = run_seed(seed, only=frozenset())
        assert not report.failure, f"seed {seed}: {report.failure}"
        assert report.claims >= report.sequences
        assert report.operations.total() > 10


def test_a_seed_does_the_same_again_in_another_process() -> None:
    """With another seed of hashes: nothing depends on the order of a set, on clocks or chance."""
    said = [
        subprocess.run(
            [sys.executable, "-c", _SAY_HASHES], check=True, capture_output=True, text=True,
            cwd=_REPOSITORY, env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": path},
        ).stdout.split()
        for seed, path in (("1", _python_path()), ("2", _python_path()))
    ]  # fmt: skip
    assert said[0] == said[1]
    assert len(set(said[0])) == len(said[0])


def _python_path() -> str:
    return os.pathsep.join([str(_REPOSITORY), os.environ.get("PYTHONPATH", "")])


@pytest.mark.parametrize("path", _REGRESSIONS, ids=lambda path: path.stem)
def test_what_a_seed_once_found_is_not_found_again(path: Path) -> None:
    finding: dict[str, Any] = tomllib.loads(path.read_text())
    only = finding.get("only")
    for seed in finding["seeds"]:
        report = run_seed(
            seed,
            sequences=finding["sequences"],
            only=None if only is None else frozenset(only),
        )
        assert not report.failure, f"{finding['what']}\nseed {seed}: {report.failure}"
