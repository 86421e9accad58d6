"""The probes of `check`: against a real server, and against stores that break their word."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from s3syncd.cli.main import main
from s3syncd.core.cost import SMALL_BYTES
from s3syncd.core.finding import Finding, Verdict
from s3syncd.core.paths import Scope
from s3syncd.core.retry import Failure, FailureKind
from s3syncd.local.probe import probe_root
from s3syncd.local.survey import MOST_SECONDS, Survey, survey
from s3syncd.s3.bucket import BucketSettings
from s3syncd.s3.keeping import judge_lifecycle
from s3syncd.s3.probe import Wanted, probe_contacted
from s3syncd.s3.reply import S3Failure
from tests.cli.daemon import write_config
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY, S3Server, moto_server, rclone_server

DENIED = (403, "AccessDenied")
PRECONDITION = (412, "PreconditionFailed")
MISSING = (404, "NoSuchKey")
NO_UPLOAD = (404, "NoSuchUpload")

# What a store that keeps its word answers; None is success.
GOOD_STORE: dict[str, Any] = {
    "head_object": (404, "404"),
    "create_multipart_upload": None,
    "upload_part": (400, "BadDigest"),
    "abort_multipart_upload": None,
    "list_multipart_uploads": None,
    "put_object": PRECONDITION,
    "delete_object": PRECONDITION,
    "get_bucket_lifecycle_configuration": {
        "Rules": [{"Status": "Enabled", "AbortIncompleteMultipartUpload": {"x": 7}}]
    },
    "get_bucket_versioning": {"Status": "Enabled"},
}


class FakeStore:
    """A control client whose answers are scripted; notes what it was asked."""

    def __init__(self, **changes: Any) -> None:
        self.answers = GOOD_STORE | changes
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def blocking(self) -> FakeStore:
        return self

    @contextmanager
    def failures(self) -> Iterator[None]:
        yield

    def __getattr__(self, operation: str) -> Any:
        def ask(**parameters: Any) -> dict[str, Any]:
            self.asked.append((operation, parameters))
            answer = self.answers[operation]
            if isinstance(answer, tuple):
                status, code, *words = answer
                kind = FailureKind.REFUSED
                raise S3Failure(
                    Failure(kind, code, status, " ".join(words) or "no", is_unknown=False)
                )
            return {"UploadId": "u", **(answer or {})}

        return ask


def probed(store: FakeStore, **wanted: Any) -> dict[str, Finding]:
    settings = BucketSettings(bucket="b", prefix="p/")
    given = {"is_retiring": True, "needs_conditions": False, "storage_class": None} | wanted
    return {each.probe: each for each in probe_contacted(store, settings, Wanted(**given))}


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


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        ({"Filter": {"Prefix": "p/"}, "Expiration": {"Days": 30}}, Verdict.WARNING),
        ({"Filter": {}, "Expiration": {"Date": "2030-01-01"}}, Verdict.WARNING),
        ({"Prefix": "p/inner/", "Expiration": {"Days": 30}}, Verdict.WARNING),
        ({"Filter": {"And": {"Prefix": "p"}}, "Expiration": {"Days": 30}}, Verdict.WARNING),
        ({"Filter": {"Prefix": "q/"}, "Expiration": {"Days": 30}}, Verdict.OK),
        ({"Filter": {"Prefix": "p/"}, "Status": "Disabled", "Expiration": {"Days": 1}}, Verdict.OK),
        ({"Expiration": {"ExpiredObjectDeleteMarker": True}}, Verdict.OK),
        ({"AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}, Verdict.OK),
    ],
)
def test_a_rule_that_expires_objects_of_the_prefix_is_a_warning(
    rule: dict[str, Any], verdict: Verdict
) -> None:
    findings = list(judge_lifecycle([{"Status": "Enabled", "ID": "r", **rule}], "p/"))
    assert findings[0].verdict is verdict


def test_rules_that_cannot_be_read_are_a_warning() -> None:
    store = FakeStore(get_bucket_lifecycle_configuration=DENIED)
    assert probed(store)["lifecycle"].verdict is Verdict.WARNING


NO_RULES = (404, "NoSuchLifecycleConfiguration")
NOT_THERE = (501, "NotImplemented")


@pytest.mark.parametrize(
    ("answer", "is_told"),
    [
        (NO_RULES, True),
        ({"Rules": []}, True),
        ({"Rules": [{"Status": "Disabled", "AbortIncompleteMultipartUpload": {}}]}, True),
        ({"Rules": [{"Status": "Enabled", "Prefix": "q/", "AbortIncompleteMultipartUpload": {}}]},
         True),
        ({"Rules": [{"Status": "Enabled", "AbortIncompleteMultipartUpload": {}}]}, False),
        (NOT_THERE, False),
    ],
)  # fmt: skip
def test_unfinished_uploads_that_no_rule_ends_are_a_warning(answer: Any, is_told: bool) -> None:
    found = probed(FakeStore(get_bucket_lifecycle_configuration=answer))
    assert found["lifecycle"].verdict is Verdict.OK
    assert ("unfinished uploads" in found) is is_told
    if is_told:
        assert found["unfinished uploads"].verdict is Verdict.WARNING
        assert "AbortIncompleteMultipartUpload" in found["unfinished uploads"].remedy


@pytest.mark.parametrize(
    ("answer", "is_retiring", "verdict"),
    [
        ({"Status": "Enabled"}, True, Verdict.OK),
        ({"Status": "Suspended"}, True, Verdict.WARNING),
        ({}, True, Verdict.WARNING),
        (NOT_THERE, True, Verdict.WARNING),
        (DENIED, True, Verdict.WARNING),
        ({}, False, Verdict.OK),
    ],
)
def test_deleting_where_no_versions_are_kept_is_a_warning(
    answer: Any, is_retiring: bool, verdict: Verdict
) -> None:
    found = probed(FakeStore(get_bucket_versioning=answer), is_retiring=is_retiring)["versioning"]
    assert found.verdict is verdict
    if verdict is Verdict.WARNING:
        right = "s3:GetBucketVersioning" if answer == DENIED else "put-bucket-versioning --bucket b"
        assert right in found.remedy


# --- the local side -------------------------------------------------------------------------------


def limits(tmp_path: Path, watches: int) -> Path:
    folder = tmp_path / "limits"
    folder.mkdir()
    (folder / "max_user_watches").write_text(f"{watches}\n")
    return folder


def probed_root(root: Path, **options: Any) -> dict[str, Finding]:
    tree = survey(root, Scope(prefix="", exclusions=(), inclusions=()), now=0.0)
    return {each.probe: each for each in probe_root(root, tree, **options)}


def test_a_readable_root_with_room_for_its_watches_is_fine(tmp_path: Path) -> None:
    root = tmp_path / "root"
    (root / "a" / "b").mkdir(parents=True)
    found = probed_root(root, limits=limits(tmp_path, 100))
    assert {each.verdict for each in found.values()} == {Verdict.OK}
    assert found["watching"].text.startswith("3 directories to watch, 100 allowed")


def test_too_few_watches_are_a_warning_with_the_sysctl(tmp_path: Path) -> None:
    root = tmp_path / "root"
    for number in range(9):
        (root / str(number)).mkdir(parents=True)
    found = probed_root(root, limits=limits(tmp_path, 5))["watching"]
    assert found.verdict is Verdict.WARNING
    assert "sysctl -w fs.inotify.max_user_watches=" in found.remedy


def test_a_polling_site_needs_no_watches(tmp_path: Path) -> None:
    assert set(probed_root(tmp_path, watcher="polling")) == {"root"}


def mounted(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(f"1 0 0:1 / / rw - ext4 /dev/a rw\n2 1 0:2 / {tmp_path} rw - {kind} x rw\n")
    return path


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "fuse.sshfs", "9p"])
def test_a_filesystem_without_events_is_a_warning_with_the_remedy(
    tmp_path: Path, kind: str
) -> None:
    table = mounted(tmp_path, kind)
    found = probed_root(tmp_path, mounted=table, poll_seconds=5.0)["filesystem"]
    assert found.verdict is Verdict.WARNING
    assert f"is on {kind}" in found.text
    assert "every 5 s" in found.text
    assert "watch_interval" in found.remedy
    forced = probed_root(tmp_path, mounted=table, watcher="inotify")["filesystem"]
    assert "watcher: auto" in forced.remedy
    assert "filesystem" not in probed_root(tmp_path, mounted=table, watcher="polling")


@pytest.mark.parametrize("kind", ["ext4", "xfs", "overlay", "fuseblk"])
def test_a_local_filesystem_is_no_warning(tmp_path: Path, kind: str) -> None:
    assert "filesystem" not in probed_root(tmp_path, mounted=mounted(tmp_path, kind))


def test_a_missing_root_fails_with_a_remedy(tmp_path: Path) -> None:
    found = probed_root(tmp_path / "none")
    assert set(found) == {"root"}
    assert found["root"].verdict is Verdict.FAILED
    assert "mount" in found["root"].remedy


def test_a_tree_is_counted_as_the_site_sees_it(tmp_path: Path) -> None:
    (tmp_path / "skip" / "below").mkdir(parents=True)
    (tmp_path / "a").mkdir()
    (tmp_path / "skip" / "x").write_bytes(b"")
    (tmp_path / "a" / "small").write_bytes(b"x")
    (tmp_path / "a" / "large").write_bytes(bytes(SMALL_BYTES))
    (tmp_path / "a" / "old").write_bytes(b"x")
    (tmp_path / "a" / "no.tmp").write_bytes(b"x")
    (tmp_path / "link").symlink_to("a")
    os.utime(tmp_path / "a" / "old", (0, 0))
    now = (tmp_path / "a" / "small").stat().st_mtime
    scope = Scope(prefix="", exclusions=("^skip/", r"\.tmp$"), inclusions=())
    assert survey(tmp_path, scope, now=now) == Survey(directories=2, files=3, small=2, recent=2)
    unlooked = survey(tmp_path, scope, now=now, has_sizes=False)
    assert unlooked == Survey(directories=2, files=3, small=0, recent=0)


def test_a_tree_that_takes_too_long_is_counted_in_part(tmp_path: Path) -> None:
    for number in range(1200):
        (tmp_path / str(number)).touch()
    moments = iter([0.0, MOST_SECONDS + 1])
    scope = Scope(prefix="", exclusions=(), inclusions=())
    tree = survey(tmp_path, scope, now=0.0, clock=lambda: next(moments))
    assert not tree.is_whole
    assert tree.files == 999
    found = {each.probe: each for each in probe_root(tmp_path, tree)}
    assert found["watching"].text.startswith("at least 1 directory to watch")


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
