"""The oracle complains of what must never have happened, of each in its own words, of nothing else.

The histories are made by putting and deleting directly in a store that knows no client.
"""

from __future__ import annotations

import pytest

from tests.strict.scene import PREFIX, Scene


def test_a_faithful_client_is_not_complained_of(scene: Scene) -> None:
    for number in range(3):
        scene.write("a")
        scene.put("a")
        scene.write("d/b", scene.blob("d/b", 70_000))
        scene.put("d/b")
        if number:
            scene.put("d/b")  # sent again, its answer was lost
    old = scene.contents["a"]
    scene.remove("a")
    scene.delete("a")
    scene.write("a", old)  # put back
    scene.put("a")
    scene.write("empty", b"")
    scene.put("empty")
    scene.rename("d/b", "d/c")
    scene.put("d/c")
    scene.delete("d/b")
    assert scene.broken() == set()
    assert scene.oracle.equal_to(scene.diary.files()) == []
    assert scene.oracle.no_upload_is_left() == []


def test_a_client_may_skip_what_was_soon_replaced(scene: Scene) -> None:
    scene.write("a")
    scene.put("a")
    scene.write("a")
    scene.remove("a")
    scene.write("a")
    scene.put("a")
    assert scene.broken() == set()


def test_what_was_read_before_a_deletion_may_arrive_after_it(scene: Scene) -> None:
    content = scene.write("a")
    scene.remove("a")
    scene.put("a", content)
    scene.delete("a")
    assert scene.broken() == set()


def test_what_was_read_while_a_change_stood_half_done_for_long_is_nobodys_fault(
    scene: Scene,
) -> None:
    old = scene.write("a")
    new = scene.write("a")
    scene.diary.rested("a", scene.now, scene.now + 6)
    scene.put("a", old[:128] + new[128:])
    scene.remove("a")
    scene.now += 1000
    scene.delete("a")
    assert scene.broken() == set()


@pytest.mark.parametrize(("path", "shift"), [("a", -1.0), ("a", 67.0), ("b", 1.0)])
def test_a_change_that_stood_half_done_excuses_nothing_else(
    scene: Scene, path: str, shift: float
) -> None:
    old = scene.write("a")
    new = scene.write("a")
    scene.now += 1
    scene.diary.rested(path, scene.now, scene.now + 6)
    scene.now += shift - 1
    scene.put("a", old[:128] + new[128:])
    assert scene.broken() == {"whole", "user's version"}


def test_a_torn_version_is_found_though_it_was_soon_replaced(scene: Scene) -> None:
    old = scene.write("a")
    new = scene.write("a")
    scene.put("a", old[:128] + new[128:])
    scene.put("a", new)
    assert scene.broken() == {"whole", "user's version"}


def test_a_truncated_version_is_found(scene: Scene) -> None:
    scene.put("a", scene.write("a")[:256])
    assert scene.broken() == {"whole", "user's version"}


def test_a_file_seen_empty_while_it_was_written_is_found(scene: Scene) -> None:
    scene.write("a")
    scene.put("a", b"")
    assert scene.broken() == {"user's version"}


def test_a_torn_upload_in_parts_is_found(scene: Scene) -> None:
    old, new = scene.write("a", scene.blob("a", 256)), scene.write("a", scene.blob("a", 256))
    target = f"/bucket/{PREFIX}a"
    scene.ask("POST", f"{target}?uploads")
    ((_, upload_id),) = scene.store.open_uploads("bucket")
    parts = ""
    for number, body in ((1, old[:128]), (2, new[128:])):
        etag = scene.ask("PUT", f"{target}?partNumber={number}&uploadId={upload_id}", body)
        parts += f"<Part><PartNumber>{number}</PartNumber><ETag>{etag}</ETag></Part>"
    assert [each.rule for each in scene.oracle.no_upload_is_left()] == ["upload left"]
    document = f"<CompleteMultipartUpload>{parts}</CompleteMultipartUpload>"
    scene.ask("POST", f"{target}?uploadId={upload_id}", document.encode())
    assert scene.oracle.no_upload_is_left() == []
    assert scene.broken() == {"whole", "user's version"}


def test_a_version_at_the_wrong_key_is_found(scene: Scene) -> None:
    scene.write("a")
    scene.put("b", scene.contents["a"])
    assert "user's version" in scene.broken()


def test_a_version_sent_before_it_was_written_is_found(scene: Scene) -> None:
    content = scene.blob("a")
    scene.put("a", content)
    scene.write("a", content)
    assert "user's version" in scene.broken()


def test_an_older_version_over_a_newer_one_is_found(scene: Scene) -> None:
    old = scene.write("a")
    new = scene.write("a")
    scene.put("a", new)
    scene.put("a", old)
    scene.put("a", new)
    assert scene.broken() == {"order"}


def test_an_older_version_that_was_written_again_is_none(scene: Scene) -> None:
    old = scene.write("a")
    scene.put("a", scene.write("a"))
    scene.put("a", scene.write("a", old))
    assert scene.broken() == set()


def test_a_version_that_comes_back_after_its_deletion_is_found(scene: Scene) -> None:
    content = scene.write("a")
    scene.put("a")
    scene.remove("a")
    scene.delete("a")
    scene.put("a", content)
    assert scene.broken() == {"order"}


@pytest.mark.parametrize("target", ["/bucket/elsewhere", "/other/p/a"])
def test_a_request_elsewhere_is_found(scene: Scene, target: str) -> None:
    scene.ask("PUT", target, scene.write("a"))
    assert scene.broken() == {"elsewhere"}


def test_a_write_without_a_condition_is_found_where_there_must_be_one(scene: Scene) -> None:
    scene.write("a")
    etag = scene.put("a", if_none_match="*")
    scene.put("a", scene.write("a"), if_match=etag)
    assert scene.oracle.every_write_is_conditional() == []
    scene.put("a", scene.write("a"))
    assert [each.rule for each in scene.oracle.every_write_is_conditional()] == [
        "conditional write"
    ]


def test_sides_that_differ_are_found(scene: Scene) -> None:
    scene.write("same")
    scene.put("same")
    scene.write("missing")
    scene.write("old")
    scene.put("old")
    scene.write("old")
    scene.put("more", scene.blob("more"))
    found = scene.oracle.equal_to(scene.diary.files())
    assert {each.what.partition(":")[0] for each in found} == {"missing", "old", "more"}


def test_a_claim_of_what_never_was_is_found(scene: Scene) -> None:
    scene.write("a")
    before = scene.store.history().mark
    files = scene.diary.files()
    claim = scene.oracle.claim_was_true
    assert [each.rule for each in claim(files, since=before, until=before)] == ["claim"]
    scene.put("a")
    after = scene.store.history().mark
    assert claim(files, since=before, until=after) == []
    assert claim(files, since=after, until=after) == []
    scene.put("a", scene.write("a"))
    late = scene.store.history().mark
    assert claim(files, since=before, until=late) == []
    assert [each.rule for each in claim(files, since=late, until=late)] == ["claim"]
