"""Who may follow the page's events, and what a follower is told."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from s3syncd.web.feed import READERS
from tests.browser.scene import Scene
from tests.web.events.follower import Follower, Serve, get


def test_a_follower_is_told_at_once_and_then_of_each_change(
    serve: Serve, scene: Scene, follow: Callable[..., Follower]
) -> None:
    follower = follow(serve())
    assert follower.answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert follower.answer.headers["Cache-Control"] == "no-store"
    first = follower.next()
    assert first["order"] == ["a", "b"]
    scene.tell("b", files=77)
    changed = follower.until(lambda event: event.get("sites"))
    assert [(row["name"], row["files"]) for row in changed["sites"]] == [("b", 77)]


def test_one_site_can_be_followed_and_an_unknown_one_is_said_to_be(
    serve: Serve, follow: Callable[..., Follower]
) -> None:
    address = serve()
    assert follow(address, "/events?site=b").next()["site"]["name"] == "b"
    assert follow(address, "/events?site=%00%ff%3Cscript%3E").next()["site"] is None


def test_with_the_token_it_can_be_followed(serve: Serve, follow: Callable[..., Follower]) -> None:
    address = serve(token="t0ken")
    assert follow(address, Authorization="Bearer t0ken").next()["order"] == ["a", "b"]


def test_a_name_that_somebody_elses_dns_may_point_here_is_not_told(serve: Serve) -> None:
    status, _, body = get(serve(), "/events", Host="evil.example")
    assert status == 403
    assert b"data" not in body


@pytest.mark.parametrize("place", ["cross-site", "same-site"])
def test_a_page_of_somebody_elses_takes_no_seat(
    serve: Serve, follow: Callable[..., Follower], place: str
) -> None:
    address = serve()
    for _ in range(READERS + 1):
        assert get(address, "/events", **{"Sec-Fetch-Site": place})[0] == 403
    follow(address, **{"Sec-Fetch-Site": "same-origin"}).next()


def test_asking_once_is_answered_whole(serve: Serve) -> None:
    address = serve()
    assert get(address, "/events?once")[0] == 200  # as curl is given it
    status, headers, body = get(address, "/events?once=1")
    assert (status, int(headers["Content-Length"])) == (200, len(body))
    assert json.loads(body.removeprefix(b"data: "))["order"] == ["a", "b"]
    assert get(address, "/events", "HEAD")[2] == b""
    assert get(address, "/events", "POST")[0] == 405
