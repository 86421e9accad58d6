"""The strict store and moto give the same answers, but where a list says why they do not."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.servers import moto_server
from tests.strict.differences import DIFFERENCES, Difference, explain
from tests.strict.fake import FakeStore
from tests.strict.sequences import KEYS, Player, Step, etag_of

_numbers = itertools.count()


class Pair(NamedTuple):
    """A client of each."""

    store: FakeStore
    strict: Any
    moto: Any

    def players(self) -> tuple[Player, Player]:
        """Give one player for each, on a new bucket."""
        bucket = f"same-in-both-{next(_numbers)}"
        self.store.create_bucket(bucket)
        self.moto.create_bucket(Bucket=bucket)
        return Player(self.strict, bucket), Player(self.moto, bucket)


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)  # some differences are its crashes
    once = {"retries": {"total_max_attempts": 1}}
    with moto_server() as moto, FakeStore().server() as store:
        strict, other = store.as_server.client(**once), moto.client(**once)
        yield Pair(store, strict, other)
        strict.close()
        other.close()


def play(pair: Pair, steps: tuple[Step, ...] | list[Step]) -> Difference | None:
    """Play steps on both until they differ; gives the entry that explains it, None at the end."""
    ours, theirs = pair.players()
    for number, step in enumerate(steps):
        one, other = ours.do(step), theirs.do(step)
        if one != other:
            found = explain(step, one, other)
            history = "\n".join(str(each) for each in steps[: number + 1])
            assert found, f"not explained:\n{history}\nstrict: {one}\nmoto:   {other}"
            return found
    return None


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda each: each.name)
def test_a_listed_difference_is_still_there(pair: Pair, difference: Difference) -> None:
    ours, theirs = pair.players()
    *before, last = difference.witness
    for step in before:
        assert ours.do(step) == theirs.do(step)
    one, other = ours.do(last), theirs.do(last)
    assert one != other, f"moto agrees by now; remove: {difference.name}"
    assert explain(last, one, other) is difference


def _step(name: str, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.fixed_dictionaries(given).map(lambda chosen: Step(name, tuple(chosen.items())))


_key = st.sampled_from(KEYS)
_body = st.sampled_from(["", "one", "two"])
_etag = st.sampled_from([etag_of("one"), etag_of("two"), '"0"'])
_number = st.integers(0, 2)

# Simplest first, so that what is found shrinks towards it; a step has one thing wrong at most,
# since nobody says which of two errors S3 tells.
_steps = st.one_of(
    _step("put", key=_key, body=_body),
    _step("list", prefix=st.sampled_from(["", "a", "a/", "z"]),
          delimiter=st.sampled_from(["", "/"]), limit=st.sampled_from([1000, 1, 2])),
    _step("get", key=_key),
    _step("delete", key=_key),
    _step("head", key=_key, condition=st.sampled_from(["match", "none"]), etag=_etag),
    _step("get", key=_key, part=st.sampled_from(["bytes=0-0", "bytes=1-", "bytes=-2", "bytes=9-"])),
    _step("delete", key=_key, etag=_etag),
    _step("put", key=_key, body=_body, condition=st.just("match"), etag=_etag),
    _step("put", key=_key, body=_body, condition=st.just("none"), etag=st.just("*")),
    _step("put", key=_key, body=_body,
          digest=st.sampled_from(["md5", "crc32", "crc32c", "sha1", "sha256"]),
          is_right=st.sampled_from([True, True, True, False])),
    _step("copy", source=_key, key=_key),
    _step("copy", source=_key, key=_key, is_replaced=st.just(True)),
    _step("copy", source=st.sampled_from(KEYS[:2]), key=st.sampled_from(KEYS[2:]),
          condition=st.sampled_from(["source match", "source none", "match"]), etag=_etag),
    _step("delete_many", keys=st.lists(_key, min_size=1, unique=True).map(tuple)),
    _step("delete_many", keys=st.tuples(_key), etag=_etag),
    _step("keep_versions", status=st.just("Enabled")),
    _step("list_versions"),
    _step("delete_version", number=_number),
    _step("describe", key=_key, storage_class=st.sampled_from(["STANDARD", "GLACIER", "NONE"]),
          metadata=st.sampled_from(["x", "y" * 2047])),
)  # fmt: skip

_parts = st.sampled_from([((1, "one"),), ((1, "two"),), ((1, "one"), (2, "two")), ()])
_uploads = st.one_of(
    _step("begin", key=_key),
    _step("part", upload=_number, number=st.sampled_from([1, 2]), body=_body),
    _step("complete", upload=_number, bodies=_parts),
    _step("parts", upload=_number),
    _step("abort", upload=_number),
    _step("uploads_open"),
    _step("get", key=_key),
    _step("put", key=_key, body=_body),
    _step("complete", upload=_number, bodies=_parts, condition=st.just("match"), etag=_etag),
    _step("list_versions"),
    _step("list"),
)

# Each example is up to a dozen requests to two servers, so there are few; the bucket is a new one.
_few = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_few
@given(steps=st.lists(_steps, min_size=3, max_size=12))
def test_objects_behave_the_same(pair: Pair, steps: list[Step]) -> None:
    play(pair, steps)


@_few
@given(steps=st.lists(_uploads, min_size=3, max_size=10))
def test_uploads_behave_the_same(pair: Pair, steps: list[Step]) -> None:
    first = [Step("begin", (("key", "a"),)), Step("begin", (("key", "a/b"),))]
    play(pair, first + steps)


def test_large_parts_become_the_same_object(pair: Pair) -> None:
    steps = [
        Step("begin", (("key", "a"),)),
        Step("part", (("upload", 0), ("number", 1), ("body", "large"))),
        Step("part", (("upload", 0), ("number", 3), ("body", "one"))),
        Step("parts", (("upload", 0),)),
        Step("complete", (("upload", 0), ("bodies", ((1, "large"), (3, "one"))))),
        Step("head", (("key", "a"),)),
        Step("copy", (("source", "a"), ("key", "b c"))),
        Step("list", ()),
    ]
    assert play(pair, steps) is None


def test_a_difference_that_nobody_listed_is_told(pair: Pair) -> None:
    ours, theirs = pair.players()
    ours.do(Step("put", (("key", "a"), ("body", "one"))))
    step = Step("get", (("key", "a"),))
    assert explain(step, ours.do(step), theirs.do(step)) is None
