"""Half a minute of the soak; an hour: `make soak`."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.soak.judge import came_late, judge_each
from tests.soak.people import Stranger
from tests.soak.run import soak
from tests.strict.fake import FakeStore
from tests.strict.faults import Fault, Kind
from tests.strict.history import Event, History
from tests.strict.state import Change

_SECONDS = float(os.environ.get("SOAK_SECONDS", "30"))
_SEED = int(os.environ.get("SOAK_SEED", "1"))


@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_daemons_people_and_a_nemesis_end_equal_and_nothing_is_lost(tmp_path: Path) -> None:
    report = soak(tmp_path, seconds=_SECONDS, seed=_SEED, tell=print)
    assert report.changes > 50
    assert report.deletions
    assert report.holds
    assert report.lost_ledgers


def test_what_a_store_refused_a_stranger_may_be_there_all_the_same() -> None:
    with FakeStore().server() as store:
        store.create_bucket("bucket")
        client = store.as_server.client(retries={"total_max_attempts": 1})
        stranger = Stranger(client, "bucket", "p/", 1)
        stranger.act()
        ((key, content),) = stranger.own.items()
        store.fault(Fault(kind=Kind.ERROR_AFTER, operation="PutObject", key=key))
        while client.get_object(Bucket="bucket", Key=key)["Body"].read() == content:
            with suppress(ClientError):
                stranger.act()
        assert stranger.own[key] == content
        assert stranger.missing() == []
        client.put_object(Bucket="bucket", Key=key, Body=b"somebody else's")
        assert stranger.missing() == [key]
        client.delete_object(Bucket="bucket", Key=key)
        assert stranger.missing() == [key]
        client.close()


def event_of(key: str, at: float, fault: str = "", **named: Any) -> Event:
    change = (Change(event=1, key=key, before=None, after=None),)
    event = Event(1, at, "", "PutObject", "b", key, changes=change, fault=fault, status=200)
    return event._replace(**{"is_answered": fault != Kind.LATE} | named)


def test_only_what_came_late_a_moment_ago_may_be_unknown() -> None:
    history = History([
        event_of("p/late", 100.0, Kind.LATE), event_of("p/old", 30.0, Kind.LATE),
        event_of("p/sane", 99.0), event_of("p/nothing", 99.0, Kind.LATE, changes=()),
        event_of("p/seen", 99.0, Kind.LATE), event_of("p/seen", 100.0, changes=()),
    ])  # fmt: skip
    assert came_late(history, prefix="p/", now=101.0, given_up={}) == {"late"}


def test_what_was_given_up_may_be_unknown_where_it_was_looked_for_too_early() -> None:
    history = History([
        event_of("p/early", 96.0, changes=()), event_of("p/early", 97.0, signature="early"),
        event_of("p/never", 97.0, signature="never"),
        event_of("p/before", 94.0, changes=()), event_of("p/before", 97.0, signature="before"),
        event_of("p/seen", 96.0, changes=()), event_of("p/seen", 97.0, signature="seen"),
        event_of("p/seen", 98.0, changes=()),
        event_of("p/failed", 96.0, changes=()), event_of("p/failed", 97.0, signature="failed"),
        event_of("p/failed", 98.0, changes=(), status=503),
    ])  # fmt: skip
    given_up = dict.fromkeys(("early", "never", "before", "seen", "failed"), 95.0)
    late = came_late(history, prefix="p/", now=101.0, given_up=given_up)
    assert late == {"early", "failed"}


def test_every_end_is_judged_and_each_complaint_is_told() -> None:
    heard = []

    def end(name: str) -> None:
        heard.append(name)
        assert name == "b", f"{name} is broken"

    with pytest.raises(AssertionError, match=r"a: a is broken[^#]*c: c is broken"):
        judge_each([(name, partial(end, name)) for name in "abc"])
    assert heard == ["a", "b", "c"]
    judge_each([("b", partial(end, "b"))])
