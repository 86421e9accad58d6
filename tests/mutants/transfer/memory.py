"""Guards of memory, page cache and descriptors that uploads hold."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

_T = "s3syncd/transfer/"
_UNCHANGED = "tests/transfer/parts/test_unchanged.py::"
_ADOPT = "tests/transfer/test_adopt.py::"

MUTANTS = [
    Mutant(
        name="the memory of an upload that failed waits for the collector",
        file="s3syncd/transfer/parts.py",
        old="            del end  #",
        new="            pass  #",
        tests=["tests/transfer/test_leaks.py::test_no_memory_of_parts_waits_for_the_collector"],
    ),
    Mutant(
        name="the C library keeps the memory of parts that were sent",
        file="s3syncd/cli/process.py",
        old="    allocator.own_process()\n",
        new="",
        tests=["tests/test_allocator.py::test_the_command_keeps_no_large_blocks_that_are_free"],
    ),
    Mutant(
        name="the memory of a part is used again before it was read",
        file="s3syncd/s3/wire.py",
        old="        if self._rest:\n            return\n",
        new="",
        tests=["tests/s3/test_bodies.py::test_body_read_in_part_tells_nothing"],
    ),
    Mutant(
        name="the memory for parts outlives the uploads",
        file=_T + "buffers.py",
        old="            self._shared = weakref.ref(buffers)\n",
        new="            self._shared = lambda: buffers\n",
        tests=["tests/transfer/test_buffers.py::test_nothing_is_kept_after_the_last_upload"],
    ),
    Mutant(
        name="a file put in parts is hashed without a turn for others",
        file=_T + "digests.py",
        old="        if (turn := source.turn()) is not None:\n            yield turn  # a part",
        new="        if (turn := None) is not None:\n            yield turn  # a part",
        tests=[_UNCHANGED + "test_touched_file_that_was_put_in_parts_gives_turns_to_others"],
    ),
    Mutant(
        name="hashing drives out of the page cache what was there",
        file=_T + "source.py",
        old="        if self._is_cold and (",
        new="        if (",
        tests=[_ADOPT + "test_hashing_leaves_the_page_cache_as_it_was[True]"],
    ),
    Mutant(
        name="what was hashed stays in the page cache",
        file=_T + "source.py",
        old="            pagecache.drop_read(self._fd, 0, end)\n",
        new="            pagecache.drop_read(self._fd, offset, end - offset)\n",
        tests=[_ADOPT + "test_hashing_leaves_the_page_cache_as_it_was[False]"],
    ),
    Mutant(
        name="a worker that waits keeps what its last call held",
        file="s3syncd/pool/crew.py",
        old="            del step\n",
        new="",
        tests=["tests/transfer/test_leaks.py::test_nothing_is_held_by_workers_that_wait"],
    ),
    Mutant(
        name="a file stays open where its upload failed",
        file="s3syncd/transfer/source.py",
        old="    def __exit__(self, *_: object) -> None:\n        self.close()\n",
        new="    def __exit__(self, *_: object) -> None:\n        pass\n",
        tests=["tests/transfer/test_leaks.py::test_nothing_is_held_after_the_end[requests_fail]"],
    ),
    Mutant(
        name="two bodies are read into one memory",
        file=_T + "buffers.py",
        old="            buffer = self._spare.pop()\n",
        new="            buffer = self._spare[-1]\n",
        tests=["tests/transfer/test_leaks.py::test_each_object_holds_what_its_file_held"],
    ),
    Mutant(
        name="every buffer that was given back is kept",
        file=_T + "buffers.py",
        old="deque(maxlen=_SPARE)",
        new="deque()",
        tests=["tests/transfer/test_buffers.py::test_few_are_kept"],
    ),
]
