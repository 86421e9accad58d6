"""In a container with little memory or CPU the defaults ask for less; what is written stays."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from s3syncd.config import cgroup
from s3syncd.config.cgroup import Allowance
from s3syncd.config.load import load
from tests.config.conftest import ENVIRON

MIB = 2**20
V1 = "9:name=systemd:/\n5:memory:/docker/abc\n4:cpu,cpuacct:/docker/abc\n"
UNLIMITED_V1 = "9223372036854771712\n"


@pytest.fixture
def machine(tmp_path: Path) -> Callable[[str, Mapping[str, str]], Path]:
    """Make a system's root directory with this process's groups and their files."""

    def make(groups: str, files: Mapping[str, str]) -> Path:
        root = tmp_path / "machine"
        for name, content in {"proc/self/cgroup": groups, **files}.items():
            path = root / (name if name.startswith("proc") else f"sys/fs/cgroup/{name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return root

    return make


@pytest.mark.parametrize(
    ("groups", "files", "memory_mib", "cpus"),
    [
        pytest.param("0::/\n", {"memory.max": f"{256 * MIB}\n", "cpu.max": "150000 100000\n"},
                     256, 1.5, id="version 2, seen from inside its container"),
        pytest.param("0::/a.slice/b.service\n", {"a.slice/b.service/memory.max": f"{64 * MIB}\n",
                     "a.slice/cpu.max": "50000 100000\n"}, 64, 0.5, id="version 2, a service"),
        pytest.param("0::/a/b\n", {"a/b/memory.max": f"{900 * MIB}", "a/memory.max":
                     f"{100 * MIB}", "memory.max": f"{500 * MIB}"}, 100, None,
                     id="the least on the way up counts"),
        pytest.param("0::/\n", {"memory.max": "max\n", "cpu.max": "max 100000\n"}, None, None,
                     id="version 2 without a limit"),
        pytest.param("0::/../other\n", {"memory.max": f"{128 * MIB}"}, 128, None,
                     id="a group outside the container's own"),
        pytest.param(V1, {"memory/memory.limit_in_bytes": f"{200 * MIB}\n",
                     "cpu/cpu.cfs_quota_us": "200000\n", "cpu/cpu.cfs_period_us": "100000\n"},
                     200, 2.0, id="version 1, seen from inside its container"),
        pytest.param(V1, {"memory/docker/abc/memory.limit_in_bytes": f"{300 * MIB}\n",
                     "memory/memory.limit_in_bytes": UNLIMITED_V1,
                     "cpu/docker/abc/cpu.cfs_quota_us": "-1\n",
                     "cpu/docker/abc/cpu.cfs_period_us": "100000\n"}, 300, None,
                     id="version 1 with a memory limit only"),
        pytest.param(V1, {"memory/docker/abc/memory.limit_in_bytes": UNLIMITED_V1,
                     "memory/memory.limit_in_bytes": UNLIMITED_V1}, None, None,
                     id="version 1 without a limit"),
        pytest.param("0::/\n", {"memory.max": "", "cpu.max": "nonsense 1\n"}, None, None,
                     id="what cannot be understood is no limit"),
    ],
)  # fmt: skip
def test_limits_are_read(
    machine: Callable[..., Path],
    groups: str,
    files: dict[str, str],
    memory_mib: int | None,
    cpus: float | None,
) -> None:
    memory = None if memory_mib is None else memory_mib * MIB
    assert cgroup.read(machine(groups, files)) == Allowance(memory, cpus)


def test_a_system_without_groups_has_no_limits(tmp_path: Path) -> None:
    assert cgroup.read(tmp_path) == Allowance(None, None)


@pytest.mark.parametrize(
    ("memory_mib", "buffer_mib"), [(None, 128), (4096, 128), (512, 128), (256, 64), (32, 16)]
)
def test_content_gets_a_quarter_of_the_memory_and_never_more_than_usual(
    memory_mib: int | None, buffer_mib: int
) -> None:
    allowance = Allowance(None if memory_mib is None else memory_mib * MIB)
    assert cgroup.suited_buffer_bytes(128 * MIB, allowance) == buffer_mib * MIB


@pytest.mark.parametrize(("cpus", "workers"), [(None, 8), (16.0, 8), (1.5, 4), (1.0, 2), (0.1, 2)])
def test_two_files_are_hashed_for_each_cpu_begun(cpus: float | None, workers: int) -> None:
    assert cgroup.suited_checksum_workers(8, Allowance(None, cpus)) == workers


def test_defaults_are_lowered_and_what_is_written_stays(
    write: Callable[[str], Path], machine: Callable[..., Path]
) -> None:
    small = machine("0::/\n", {"memory.max": f"{256 * MIB}", "cpu.max": "50000 100000"})
    text = "sites: [{path: /a, bucket: bbb}]\n"
    usual = load(write(text), environ=ENVIRON, machine=Path("/nowhere"))
    assert (usual.buffer_bytes, usual.checksum_workers) == (128 * MIB, 2 * (os.cpu_count() or 1))
    lowered = load(write(text), environ=ENVIRON, machine=small)
    assert (lowered.buffer_bytes, lowered.checksum_workers) == (64 * MIB, 2)
    null = load(write(text + "buffer_bytes: null\n"), environ=ENVIRON, machine=small)
    assert null.buffer_bytes == 64 * MIB
    written = load(
        write(text + "buffer_bytes: 200MiB\nchecksum_workers: 9\n"), environ=ENVIRON, machine=small
    )
    assert (written.buffer_bytes, written.checksum_workers) == (200 * MIB, 9)
