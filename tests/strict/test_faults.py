"""Faults: what is scripted happens, to those it is meant for, as often as it was meant."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from tests.strict.conftest import Refused
from tests.strict.fake import Control, FakeStore
from tests.strict.faults import Fault, Kind
from tests.strict.process import strict_process
from tests.waiting import until


def put(client: Any, key: str = "k", body: bytes = b"x") -> None:
    client.put_object(Bucket="bucket", Key=key, Body=body)


def has(store: Control, key: str = "k") -> bool:
    return key in store.tree("bucket")


def test_an_error_meets_the_nth_of_its_operation_and_key(
    store: FakeStore, client: Any, refused: Refused
) -> None:
    number = store.fault(
        Fault(kind=Kind.ERROR, operation="PutObject", key="d/*", nth=2, times=2, code="SlowDown")
    )
    put(client, "other")
    put(client, "d/1")
    for key in ("d/2", "d/3"):
        with refused("SlowDown", 503):
            put(client, key)
        assert not has(store, key)
    put(client, "d/4")
    client.head_object(Bucket="bucket", Key="d/4")
    assert store.met(number) == 2


def test_an_error_after_the_fact_has_its_effect(
    store: FakeStore, client: Any, refused: Refused
) -> None:
    store.fault(Fault(kind=Kind.ERROR_AFTER, code="InternalError"))
    with refused("InternalError", 500):
        put(client)
    assert has(store)


def test_an_error_in_a_success_has_no_effect(store: FakeStore, client: Any) -> None:
    put(client, "source")
    store.fault(Fault(kind=Kind.ERROR_IN_SUCCESS, operation="CopyObject"))
    with pytest.raises(ClientError):
        client.copy_object(
            Bucket="bucket", Key="k", CopySource={"Bucket": "bucket", "Key": "source"}
        )
    assert not has(store)
    (event,) = store.history().of("CopyObject")
    assert (event.status, event.code) == (200, "InternalError")


@pytest.mark.parametrize("kind", [Kind.DROP_REQUEST, Kind.DROP_RESPONSE])
def test_a_connection_ends_before_or_after_the_fact(
    store: FakeStore, client: Any, kind: Kind
) -> None:
    store.fault(Fault(kind=kind))
    with pytest.raises(BotoCoreError):
        put(client)
    assert has(store) is (kind is Kind.DROP_RESPONSE)
    (event,) = store.history().of("PutObject")
    assert not event.is_answered
    assert (event.after is not None) is (kind is Kind.DROP_RESPONSE)


def test_an_answer_breaks_off(store: FakeStore, client: Any) -> None:
    put(client, body=b"0123456789")
    store.fault(Fault(kind=Kind.TRUNCATE, operation="GetObject", kept_bytes=4))
    answer = client.get_object(Bucket="bucket", Key="k")
    with pytest.raises(BotoCoreError):
        answer["Body"].read()


def test_a_held_request_waits_and_others_do_not(store: FakeStore, client: Any) -> None:
    number = store.fault(Fault(kind=Kind.HOLD, key="held", name="gate"))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(put, client, "held")
        until(lambda: store.met(number))
        put(client, "other")
        assert not has(store, "held")
        store.release("gate")
        waiting.result(10)
    assert has(store, "held")


def test_a_late_request_is_carried_out_after_its_connection_ended(
    store: FakeStore, client: Any
) -> None:
    store.fault(Fault(kind=Kind.LATE, name="gate"))
    with pytest.raises(BotoCoreError):
        put(client)
    assert not has(store)
    store.release("gate")
    until(lambda: has(store))


def test_a_delayed_request_waits_its_time_or_until_faults_are_cleared(
    store: FakeStore, client: Any
) -> None:
    number = store.fault(Fault(kind=Kind.DELAY, seconds=3600.0))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(put, client)
        until(lambda: store.met(number))
        assert not has(store)
        store.clear_faults()
        waiting.result(10)
    assert has(store)


def test_a_listing_is_out_of_order(store: FakeStore, client: Any) -> None:
    for key in "abc":
        put(client, key)
    store.fault(Fault(kind=Kind.UNSORTED, operation="ListObjectsV2"))
    seen = [each["Key"] for each in client.list_objects_v2(Bucket="bucket")["Contents"]]
    assert sorted(seen) == ["a", "b", "c"] != seen
    again = [each["Key"] for each in client.list_objects_v2(Bucket="bucket")["Contents"]]
    assert again == ["a", "b", "c"]


def test_a_listing_is_behind(store: FakeStore, client: Any) -> None:
    put(client, "a")
    put(client, "b", b"old")
    put(client, "b", b"newer")
    client.delete_object(Bucket="bucket", Key="a")
    store.fault(Fault(kind=Kind.STALE, operation="ListObjectsV2", changes=2))
    seen = client.list_objects_v2(Bucket="bucket")["Contents"]
    assert [(each["Key"], each["Size"]) for each in seen] == [("a", 1), ("b", 3)]
    now = client.list_objects_v2(Bucket="bucket")["Contents"]
    assert [(each["Key"], each["Size"]) for each in now] == [("b", 5)]


def test_no_fault_is_met_after_they_are_cleared(store: FakeStore, client: Any) -> None:
    number = store.fault(Fault(kind=Kind.ERROR, times=100))
    store.clear_faults()
    put(client)
    assert store.met(number) == 0


def test_a_fault_that_can_never_happen_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no error of S3"):
        Fault(kind=Kind.ERROR, code="SlowDwon")
    with pytest.raises(ValueError, match="name"):
        Fault(kind=Kind.HOLD)


def test_the_same_store_in_a_process_of_its_own() -> None:
    with strict_process() as store:
        store.create_bucket("bucket", versioning=True)
        client = store.as_server.client(retries={"total_max_attempts": 1})
        number = store.fault(Fault(kind=Kind.DROP_RESPONSE, operation="PutObject"))
        with pytest.raises(BotoCoreError):
            put(client, body=b"content")
        assert store.met(number) == 1
        (serial,) = store.tree("bucket").values()
        assert store.version(serial).body == b"content"
        store.fault(Fault(kind=Kind.LATE, operation="DeleteObject", name="gate"))
        with pytest.raises(BotoCoreError):
            client.delete_object(Bucket="bucket", Key="k")
        before = store.history()
        store.release("gate")
        until(lambda: not store.tree("bucket"))
        assert store.tree("bucket", at=before.mark) == {"k": serial}
        upload = client.create_multipart_upload(Bucket="bucket", Key="big")
        assert store.open_uploads("bucket") == [("big", upload["UploadId"])]
        store.shift_clock(1000)
        store.clear_faults()
        with pytest.raises(ClientError, match="RequestTimeTooSkewed"):
            put(client)
        codes = [event.code for event in store.history()]
        assert codes == ["", "", "", "RequestTimeTooSkewed"]
        client.close()
        with pytest.raises(KeyError):
            store.tree("no-bucket")
