"""kill -9 at every named point around an effect; the next start finishes or cleans up."""

from __future__ import annotations

import random
import signal

import pytest

from s3syncd.failpoints import NAMES
from tests.e2e.daemon import Daemon, Site, World
from tests.servers import S3Server

pytestmark = pytest.mark.e2e

_MIB = 2**20

# What has to be done for a point to be passed.
_SCENARIOS = {
    "small": {"intent", "upload.before_put", "upload.after_put", "record"},
    "large": {
        "intent", "upload.before_create", "upload.after_create", "upload.after_part",
        "upload.before_complete", "upload.after_complete", "record",
    },
    "delete": {"intent", "delete", "record"},
    "reclass": {"intent", "reclass", "record"},
}  # fmt: skip


def _passed(scenario: str, point: str) -> bool:
    return any(point.startswith(start) for start in _SCENARIOS[scenario])


_CASES = [
    (scenario, point, nth)
    for scenario in _SCENARIOS
    for point in sorted(NAMES)
    if _passed(scenario, point)
    for nth in ((1, 2) if point in {"upload.after_part", "upload.after_put"} else (1,))
]


def test_every_failpoint_is_tried() -> None:
    assert {point for _, point, _ in _CASES} == NAMES


def content(size: int, seed: int) -> bytes:
    return random.Random(seed).randbytes(size)


def prepare(scenario: str, site: Site, daemon: Daemon) -> None:
    """Bring the site to where the effect of the scenario is the next thing to do."""
    site.write("other", "untouched")
    if scenario == "small":
        site.write("old", "old")
    elif scenario in {"delete", "reclass"}:
        for number in range(4):
            site.write(f"d/{number}", f"content {number}")
    daemon.start().in_sync()
    assert daemon.stop() == 0


def change(scenario: str, site: Site, daemon: Daemon) -> None:
    """Make what the daemon will find at its next start."""
    if scenario == "small":
        site.write("old", "new content")
        site.write("new", "new")
    elif scenario == "large":
        site.write("large", content(25 * _MIB, 1))
    elif scenario == "delete":
        (site.root / "d/1").unlink()
        (site.root / "d/2").rename(site.root / "moved")
    else:
        site.options["storage_class"] = "STANDARD_IA"
        entry = {**daemon.document["sites"][0], "storage_class": "STANDARD_IA"}
        daemon.write_config({**daemon.document, "sites": [entry]})


@pytest.mark.parametrize(
    ("scenario", "point", "nth"), _CASES, ids=[f"{s}-{p}@{n}" for s, p, n in _CASES]
)
def test_a_kill_at_any_point_is_made_good_by_the_next_start(
    world: World, scenario: str, point: str, nth: int
) -> None:
    site = world.site(retire_deleted=True, prefix="p")
    site.client.put_object(Bucket=site.bucket, Key="p/foreign", Body=b"not ours")
    daemon = world.daemon()
    prepare(scenario, site, daemon)
    change(scenario, site, daemon)
    daemon.start(is_waited=False, S3SYNCD_FAILPOINTS=f"{point}=kill@{nth}")
    assert daemon.ended() == -signal.SIGKILL, f"{point} was not reached\n{daemon.tail()}"
    daemon.start().in_sync()
    (site.root / "foreign").write_bytes(b"not ours")  # the one object that is not the site's
    site.assert_equal()
    assert site.uploads() == []
    assert daemon.site()["foreign_objects"] == 1
    if scenario == "reclass":
        listed = site.client.list_objects_v2(Bucket=site.bucket, Prefix="p/d/")["Contents"]
        assert {each["StorageClass"] for each in listed} == {"STANDARD_IA"}


@pytest.mark.parametrize("point", ["upload.after_part", "upload.after_create"])
def test_rclones_server_is_left_without_half_uploads_too(
    rclone_world: World, rclone: S3Server, point: str
) -> None:
    site = rclone_world.site()
    site.write("large", content(25 * _MIB, 2))
    daemon = rclone_world.daemon()
    daemon.start(is_waited=False, S3SYNCD_FAILPOINTS=f"{point}=kill")
    assert daemon.ended() == -signal.SIGKILL
    daemon.start().in_sync()
    site.assert_equal()
    assert site.uploads() == []
