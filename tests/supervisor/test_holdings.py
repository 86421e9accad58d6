"""Of all versions of a key, the one that was there at a time is chosen, and no other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from s3syncd.core.restored import Restored
from s3syncd.errors import SiteUnavailable
from s3syncd.s3.reply import Reply
from s3syncd.supervisor.build import scope_of
from s3syncd.supervisor.holdings import Holdings
from s3syncd.transfer.fetch import Wanted
from tests.supervisor.conftest import Configure

_Row = tuple[str, str, int]  # key, version id (a marker's begins with m), hour


def _xml(rows: Sequence[_Row], following: str) -> bytes:
    seen: set[str] = set()
    written = []
    for key, name, hour in rows:
        tag = "DeleteMarker" if name.startswith("m") else "Version"
        latest = str(key not in seen).lower()
        seen.add(key)
        written.append(
            f"<{tag}><Key>{key}</Key><VersionId>{name}</VersionId><IsLatest>{latest}</IsLatest>"
            f"<LastModified>1970-01-01T{hour:02}:00:00Z</LastModified><Size>1</Size></{tag}>"
        )
    last = f"<NextVersionIdMarker>{rows[-1][1]}</NextVersionIdMarker>"
    next_key = f"<NextKeyMarker>{following}</NextKeyMarker>{last}" if following else ""
    return (
        f"<ListVersionsResult><IsTruncated>{str(bool(following)).lower()}</IsTruncated>"
        f"{next_key}{''.join(written)}</ListVersionsResult>"
    ).encode()


class _Bucket:
    """Gives these pages; each is followed by the key that it ends with."""

    def __init__(self, *pages: Sequence[_Row]) -> None:
        ends = [page[-1][0] for page in pages[:-1]] + [""]
        self._pages = [_xml(page, end) for page, end in zip(pages, ends, strict=True)]

    def list_versions_page(self, _prefix: str, *, after: tuple[str, str] | None) -> bytes:
        return self._pages.pop(0)

    def call(self, page: bytes) -> Reply:
        return Reply(200, {}, page, None)


@pytest.fixture
def chosen(configure: Configure) -> Any:
    """Give what was there at an hour, as key -> version id, and the holdings."""

    def choose(hour: float, *pages: Sequence[_Row], **options: Any) -> tuple[Any, Holdings]:
        (settings,) = configure({"a": {"prefix": "p", **options}}, s3_ops_retries=0).sites
        bucket: Any = _Bucket(*pages)
        holdings = Holdings(bucket, scope_of(settings), settings, at=hour * 3600.0)
        found = list(holdings.objects())
        told = {one.path: one.version_id if isinstance(one, Wanted) else one.word for one in found}
        assert len(told) == len(found)
        return told, holdings

    return choose


@pytest.mark.parametrize(
    ("hour", "expected"),
    [(0.5, {}), (1, {"a": "v1"}), (2.5, {"a": "v2"}), (3, {}), (4, {"a": "v4"}), (9, {"a": "v4"})],
)
def test_the_newest_that_is_not_later(chosen: Any, hour: float, expected: dict[str, str]) -> None:
    rows = [("p/a", "v4", 4), ("p/a", "m3", 3), ("p/a", "v2", 2), ("p/a", "v1", 1)]
    told, holdings = chosen(hour, rows)
    assert told == expected
    assert holdings.later == (hour < 1)


def test_versions_of_a_key_go_on_over_pages(chosen: Any) -> None:
    pages = [
        [("p/a", "v1", 1), ("p/b", "v9", 9), ("p/b", "v8", 8)],
        [("p/b", "v7", 7)],
        [("p/b", "v2", 2), ("p/b", "v1", 1), ("p/c", "v1", 1)],
    ]
    assert chosen(3, *pages)[0] == {"a": "v1", "b": "v2", "c": "v1"}
    told, holdings = chosen(8, *pages)
    assert told == {"a": "v1", "b": "v8", "c": "v1"}
    assert holdings.later == 0


def test_of_one_second_the_newest_comes_first(chosen: Any) -> None:
    told, _ = chosen(1, [("p/a", "m2", 1), ("p/a", "v1", 1), ("p/b", "v2", 1), ("p/b", "m1", 1)])
    assert told == {"b": "v2"}


def test_a_store_that_lists_out_of_order_is_not_believed(chosen: Any) -> None:
    with pytest.raises(SiteUnavailable, match="in order"):
        chosen(9, [("p/b", "v1", 1), ("p/c", "v1", 1)], [("p/a", "v1", 1)])


def test_a_store_that_goes_round_in_circles_is_left(chosen: Any) -> None:
    page = [("p/a", "v1", 1), ("p/b", "v1", 1)]
    with pytest.raises(SiteUnavailable, match="again and again"):
        chosen(9, *[page] * 5)


def test_what_is_not_the_sites_is_left_out(chosen: Any) -> None:
    rows = [("p/a", "v1", 1), ("p/b.tmp", "v1", 1), ("p/x//y", "v1", 1)]
    told, holdings = chosen(9, rows, exclusions=["tmp$"])
    assert told == {"a": "v1", "p/x//y": Restored("", "not_a_path").word}
    assert holdings.excluded == 1
