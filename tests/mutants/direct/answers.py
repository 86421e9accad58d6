"""Mutants of what goes over a connection: bodies and answers."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

__all__ = ["MUTANTS"]

HTTP1 = "s3syncd/s3/http1.py"
OUTGOING = "s3syncd/s3/outgoing.py"
IN_ANSWERS = "tests/s3/direct/test_answers.py::test_"
IN_PEEKS = "tests/s3/direct/test_peeks.py::test_"
IN_LENT = "tests/s3/direct/test_lent.py::test_"
IN_HTTP1 = "tests/s3/test_http1.py::test_"

MUTANTS = [
    Mutant(
        name="a connection is kept although the store says that it closes it",
        file=HTTP1,
        old="        self.keeps_alive = is_left_open\n",
        new="        self.keeps_alive = True\n",
        tests=[IN_HTTP1 + "an_answer_is_the_same_however_it_is_split"],
    ),
    Mutant(
        name="a connection is kept although more came than the answer",
        file=HTTP1,
        old="        if rest:  #",
        new="        if False:  #",
        tests=[IN_HTTP1 + "what_follows_an_answer_ends_the_connection"],
    ),
    Mutant(
        name="an answer with two lengths is read by the first",
        file=HTTP1,
        old="!= value and name in _FRAMING:",
        new="!= value and False:",
        tests=[IN_HTTP1 + "what_no_store_means_is_broken"],
    ),
    Mutant(
        name="interim answers are read for ever",
        file=HTTP1,
        old="            self._head_bytes += len(head) + len(_END)\n",
        new="",
        tests=[IN_HTTP1 + "interim_answers_count_as_one_head"],
    ),
    Mutant(
        name="a body of any size is kept",
        file=HTTP1,
        old="        if len(raw) > self._most_bytes:",
        new="        if False:",
        tests=[IN_HTTP1 + "what_does_not_end_is_given_up_with_little_in_memory"],
    ),
    Mutant(
        name="what Python takes for a number is the size of a chunk",
        file=HTTP1,
        old="if not _IS_SIZE(text) or ",
        new="if ",
        tests=[IN_HTTP1 + "what_no_store_means_is_broken"],
    ),
    Mutant(
        name="a chunk may be longer than it says",
        file=HTTP1,
        old="            if raw[end : end + 2] != _LINE_END:",
        new="            if False:",
        tests=[IN_HTTP1 + "what_no_store_means_is_broken"],
    ),
    Mutant(
        name="any three letters are a status",
        file=HTTP1,
        old=" or not _IS_STATUS(rest):",
        new=" or not rest:",
        tests=[IN_HTTP1 + "what_no_store_means_is_broken"],
    ),
    Mutant(
        name="what there was no room for is left out",
        file=OUTGOING,
        old="            self._pieces[0] = rest[count:]\n",
        new="            del self._pieces[0]\n",
        tests=[IN_ANSWERS + "a_body_larger_than_any_buffer_arrives_whole"],
    ),
    Mutant(
        name="lent memory is given back before the kernel has it",
        file=OUTGOING,
        old="        if not self._pieces and self._lent is not None:",
        new="        if self._lent is not None:",
        tests=[IN_LENT + "lent_memory_is_given_back_once_when_the_kernel_has_it"],
    ),
    Mutant(
        name="lent memory is never given back",
        file=OUTGOING,
        old="            self._lent.finish()",
        new="            pass",
        tests=[IN_LENT + "lent_memory_is_given_back_once_when_the_kernel_has_it"],
    ),
    Mutant(
        name="lent memory is given back although a view of it is left",
        file=OUTGOING,
        old="        del self._pieces[0], rest ",
        new="        del self._pieces[0] ",
        tests=[IN_LENT + "lent_memory_is_held_by_nobody_when_it_is_given_back"],
    ),
    Mutant(
        name="a whole body is one piece",
        file=OUTGOING,
        old="        count = link.send(rest[:_PIECE_BYTES])",
        new="        count = link.send(rest)",
        tests=[IN_LENT + "no_piece_is_so_large_that_a_slow_line_seems_to_stand_still"],
    ),
    Mutant(
        name="an answer that was cut off leaves the connection open",
        file=HTTP1,
        old="            self._left_bytes = 0\n            self.keeps_alive = False\n",
        new="            self._left_bytes = 0\n",
        tests=[IN_PEEKS + "a_store_that_sends_all_of_it_is_not_listened_to"],
    ),
]
