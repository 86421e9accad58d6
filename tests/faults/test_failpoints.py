"""kill -9 at every named point of every effect and durable step; the next start makes it good."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from s3syncd.failpoints import NAMES
from tests.e2e.world import World
from tests.faults.nursery import Nursery, nursery
from tests.faults.plots import PLOTS, Plot, first_points, play
from tests.faults.ward import MIB, opened_ward
from tests.servers import S3Server

pytestmark = pytest.mark.e2e

_SOURCES = sorted((Path(__file__).resolve().parents[2] / "s3syncd").rglob("*.py"))
_REACHED = re.compile(r'\breach\((f?)"([^"]+)"\)')


@pytest.fixture(scope="module")
def born() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


def test_every_failpoint_is_tried() -> None:
    tried = [point for plot in PLOTS for point in first_points(plot)]
    assert sorted(tried) == sorted(NAMES)


def test_every_failpoint_stands_in_the_code_and_no_other_does() -> None:
    found = [match for path in _SOURCES for match in _REACHED.findall(path.read_text())]
    plain = {name for is_formatted, name in found if not is_formatted}
    patterns = {name for is_formatted, name in found if is_formatted}
    assert patterns == {"{point}.before_commit", "{point}.after_commit"}
    assert plain == {name for name in NAMES if not name.endswith("_commit")}


@pytest.mark.timeout(180)  # up to twelve deaths
# Each point once; `python -m tests.faults.points` tries each in every plot that passes it.
@pytest.mark.parametrize(
    "plot", [each for each in PLOTS if first_points(each)], ids=lambda plot: plot.name
)
def test_a_kill_at_any_point_is_made_good_by_the_next_start(
    born: Nursery, tmp_path: Path, plot: Plot
) -> None:
    with opened_ward(born, tmp_path, kind=plot.store) as ward:
        ward.author.write("stays", 5000)
        ward.restart()
        ward.judge()
        for point in first_points(plot):
            play(ward, plot, point)
        ward.end()


@pytest.mark.parametrize("point", ["upload.after_part", "upload.after_create"])
def test_rclones_server_is_left_without_half_uploads_too(
    rclone_world: World, rclone: S3Server, point: str
) -> None:
    site = rclone_world.site()
    site.write("large", b"large" * 5 * MIB)
    daemon = rclone_world.daemon()
    daemon.start(is_waited=False, S3SYNCD_FAILPOINTS=f"{point}=kill")
    assert daemon.ended() == -9
    daemon.start().in_sync()
    site.assert_equal()
    assert site.uploads() == []
