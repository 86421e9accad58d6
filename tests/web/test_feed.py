"""What readers of the page's events are told: what is new to them, and no more than that."""

from __future__ import annotations

from typing import Any

import pytest

from s3syncd.core.figures import Recent, SiteFigures
from s3syncd.web.feed import Feed, Reader
from tests.browser.scene import Scene, problem, site
from tests.clock import Clock
from tests.web.reading import told


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def scene() -> Scene:
    return Scene([site("a"), site("b"), site("c")])


@pytest.fixture
def feed(scene: Scene, clock: Clock) -> Feed:
    return Feed(scene.overview, clock=clock, wall=clock)


def opened(feed: Feed, name: str | None = None) -> Reader:
    reader = feed.reader(name)
    assert reader is not None
    return reader


def names(document: dict[str, Any]) -> list[str]:
    return [row["name"] for row in document.get("sites", [])]


# --- all sites ---------------------------------------------------------------------------------


def test_a_reader_is_first_told_everything_and_then_what_changed(
    feed: Feed, scene: Scene, clock: Clock
) -> None:
    reader = opened(feed)
    first = told(reader.next())
    assert first["full"] is True
    assert names(first) == first["order"] == ["a", "b", "c"]
    assert first["daemon"]["version"] == "1.2.3"
    clock.now += 1
    assert told(reader.next()) == {"at": 101_000, "full": False}
    scene.tell("b", files=5)
    clock.now += 1
    changed = told(reader.next())
    assert names(changed) == ["b"]
    assert changed["sites"][0]["files"] == 5
    assert not {"order", "daemon", "recent"} & set(changed)


def test_who_missed_some_seconds_is_told_all_that_changed_in_them(
    feed: Feed, scene: Scene, clock: Clock
) -> None:
    quick, slow = opened(feed), opened(feed)
    quick.next(), slow.next()
    for name in ("a", "b"):
        scene.tell(name, files=7)
        clock.now += 1
        assert names(told(quick.next())) == [name]
    assert names(told(slow.next())) == ["a", "b"]
    assert names(told(slow.next())) == []


def test_sites_that_come_and_go_change_the_order(feed: Feed, scene: Scene, clock: Clock) -> None:
    reader = opened(feed)
    reader.next()
    del scene.sites["b"]
    scene.tell("d")
    clock.now += 1
    changed = told(reader.next())
    assert changed["order"] == ["a", "c", "d"]
    assert names(changed) == ["d"]


def test_a_site_that_stays_in_sync_is_told_of_once(feed: Feed, scene: Scene, clock: Clock) -> None:
    reader = opened(feed)
    reader.next()
    scene.tell("a", last_in_sync_at="2030-01-01T00:00:00.000Z")  # as each second
    clock.now += 1
    assert names(told(reader.next())) == []


def test_all_readers_of_a_second_share_one_look(feed: Feed, scene: Scene, clock: Clock) -> None:
    readers = [opened(feed) for _ in range(10)] + [opened(feed, "a")]
    for second in range(3):
        messages = [reader.next() for reader in readers[:10]]
        assert len({id(message) for message in messages}) == 1
        readers[10].next()
        assert scene.looks == second + 1
        clock.now += 1


def test_a_reader_after_a_pause_without_any_is_told_of_what_changed_meanwhile(
    feed: Feed, scene: Scene, clock: Clock
) -> None:
    first = opened(feed)
    first.next()
    first.close()
    assert feed._stage is None  # nothing is kept for nobody
    scene.tell("a", files=9)
    second = opened(feed)
    assert told(second.next())["sites"][0]["files"] == 9
    scene.tell("b", files=9)
    clock.now += 1
    assert names(told(second.next())) == ["b"]


def test_readers_are_bounded_and_a_seat_that_is_left_is_free(scene: Scene, clock: Clock) -> None:
    feed = Feed(scene.overview, readers=2, clock=clock)
    first, _ = opened(feed), opened(feed)
    assert feed.reader() is None
    first.close()
    first.close()
    opened(feed)
    assert feed.reader() is None
    assert names(told(feed.once())) == ["a", "b", "c"]  # asking takes no seat


def test_a_look_that_fails_ends_the_reader_and_is_told(clock: Clock) -> None:
    failures: list[Exception] = []

    def look() -> Any:
        raise RuntimeError("broken")

    reader = opened(Feed(look, on_failure=failures.append, clock=clock))
    assert reader.next() is None
    assert [str(one) for one in failures] == ["broken"]


def test_ten_thousand_problems_in_a_thousand_sites_make_a_bounded_message(
    feed: Feed, scene: Scene
) -> None:
    many = [problem("p" * 4000, hint="h" * 4000) for _ in range(100)]
    scene.show(*[site(f"s{n}", problems=many, problems_total=10_000) for n in range(1000)])
    message = opened(feed).next()
    assert message is not None
    assert len(message) < 3_500_000
    rows = told(message)["sites"]
    assert {len(row["problems"]) for row in rows} == {3}
    assert {row["problems_total"] for row in rows} == {10_000}


def test_the_last_changes_of_all_sites_are_together_and_few(feed: Feed, scene: Scene) -> None:
    for number, name in enumerate("abcabc" * 20):
        figures = scene.figures.get(name, SiteFigures())
        one = Recent(number, "put", f"f{number}", number)
        scene.figures[name] = SiteFigures(recent=(*figures.recent, one)[-20:])
    recent = told(feed.once())["recent"]
    assert [one["path"] for one in recent] == [f"f{n}" for n in range(119, 99, -1)]
    assert recent[0] == {"at": 119_000, "site": "c", "effect": "put", "path": "f119", "bytes": 119}


# --- one site ----------------------------------------------------------------------------------


def test_a_reader_of_one_site_is_told_how_all_of_them_are(
    feed: Feed, scene: Scene, clock: Clock
) -> None:
    reader = opened(feed, "a")
    sums = {"all": 3, "inSync": 3, "bad": 0, "attention": 0, "paused": 0}
    assert told(reader.next())["sums"] == sums
    clock.now += 1
    assert "sums" not in told(reader.next())
    clock.now += 1
    scene.tell("b", state="halted", in_sync=False)
    scene.tell("c", held_deletions=3)
    assert told(reader.next())["sums"] == {**sums, "inSync": 2, "bad": 1, "attention": 1}
    unknown = told(opened(feed, "no such").next())
    assert unknown["sums"]["bad"] == 1


def test_of_one_site_only_what_changed_of_it_is_told(
    feed: Feed, scene: Scene, clock: Clock
) -> None:
    scene.tell("a", problems=[problem("x")], problems_total=1)
    reader = opened(feed, "a")
    first = told(reader.next())
    assert first["full"] is True
    assert first["site"]["problems"][0]["path"] == "x"
    assert "sites" not in first
    scene.tell("b", files=1)
    clock.now += 1
    assert told(reader.next())["site"] == {}
    scene.tell("a", files=1)
    clock.now += 1
    assert told(reader.next())["site"] == {"files": 1}


def test_an_unknown_site_is_said_to_be_unknown_until_there_is_one(
    feed: Feed, scene: Scene, clock: Clock
) -> None:
    scene.tell("photos")
    reader = opened(feed, "photo")
    first = told(reader.next())
    assert (first["site"], first["similar"]) == (None, ["photos"])
    clock.now += 1
    assert "site" not in told(reader.next())
    scene.tell("photo")
    clock.now += 1
    found = told(reader.next())
    assert found["full"] is True
    assert found["site"]["name"] == "photo"
    del scene.sites["photo"]
    clock.now += 1
    assert told(reader.next())["site"] is None
