"""Bytes of a ledger that turned over: wherever they are, it is begun anew, and never trusted."""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import pytest

from s3syncd.errors import LedgerError
from s3syncd.ledger import Ledger
from s3syncd.ledger.glance import glance
from tests.ledger.rows import IDENTITY, all_paths, filled, open_ledger


def _spoil_schema(path: Path) -> None:
    """Make a word of the schema one that is no text: what SQLite says of it is none, either."""
    content = path.read_bytes()
    assert content.count(b"CREATE TABLE late") == 1
    path.write_bytes(content.replace(b"CREATE TABLE late", b"CREATE \xa0ABLE late"))


def test_a_schema_that_is_no_text_is_put_aside(tmp_path: Path) -> None:
    path = filled(tmp_path)
    _spoil_schema(path)
    ledger = open_ledger(tmp_path)
    assert ledger.was_fresh
    assert ledger.put_aside == path.with_name("ledger.db.corrupt-1")
    ledger.close()


def test_a_schema_with_another_column_is_put_aside(tmp_path: Path) -> None:
    path = filled(tmp_path)
    content = path.read_bytes()
    assert b"foreign_etag" in content
    path.write_bytes(content.replace(b"foreign_etag", b"foreign_etaf"))
    ledger = open_ledger(tmp_path)
    assert ledger.was_fresh
    assert path.with_name("ledger.db.corrupt-1").exists()
    ledger.close()


def test_a_reader_sees_an_empty_ledger_there(tmp_path: Path) -> None:
    path = filled(tmp_path)
    _spoil_schema(path)
    reader = Ledger.open_readonly(path, identity=IDENTITY)
    assert reader.count() == (0, 0)
    reader.close()
    assert glance(path) is None


@pytest.mark.parametrize("seed", range(16))
def test_bytes_that_turned_over_are_an_error_of_the_ledger_or_none(
    tmp_path: Path, seed: int
) -> None:
    path = filled(tmp_path, rows=20)
    chance = random.Random(seed)
    content = bytearray(path.read_bytes())
    for _ in range(chance.choice((1, 8, 64))):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    path.write_bytes(content)
    glance(path)
    with suppress(LedgerError):
        reader = Ledger.open_readonly(path, identity=IDENTITY)
        all_paths(reader)
    ledger = open_ledger(tmp_path)
    try:
        all_paths(ledger)
        ledger.retries()
        ledger.intents()
        ledger.lates()
        ledger.deletions("waiting")
    except LedgerError:
        assert ledger.is_damaged
        ledger.begin_anew()
        assert all_paths(ledger) == []
    ledger.close()
