"""What broke off is gone on with, and nothing doubtful of it is kept."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from s3syncd.errors import FatalError
from s3syncd.supervisor.restoring import Restoration, Wish
from tests.e2e.site import tree
from tests.strict.faults import Fault, Kind
from tests.strict.restoring.place import MIB, Place


def test_what_broke_off_is_gone_on_with_and_leaves_nothing(own: Place) -> None:
    for name in "abc":
        own.put(name, name.encode())
    own.store.fault(Fault(kind=Kind.ERROR, operation="GetObject", key="p/b", times=99))
    work, told = own.restore()
    assert told == {"b": "no_answer"}
    assert work.is_worth_repeating
    (own.out / ".s3syncd-restore/9.part").write_bytes(b"of a run that was killed")
    own.store.clear_faults()
    other = Restoration(own.config(), Wish("data", own.out), claim="another one")
    with pytest.raises(FatalError, match="another restore"):
        list(other.found())
    work, told = own.restore()
    assert (work.counts, told) == ({"present": 2, "restored": 1}, {})
    assert tree(own.out) == {"a": b"a", "b": b"b", "c": b"c"}
    assert not (own.out / ".s3syncd-restore").exists()


LARGE = random.Random(3).randbytes(16 * MIB + 5)
"""Three spans."""


def _break_off(own: Place, *, checksum: str | None = None) -> Path:
    """Restore a large object up to its second span; gives what is left of it."""
    if checksum is not None:
        own.put_in_parts("large", LARGE, checksum=checksum)
    else:
        own.put("large", LARGE)
    own.store.fault(Fault(kind=Kind.ERROR, operation="GetObject", nth=3, times=99))
    _, told = own.restore()
    assert told == {"large": "no_answer"}
    own.store.clear_faults()
    assert not (own.out / "large").exists()
    (left,) = (own.out / ".s3syncd-restore").glob("*.kept")
    return left


def _fetched(own: Place) -> int:
    """Restore again, to the end; gives how many times content was asked for."""
    asked = own.store.fault(Fault(kind=Kind.DELAY, operation="GetObject", times=99))
    work, _ = own.restore()
    assert work.counts == {"restored": 1}
    assert not (own.out / ".s3syncd-restore").exists()
    return own.store.met(asked)


def test_a_large_file_is_gone_on_with_where_it_broke_off(own: Place) -> None:
    _break_off(own)
    assert _fetched(own) == 1
    assert tree(own.out) == {"large": LARGE}


def test_a_large_file_of_which_all_had_come_is_asked_about_and_proved(own: Place) -> None:
    left = _break_off(own)
    left.write_bytes(LARGE)
    (notes,) = left.parent.glob("*.notes")
    with notes.open("ab") as file:
        file.writelines(b"%d\n" % (number * 8 * MIB) for number in range(3))
    assert _fetched(own) == 1
    assert tree(own.out) == {"large": LARGE}


def test_no_half_of_an_older_version_gets_into_a_large_file(own: Place) -> None:
    _break_off(own)
    own.put("large", LARGE[::-1])
    assert _fetched(own) == 3
    assert tree(own.out) == {"large": LARGE[::-1]}


@pytest.mark.parametrize("checksum", [None, "SHA256"], ids=["proved", "not to be proved"])
def test_what_was_not_on_the_disk_when_the_power_went_is_fetched_again(
    own: Place, checksum: str | None
) -> None:
    """Notes and size came through, the content did not."""
    if checksum is not None:
        own.store.options.has_md5_etags = False
    left = _break_off(own, checksum=checksum)
    left.write_bytes(bytes(left.stat().st_size))
    assert _fetched(own) >= 3
    assert tree(own.out) == {"large": LARGE}
