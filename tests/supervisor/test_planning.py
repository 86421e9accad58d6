"""A plan is what `sync` would do, names the guard that would stop it, and changes nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from s3syncd.config.models import Config
from s3syncd.core.cost import Requests
from s3syncd.core.entry import Kind
from s3syncd.core.safety import list_hash
from s3syncd.errors import ConfigError
from s3syncd.supervisor.planning import SitePlan, plan
from tests.e2e.site import Site, tree
from tests.e2e.world import World
from tests.faults.proxy import Proxy
from tests.supervisor.conftest import configured
from tests.supervisor.syncing import first_state, running, second_state, synced
from tests.waiting import until

OPTIONS = {"retire_deleted": True, "delete_grace_seconds": 0.2, "multipart_threshold": "1MiB"}


def planned(config: Config, site: str | None = None) -> tuple[list[tuple[str, str]], SitePlan]:
    """Plan one site to its end; give (kind, path) of each action, and the plan."""
    (one,) = plan(config, site).sites
    return [(str(action.kind), action.path) for action in one.actions], one


def everything(world: World, site: Site) -> dict[str, Any]:
    """Give all that a plan must not change."""
    return {
        "folder": {path: (site.root / path).stat().st_mtime_ns for path in tree(site.root)},
        "bucket": {key: site.content(key) for key in site.names()},
        "uploads": site.uploads(),
        "state": {
            str(path): path.read_bytes()
            for path in world.folder.rglob("*.sqlite*")
            if not path.name.endswith("-shm") and path.stat().st_size  # what readers share
        },
    }


def test_plan_is_what_sync_then_does_and_changes_nothing(world: World) -> None:
    site = world.site()
    config = configured(world, **OPTIONS)
    first_state(site)
    assert synced(config)[0] == 0
    second_state(site)
    before, etags = everything(world, site), site.etags()
    actions, one = planned(config)
    assert everything(world, site) == before
    assert planned(config)[0] == actions, "it can be made again"
    assert one.reason is None
    assert synced(config)[0] == 0
    assert [hint.probe for hint in one.hints] == ["cost", "deletions"]
    after = site.etags()
    sent = {path for kind, path in actions if kind in {Kind.UPLOAD, Kind.ADOPT}}
    deleted = {path for kind, path in actions if kind == Kind.DELETE_REMOTE}
    assert {key for key in after if after[key] != etags.get(key)} <= sent
    assert etags.keys() - after.keys() == deleted == {"gone/1", "moved/from"}
    assert ("Adopt", "adopted") in actions
    assert ("Upload", "first/contact") in actions
    assert not {path for _, path in actions} & {"foreign", "d/0", "d/4"}
    assert planned(config)[0] == [], "nothing is left to do"


def test_plan_counts_what_it_would_cost(world: World) -> None:
    site = world.site()
    site.write("small", b"x" * 10)
    site.write("large", b"x" * (2**20 + 1))
    _, one = planned(configured(world, **OPTIONS))
    assert one.counts == Counter({Kind.UPLOAD: 2})
    assert one.bytes == 10 + 2**20 + 1
    assert one.requests == 2 + 1 + 3  # contact and page, put, create and part and complete
    assert one.asked == Requests(lists=2, writes=4)
    assert one.dollars is None, "it is not AWS"
    assert [hint.probe for hint in one.hints] == ["cost"]


def test_plan_of_a_site_that_is_not_configured_is_a_mistake(world: World) -> None:
    world.site()
    with pytest.raises(ConfigError, match="no site 'b'"):
        plan(configured(world), "b")


def test_plan_is_of_the_site_asked_for(world: World) -> None:
    world.site("one").write("f")
    world.site("two").write("g")
    assert planned(configured(world), "two")[0] == [("Upload", "g")]


def test_plan_beside_a_running_daemon_sees_what_the_daemon_has_done(world: World) -> None:
    site = world.site()
    site.write("f")
    config = configured(world, **OPTIONS)
    with running(config, ends=4) as supervisor:  # `g` is left
        until(lambda: supervisor.status()["sites"][0]["in_sync"], 20)
        assert planned(config)[0] == []
        assert supervisor.command("pause", {"site": "data"})["ok"]
        site.write("g")
        assert planned(config)[0] == [("Upload", "g")]
        assert site.names() == {"f"}


def test_plan_needs_no_state_and_makes_none(world: World) -> None:
    site = world.site()
    site.write("f")
    config = configured(world)
    assert planned(config)[0] == [("Upload", "f")]
    assert not config.state_dir.exists() or not list(config.state_dir.rglob("*"))


# --- guards ---------------------------------------------------------------------------------------


def test_missing_root_is_no_plan_of_deletions(world: World) -> None:
    site = world.site()
    site.write("f")
    config = configured(world, **OPTIONS)
    assert synced(config)[0] == 0
    site.root.rename(site.root.with_name("aside"))
    actions, one = planned(config)
    assert (actions, one.reason) == ([], "root_missing")
    assert one.hint


def test_replaced_root_is_no_plan_of_deletions(world: World) -> None:
    site = world.site()
    for number in range(5):
        site.write(f"f{number}", "of the old root")
    config = configured(world, **OPTIONS)
    assert synced(config)[0] == 0
    site.root.rename(site.root.with_name("aside"))
    site.write("g", "of another root")
    actions, one = planned(config)
    assert (actions, one.reason) == ([], "root_replaced")
    off = {"sites": tuple(s.model_copy(update={"root_check": "off"}) for s in config.sites)}
    assert len(planned(config.model_copy(update=off))[0]) == 6


def test_copy_of_the_root_is_accepted_as_by_the_daemon(world: World) -> None:
    site = world.site()
    for number in range(5):
        site.write(f"f{number}")
    config = configured(world, **OPTIONS)
    assert synced(config)[0] == 0
    aside = site.root.with_name("aside")
    site.root.rename(aside)
    site.root.mkdir()
    for path in aside.iterdir():
        path.rename(site.root / path.name)
    (site.root / "new").write_text("new")
    assert planned(config)[1].reason is None
    (site.root / "f0").unlink()
    assert planned(config)[1].reason == "root_replaced", "one in five is missing"


def test_unreachable_bucket_is_told(world: World, proxy: Proxy) -> None:
    world.site().write("f")
    config = configured(world, endpoint=proxy.endpoint)
    proxy.down()
    actions, one = planned(config)
    assert (actions, one.reason) == ([], "bucket_unavailable")
    assert one.hint


def test_missing_bucket_is_told(world: World) -> None:
    world.site(bucket="bucket-that-nobody-made").write("f")
    _, one = planned(configured(world))
    assert one.reason == "bucket_unavailable"
    assert "bucket-that-nobody-made" in str(one.hint)


def test_page_that_fails_is_asked_for_again(world: World, proxy: Proxy) -> None:
    world.site().write("f")
    config = configured(world, endpoint=proxy.endpoint, s3_ops_retries=1)
    proxy.answer(500, "InternalError", contains="max-keys=1000", times=1)
    actions, one = planned(config)
    assert (actions, one.reason) == ([("Upload", "f")], None)


def test_page_that_fails_for_good_is_an_incomplete_listing(world: World, proxy: Proxy) -> None:
    world.site().write("f")
    config = configured(world, endpoint=proxy.endpoint, s3_ops_retries=1)
    proxy.answer(500, "InternalError", contains="max-keys=1000", times=2)
    actions, one = planned(config)
    assert (actions, one.reason) == ([], "listing_incomplete")


@pytest.mark.parametrize("is_held_already", [False, True])
def test_held_deletions_are_told(world: World, is_held_already: bool) -> None:
    site = world.site(max_delete=2)
    for number in range(6):
        site.write(f"f{number}")
    config = configured(world, **OPTIONS)
    assert synced(config)[0] == 0
    for number in range(3):
        (site.root / f"f{number}").unlink()
    if is_held_already:
        assert synced(config)[0] == 3
    actions, one = planned(config)
    assert one.reason == "mass_delete"
    held = list_hash(f"f{number}" for number in range(3))
    assert one.held_list == (held if is_held_already else None)
    assert actions == [("DeleteRemote", f"f{number}") for number in range(3)]


def test_emptied_root_is_told(world: World) -> None:
    site = world.site()
    site.write("f")
    site.write("g")
    config = configured(world, **OPTIONS)
    assert synced(config)[0] == 0
    for path in site.root.iterdir():
        path.unlink()
    assert planned(config)[1].reason == "root_emptied"


def test_renamed_files_are_not_counted_as_deletions(world: World) -> None:
    site = world.site(max_delete=1)
    for number in range(4):
        site.write(f"old/{number}", f"content {number}")
    config = configured(world, **OPTIONS)
    assert synced(config)[0] == 0
    (site.root / "old").rename(site.root / "new")
    actions, one = planned(config)
    assert len(actions) == 8
    assert one.reason is None
    assert synced(config)[0] == 0, "and the daemon sees it the same way"


def test_foreign_objects_wait_for_a_person(world: World) -> None:
    site = world.site(retire_foreign=True)
    site.write("f")
    site.put("foreign")
    _, one = planned(configured(world, **OPTIONS))
    assert one.reason == "foreign"


def test_drift_that_is_held_is_told(world: World) -> None:
    site = world.site(on_drift="hold")
    site.write("f", "ours")
    site.put("f", b"not ours")
    config = configured(world)
    assert planned(config)[1].reason == "drift"
