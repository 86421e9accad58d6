"""The copy that mutants share is the repository again after each of them."""

from __future__ import annotations

import importlib.util
import py_compile
from pathlib import Path

import pytest

from tests.mutants.copies import REPOSITORY, patched_copy

_FILE = "s3syncd/errors.py"
_OLD = "from __future__ import annotations\n"
_NEW = "from __future__ import annotations\n\nMUTANT = 1\n"


def test_what_a_mutant_changed_is_put_back_and_so_is_its_byte_code() -> None:
    with patched_copy(_FILE, _OLD, _NEW) as copy:
        source = copy / _FILE
        assert "MUTANT = 1" in source.read_text()
        code = Path(importlib.util.cache_from_source(str(source)))
        assert not code.exists(), "it is not the mutant's"
        py_compile.compile(str(source), doraise=True)
        assert code.exists()
    with patched_copy("s3syncd/failpoints.py", _OLD, _NEW) as again:
        assert again == copy
        original = REPOSITORY / _FILE
        assert source.read_bytes() == original.read_bytes()
        assert source.stat().st_mtime_ns == original.stat().st_mtime_ns
        assert b"MUTANT" not in (code.read_bytes() if code.exists() else b"")


@pytest.mark.parametrize("name", ["s3syncd/left.py", "left/", "s3syncd/failpoints.py"])
def test_a_copy_in_which_something_was_left_is_not_used_again(name: str) -> None:
    with patched_copy(_FILE, _OLD, _NEW) as copy:
        if name.endswith("/"):
            (copy / name).mkdir()
        else:
            (copy / name).write_text("left = 1\n")
    assert not copy.exists()
    with patched_copy(_FILE, _OLD, _NEW) as another:
        assert another != copy


def test_a_copy_in_which_a_run_broke_off_is_not_used_again() -> None:
    with pytest.raises(KeyboardInterrupt), patched_copy(_FILE, _OLD, _NEW) as copy:
        raise KeyboardInterrupt
    assert not copy.exists()
