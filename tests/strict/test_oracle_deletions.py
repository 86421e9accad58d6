"""The oracle complains of deletions that must never have happened, and of gaps in renames."""

from __future__ import annotations

import pytest

from tests.strict.scene import PREFIX, Scene


@pytest.mark.parametrize("is_deleted_later", [False, True], ids=["never", "later"])
def test_a_deletion_of_what_nobody_has_deleted_is_found(
    scene: Scene, is_deleted_later: bool
) -> None:
    scene.write("a")
    scene.put("a")
    scene.delete("a")
    if is_deleted_later:
        scene.remove("a")
    assert "user's deletion" in scene.broken()


def test_a_deletion_of_a_file_that_was_made_again_is_found(scene: Scene) -> None:
    scene.write("a")
    scene.put("a")
    scene.remove("a")
    scene.write("a")
    scene.put("a")
    scene.delete("a")
    assert scene.broken() == {"user's deletion", "order"}


def test_two_deletions_for_one_of_the_users_are_found(scene: Scene) -> None:
    content = scene.write("a")
    scene.put("a")
    scene.remove("a")
    scene.delete("a")
    scene.put("a", content)
    scene.delete("a")
    assert "user's deletion" in scene.broken()


def test_a_deletion_of_a_foreign_object_is_found(scene: Scene) -> None:
    scene.write("a")
    scene.remove("a")
    scene.put("a", b"theirs")
    scene.delete("a")
    assert "user's deletion" in scene.broken()


def test_a_deletion_of_many_at_once_is_found(scene: Scene) -> None:
    scene.write("a")
    scene.put("a")
    body = f"<Delete><Object><Key>{PREFIX}a</Key></Object></Delete>".encode()
    scene.ask("POST", "/bucket?delete", body, x_amz_checksum_crc32=crc32(body))
    assert "user's deletion" in scene.broken()


def crc32(body: bytes) -> str:
    from tests.strict.checksums import checksum

    return checksum("crc32", body)


def test_a_rename_that_leaves_a_gap_is_found(scene: Scene) -> None:
    scene.write("old")
    scene.put("old")
    scene.rename("old", "new")
    scene.delete("old")
    scene.put("new")
    assert scene.broken() == {"rename"}


def test_a_renamed_file_that_was_edited_by_then_leaves_none(scene: Scene) -> None:
    scene.write("old")
    scene.put("old")
    scene.rename("old", "new")
    scene.write("new")
    scene.delete("old")
    scene.put("new")
    assert scene.broken() == set()


def test_the_same_bytes_that_came_back_unsent_are_another_file(scene: Scene) -> None:
    content = scene.write("old")
    scene.put("old")
    scene.write("old")
    scene.write("old", content)
    scene.rename("old", "new")
    scene.delete("old")
    scene.put("new")
    assert scene.broken() == set()


@pytest.mark.parametrize("headers", [{"user_agent": "x"}, {"if_match": "*"}])
def test_a_deletion_that_names_no_version_is_found(scene: Scene, headers: dict[str, str]) -> None:
    scene.write("a")
    scene.put("a")
    scene.remove("a")
    scene.delete("a", **headers)
    assert scene.broken() == {"conditional deletion"}


def test_a_deletion_that_named_another_version_is_found_where_the_store_ignores_it(
    scene: Scene,
) -> None:
    scene.store.options.has_conditions = False
    scene.write("a")
    scene.put("a")
    scene.remove("a")
    scene.delete("a", if_match='"other"')
    assert scene.broken() == {"conditional deletion"}
