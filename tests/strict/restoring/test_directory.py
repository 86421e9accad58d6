"""Nothing is written but what was asked for, where it was asked for."""

from __future__ import annotations

import pytest

from s3syncd.errors import FatalError
from s3syncd.supervisor.lock import StateLock
from tests.e2e.site import tree, write
from tests.strict.restoring.place import Place


@pytest.mark.parametrize("where", ["inside", "itself", "around"])
def test_no_directory_that_a_site_watches_is_written_to(place: Place, where: str) -> None:
    place.put("a")
    directory = {"inside": place.root / "x", "itself": place.root, "around": place.folder}[where]
    config = place.config(path=str(place.root))
    (place.folder / "state").mkdir(exist_ok=True)
    with pytest.raises(FatalError, match=r"site data|state_dir"):
        place.restore(config=config, directory=directory)
    assert not (directory / "a").exists()


def test_the_root_itself_comes_back_when_that_is_asked_for(place: Place) -> None:
    place.put("a", b"back")
    work, _ = place.restore(directory=place.root, is_into_root=True)
    assert work.is_whole
    assert tree(place.root) == {"a": b"back"}


def test_the_root_is_restored_only_while_no_daemon_runs(place: Place) -> None:
    place.put("a", b"back")
    config = place.config()
    held = StateLock(config.state_dir)
    with pytest.raises(FatalError, match="another s3syncd"):
        place.restore(directory=place.root, is_into_root=True)
    held.release()
    assert not place.root.exists()


def test_keys_that_are_no_paths_stay_inside_and_are_named(place: Place) -> None:
    hostile = ["../up", "a/../../up", "/absolute", "x//y", "./dot", ".s3syncd-restore/claim"]
    for key in hostile:
        place.put(key, b"hostile")
    place.put("plain", b"plain")
    work, told = place.restore()
    assert told == {f"p/{key}": "not_a_path" for key in hostile[:-1]} | {
        ".s3syncd-restore/claim": "reserved_name"
    }
    assert not work.is_whole
    assert tree(place.out) == {"plain": b"plain"}
    assert sorted(path.name for path in place.folder.iterdir()) == ["config.yml", "out"]


def test_a_link_in_the_way_leads_nowhere(place: Place) -> None:
    outside = place.folder / "outside"
    outside.mkdir()
    write(outside / "file", b"theirs")
    place.out.mkdir()
    (place.out / "dir").symlink_to(outside)
    (place.out / "link").symlink_to(outside / "file")
    for key in ("dir/file", "dir/new", "link"):
        place.put(key, b"hostile")
    _, told = place.restore(may_replace=True)
    assert set(told.values()) == {"name_clash"}
    assert len(told) == 3
    assert tree(outside) == {"file": b"theirs"}
    assert (place.out / "link").is_symlink()


def test_a_key_that_is_file_and_directory_costs_only_one_of_them(place: Place) -> None:
    place.put("a", b"file")
    place.put("a/b", b"below")
    work, told = place.restore()
    assert list(told.values()) == ["name_clash"]
    assert work.counts == {"restored": 1, "name_clash": 1}
