"""Large blocks of the C library go back to the system when they are freed."""

from __future__ import annotations

import ctypes
import subprocess
import sys

import pytest

_MIB = 2**20
_BLOCK_BYTES = 8 * _MIB
_REPORT = f"""
import ctypes
class Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in (
        "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks",
        "fordblks", "keepcost")]
libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Mallinfo
libc.malloc.restype = ctypes.c_void_p
libc.malloc.argtypes, libc.free.argtypes = [ctypes.c_size_t], [ctypes.c_void_p]
libc.free(libc.malloc({_BLOCK_BYTES}))  # from which glibc learns
held = [(libc.malloc({_BLOCK_BYTES}), libc.malloc(500_000)) for _ in range(4)]
for large, _ in held:
    libc.free(large)
print(libc.mallinfo2().fordblks > {_BLOCK_BYTES})
"""

pytestmark = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="no glibc of 2.33 or newer"
)


def _keeps(code: str) -> bool:
    done = subprocess.run(
        [sys.executable, "-c", code + _REPORT], capture_output=True, text=True, check=True
    )
    return done.stdout.strip() == "True"


def test_the_command_keeps_no_large_blocks_that_are_free() -> None:
    assert not _keeps("from s3syncd.cli.process import prepare_process\nprepare_process()\n")


def test_a_process_of_somebody_else_is_left_alone() -> None:
    assert _keeps("from s3syncd import allocator\n")
