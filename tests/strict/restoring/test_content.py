"""What comes back is one version of an object, and proved to be."""

from __future__ import annotations

import random
import threading

from tests.e2e.site import tree
from tests.strict.fake import FakeStore
from tests.strict.faults import Fault, Kind
from tests.strict.restoring.place import MIB, Place
from tests.waiting import until


def _damage(store: FakeStore, key: str, body: bytes) -> None:
    serial = store.tree("bucket")[f"p/{key}"]
    object.__setattr__(store.model.store.versions[serial], "body", body)


def test_content_that_is_not_the_digests_is_not_written(own: Place) -> None:
    own.put("rotten", b"0123456789", ChecksumAlgorithm="SHA256")
    own.put("good", b"good")
    _damage(own.store, "rotten", b"012345678X")
    work, told = own.restore()
    assert told == {"rotten": "damaged"}
    assert not work.is_whole
    assert tree(own.out) == {"good": b"good"}, "nothing of ours: another run would not help"


def test_content_that_breaks_on_its_way_is_fetched_again(own: Place) -> None:
    own.put("a", b"0123456789")
    own.store.fault(Fault(kind=Kind.TRUNCATE, operation="GetObject", kept_bytes=4))
    work, _ = own.restore()
    assert work.is_whole
    assert tree(own.out) == {"a": b"0123456789"}


def test_what_cannot_be_proved_is_brought_and_named(own: Place) -> None:
    own.store.options.has_md5_etags = False
    own.put_in_parts("unknown", b"unknown", checksum="SHA256")
    own.put("by checksum", b"KMS")
    work, told = own.restore()
    assert told == {"unknown": "restored"}
    assert (work.unproved, work.is_whole) == (1, True)
    work, told = own.restore(may_hold_files=True)
    assert told == {"unknown": "present"}, "its bytes were fetched and compared"
    (own.out / "unknown").write_bytes(b"unknowm")
    assert own.restore(may_hold_files=True)[1] == {"unknown": "differs"}


def test_an_object_replaced_meanwhile_comes_whole(own: Place) -> None:
    own.put("a", b"old")
    own.put("a", b"newer")
    own.store.fault(Fault(kind=Kind.STALE, operation="ListObjectsV2", times=9))
    work, told = own.restore()
    assert (work.counts, told) == ({"restored": 1}, {})
    assert tree(own.out) == {"a": b"newer"}


def test_a_store_without_conditions_mixes_no_versions(own: Place) -> None:
    """Its ranges are those of the object that is there by then."""
    own.store.options.has_conditions = False
    old, new = (random.Random(n).randbytes(9 * MIB) for n in (1, 2))
    own.put("a", old)
    second = own.store.fault(Fault(kind=Kind.HOLD, operation="GetObject", nth=2, name="range"))
    replaced = threading.Thread(target=lambda: _replace(own, second, new))
    replaced.start()
    work, _ = own.restore()
    replaced.join()
    assert work.is_whole
    assert tree(own.out) == {"a": new}


def _replace(own: Place, held: int, content: bytes) -> None:
    until(lambda: own.store.met(held))
    own.put("a", content)
    own.store.release("range")
