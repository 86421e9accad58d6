"""Numbers and words agree."""

from __future__ import annotations

import pytest

from s3syncd.core.plural import counted


@pytest.mark.parametrize(
    ("number", "words", "said"),
    [
        (0, ("file",), "0 files"),
        (1, ("file",), "1 file"),
        (2, ("file",), "2 files"),
        (1234567, ("file",), "1 234 567 files"),
        (1, ("directory", "directories"), "1 directory"),
        (21, ("deletion is", "deletions are"), "21 deletions are"),
    ],
)
def test_the_word_follows_the_number(number: int, words: tuple[str, ...], said: str) -> None:
    assert counted(number, *words) == said
