"""The trees that are uploaded, and how what arrived is compared with them."""

from __future__ import annotations

import hashlib
import os

import pytest

from bench.arrived import digests, etag_of_parts
from bench.cases.mixed import sizes_of
from bench.files import make_sized, make_tree
from bench.setting import Case, Setting


def test_no_two_files_of_a_tree_are_equal(tmp_path):
    make_tree(tmp_path / "root", files=450, size_bytes=100)
    found = digests(tmp_path / "root")
    assert len(found) == 450
    assert len({digest for digest, _ in found.values()}) == 450


def test_sized_files_have_their_sizes_and_differ(tmp_path):
    make_sized(tmp_path / "root", [2**20 + 1, 2**20 + 1, 5])
    found = sorted(digests(tmp_path / "root").values(), key=lambda one: one[1])
    assert [size for _, size in found] == [5, 2**20 + 1, 2**20 + 1]
    assert found[1][0] != found[2][0]


@pytest.mark.parametrize("size_bytes", [1, 7, 8, 9, 16])
def test_the_etag_of_parts_is_md5_of_their_md5s(tmp_path, size_bytes):
    content = os.urandom(size_bytes)
    path = tmp_path / "file"
    path.write_bytes(content)
    parts = [content[at : at + 8] for at in range(0, size_bytes, 8)]
    joined = b"".join(hashlib.md5(part, usedforsecurity=False).digest() for part in parts)
    expected = hashlib.md5(joined, usedforsecurity=False).hexdigest()
    assert etag_of_parts(path, 8) == f"{expected}-{len(parts)}"


def test_mixed_sizes_are_what_their_case_says():
    sizes = sizes_of(200)
    assert len(sizes) == 200
    assert min(sizes) >= 2**20
    assert max(sizes) <= 64 * 2**20
    assert sum(sizes) == pytest.approx(2 * 2**30, rel=0.01)
    assert 20 < sum(size > 16 * 2**20 for size in sizes) < 100, "some whole, some in parts"


def setting(tmp_path, **changes):
    full = {"files": 10, "rounds": 3, "seconds": 5.0}
    return Setting(tmp_path, **(full | changes))


def test_only_a_run_of_full_size_may_be_kept(tmp_path):
    case = Case("t", measure=lambda setting: None, files=10, rounds=3, seconds=5.0)
    assert case.is_full(setting(tmp_path))
    assert case.is_full(setting(tmp_path, rounds=5))
    for smaller in ({"files": 9}, {"rounds": 2}, {"seconds": 4.0}, {"peers": ("s5cmd",)}):
        assert not case.is_full(setting(tmp_path, **smaller)), smaller
