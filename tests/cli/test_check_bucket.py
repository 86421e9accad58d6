"""`check` of the bucket: on a real server, and on stores that refuse or break their word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s3syncd.cli.main import main
from s3syncd.core.finding import Verdict
from tests.cli.daemon import write_config
from tests.cli.store import DENIED, NO_UPLOAD, FakeStore, probed
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY, S3Server, moto_server, rclone_server


def test_a_store_that_keeps_its_word_passes_every_probe() -> None:
    store = FakeStore()
    assert {each.verdict for each in probed(store).values()} == {Verdict.OK}
    keys = {parameters["Key"] for _, parameters in store.asked if "Key" in parameters}
    assert len(keys) == 1
    assert keys.pop().startswith("p/s3syncd-check-")


@pytest.mark.parametrize(
    ("operation", "probe", "right"),
    [
        ("head_object", "read", "s3:GetObject"),
        ("create_multipart_upload", "write", "s3:PutObject"),
        ("abort_multipart_upload", "abort", "s3:AbortMultipartUpload"),
        ("put_object", "conditions", "s3:PutObject and s3:GetObject"),
        ("delete_object", "delete", "s3:DeleteObject"),
    ],
)
def test_a_missing_right_fails_its_probe_and_is_named(
    operation: str, probe: str, right: str
) -> None:
    finding = probed(FakeStore(**{operation: DENIED}))[probe]
    assert finding.verdict is Verdict.FAILED
    assert f"allow {right} on arn:aws:s3:::b/p/*" in finding.remedy


def test_where_no_write_is_allowed_each_remedy_names_the_right_to_write() -> None:
    found = probed(FakeStore(create_multipart_upload=DENIED, put_object=DENIED))
    for probe in ("write", "conditions"):
        assert found[probe].remedy == "allow s3:PutObject on arn:aws:s3:::b/p/*"


def test_the_right_that_the_store_names_is_the_one_to_be_allowed() -> None:
    words = "User: arn:x is not authorized to perform: s3:GetObject on resource: arn:y"
    found = probed(FakeStore(put_object=(*DENIED, words)))
    assert found["conditions"].remedy == "allow s3:GetObject on arn:aws:s3:::b/p/*"


def test_the_right_to_delete_is_not_needed_without_retire_deleted() -> None:
    store = FakeStore(delete_object=DENIED)
    assert probed(store, is_retiring=False)["delete"].verdict is Verdict.OK
    assert "delete_object" not in [operation for operation, _ in store.asked]


def test_an_upload_that_cannot_be_aborted_names_what_is_left() -> None:
    assert (
        "left behind: p/s3syncd-check-"
        in probed(FakeStore(abort_multipart_upload=DENIED))["abort"].remedy
    )


def test_an_upload_that_the_store_dropped_itself_is_fine() -> None:
    finding = probed(FakeStore(abort_multipart_upload=NO_UPLOAD))["abort"]
    assert finding.verdict is Verdict.OK
    assert "nothing was left behind" in finding.text


@pytest.mark.parametrize(
    "left", [{"list_multipart_uploads": {"Uploads": [{"UploadId": "u"}]}}, {"head_object": None}]
)
def test_an_upload_said_to_be_gone_that_is_there_is_left_behind(left: dict[str, Any]) -> None:
    finding = probed(FakeStore(abort_multipart_upload=NO_UPLOAD, **left))["abort"]
    assert finding.verdict is Verdict.FAILED
    assert "left behind: p/s3syncd-check-" in finding.remedy


@pytest.mark.parametrize(("needs", "verdict"), [(False, Verdict.WARNING), (True, Verdict.FAILED)])
def test_a_store_that_ignores_conditions_is_told_and_cleaned_up(
    needs: bool, verdict: Verdict
) -> None:
    store = FakeStore(put_object=None, delete_object=None)
    assert probed(store, needs_conditions=needs)["conditions"].verdict is verdict
    put = next(parameters for operation, parameters in store.asked if operation == "put_object")
    removed = [p for operation, p in store.asked if operation == "delete_object"]
    assert {"Bucket": "b", "Key": put["Key"]} in removed


def test_an_object_that_cannot_be_removed_again_is_a_failure_that_names_it() -> None:
    finding = probed(FakeStore(put_object=None, delete_object=DENIED))["conditions"]
    assert finding.verdict is Verdict.FAILED
    assert "delete the object p/s3syncd-check-" in finding.remedy


def test_where_there_are_versions_the_version_is_removed() -> None:
    store = FakeStore(put_object={"VersionId": "v1"}, delete_object={"VersionId": "v2"})
    probed(store)
    removed = [p.get("VersionId") for operation, p in store.asked if operation == "delete_object"]
    assert "v1" in removed
    assert "v2" in removed


def test_a_store_that_does_not_verify_content_is_a_warning() -> None:
    assert probed(FakeStore(upload_part=None))["checksum"].verdict is Verdict.WARNING


def test_the_storage_class_is_tried() -> None:
    store = FakeStore()
    probed(store, storage_class="GLACIER_IR")
    assert store.asked[1][1]["StorageClass"] == "GLACIER_IR"


# --- a real server --------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=[moto_server, rclone_server], ids=["moto", "rclone"])
def server(request: pytest.FixtureRequest) -> Iterator[S3Server]:
    with request.param() as running:
        yield running


def test_check_probes_a_real_server_and_leaves_nothing_behind(
    tmp_path: Path, server: S3Server, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_config(
        tmp_path,
        endpoint=server.endpoint,
        access_key=ACCESS_KEY,
        secret_access_key=SECRET_ACCESS_KEY,
        retire_deleted="true",
    )
    config.chmod(0o600)
    server.create_bucket("photos-bucket")
    assert main(["check", "-c", str(config)]) == 1
    printed = capsys.readouterr().out
    assert "failed   docs: bucket: The bucket docs-bucket does not exist" in printed
    for probe in ("root", "list", "transfer", "read", "write", "abort", "delete"):
        assert f"ok       photos: {probe}:" in printed
    assert "photos: cost: about 30 LIST requests a month for reconciles\n" in printed
    assert "warning  photos: versioning:" in printed
    # rclone ignores If-Match: worth a warning, no failure.
    assert "photos: conditions:" in printed
    assert "failed   photos:" not in printed
    client = server.client()
    try:
        assert "Contents" not in client.list_objects_v2(Bucket="photos-bucket")
        assert not client.list_multipart_uploads(Bucket="photos-bucket").get("Uploads")
        client.create_bucket(Bucket="docs-bucket")
    finally:
        client.close()
    assert main(["check", "-c", str(config)]) == 0
    assert SECRET_ACCESS_KEY not in printed
