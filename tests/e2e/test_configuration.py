"""Configurations that users bring along, and what they mean for a running daemon."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.e2e.world import World, needs_root
from tests.faults.proxy import Proxy
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY
from tests.waiting import until

pytestmark = pytest.mark.e2e

# The configuration of s3sync-service's README, with an endpoint and paths of this test.
_SERVICE = """
aws_region: us-east-1
access_key: {key}
secret_access_key: {secret}
loglevel: trace
upload_queue_buffer: 0
upload_workers: 10
checksum_workers: 5
watch_interval: 1000
s3_ops_retries: 5
endpoint: {endpoint}
state_dir: {state}
http: {{listen: null}}
sites:
- local_path: {root}/site1
  bucket: {bucket1}
  bucket_path: path1
  bucket_region: us-east-1
  storage_class: STANDARD_IA
  access_key: {key}
  secret_access_key: {secret}
  watch_interval: 200
  exclusions:
    - .[Dd][Ss]_[Ss]tore
    - .[Aa]pple[Dd]ouble
- name: site2
  local_path: {root}/site2
  bucket: {bucket2}
  bucket_path: path2
  exclusions:
    - "[Tt]humbs.db"
- local_path: {root}/site3
  bucket: {bucket3}
  bucket_path: path3
  exclusions:
    - "[Tt]humbs.db"
  retire_deleted: true
"""


def test_a_configuration_of_s3sync_service_does_its_job_unchanged(world: World) -> None:
    sites = [world.site(f"site{number}", prefix=f"path{number}") for number in (1, 2, 3)]
    for site in sites:
        for name in ("file.txt", ".DS_Store", "sub/.ds_store", "Thumbs.db", "thumbs.db"):
            site.write(name, f"{site.name} {name}")
    daemon = world.daemon()
    daemon.config.write_text(
        _SERVICE.format(
            key=ACCESS_KEY,
            secret=SECRET_ACCESS_KEY,
            endpoint=world.server.endpoint,
            state=daemon.state_dir,
            root=sites[0].root.parent,
            **{f"bucket{number}": site.bucket for number, site in enumerate(sites, 1)},
        )
    )
    daemon.start()
    names = [each["name"] for each in daemon.status()["sites"]]
    assert names == [f"{sites[0].bucket}/path1", "site2", f"{sites[2].bucket}/path3"]
    daemon.in_sync(*names)
    assert sites[0].names() == {"file.txt", "Thumbs.db", "thumbs.db"}
    assert sites[1].names() == {"file.txt", ".DS_Store", "sub/.ds_store"}
    assert sites[2].names() == {"file.txt", ".DS_Store", "sub/.ds_store"}
    head = sites[0].client.head_object(Bucket=sites[0].bucket, Key="path1/file.txt")
    assert head["StorageClass"] == "STANDARD_IA"
    for site in sites:
        (site.root / "file.txt").unlink()
        site.write("new.txt", "new")
    until(lambda: sites[2].names() == {"new.txt", ".DS_Store", "sub/.ds_store"}, 15)
    until(lambda: "new.txt" in sites[0].names() & sites[1].names())
    assert "file.txt" in sites[0].names() & sites[1].names()
    assert daemon.run("-config", str(daemon.config), "status").returncode in {0, 4}


def test_exclusions_win_over_inclusions(world: World) -> None:
    site = world.site(inclusions=[r"\.txt$"], exclusions=["^private/", "secret"])
    for name in ("a.txt", "b.bin", "d/c.txt", "d/secret.txt", "private/d.txt", "e.txt.bak"):
        site.write(name)
    daemon = world.daemon().start()
    daemon.in_sync()
    assert site.names() == {"a.txt", "d/c.txt"}
    for name in ("later.txt", "later.bin", "private/later.txt", "new/d/later.txt"):
        site.write(name)
    until(lambda: site.names() == {"a.txt", "d/c.txt", "later.txt", "new/d/later.txt"})
    daemon.in_sync()
    assert daemon.site()["files"] == 4


@needs_root
def test_an_excluded_directory_is_not_even_looked_into(open_world: World) -> None:
    site = open_world.site(exclusions=["^closed/"])
    site.write("file")
    site.write("closed/file")
    (site.root / "closed").chmod(0)
    daemon = open_world.daemon_of_nobody().start()
    daemon.in_sync()
    assert not daemon.site()["problems"]


def test_a_rename_to_an_excluded_name_is_a_deletion(world: World) -> None:
    site = world.site(retire_deleted=True, exclusions=[r"\.bak$"])
    site.write("stays")
    path = site.write("file.txt")
    daemon = world.daemon().start()
    daemon.in_sync()
    path.rename(site.root / "file.bak")
    until(lambda: site.names() == {"stays"})
    daemon.in_sync()
    (site.root / "file.bak").rename(path)
    until(lambda: site.names() == {"stays", "file.txt"})
    daemon.in_sync()


@pytest.mark.parametrize("storage_class", ["STANDARD_IA", "GLACIER_IR", "INTELLIGENT_TIERING"])
def test_a_storage_class_is_asked_for(world: World, storage_class: str) -> None:
    site = world.site(storage_class=storage_class)
    site.write("small")
    daemon = world.daemon().start()
    daemon.in_sync()
    assert classes(site) == {"small": storage_class}


def classes(site: Any) -> dict[str, str]:
    """List the storage class of every object."""
    listed = site.client.list_objects_v2(Bucket=site.bucket)["Contents"]
    return {each["Key"]: each["StorageClass"] for each in listed}


def test_a_new_storage_class_is_reached_without_sending_bodies(world: World, proxy: Proxy) -> None:
    site = world.site()
    for number in range(5):
        site.write(f"{number}", f"content {number}")
    site.write("large", os.urandom(17 * 2**20))
    daemon = world.daemon(endpoint=proxy.endpoint).start()
    daemon.in_sync()
    daemon.stop()
    entry = {**daemon.document["sites"][0], "storage_class": "STANDARD_IA"}
    daemon.write_config({**daemon.document, "sites": [entry]})
    proxy.forget()
    daemon.start().in_sync()
    assert set(classes(site).values()) == {"STANDARD_IA"}
    assert sum(r.length for r in proxy.seen("PUT")) == 0
    assert len(proxy.seen("PUT")) == 6
    site.assert_equal()
    daemon.stop()
    proxy.forget()
    daemon.start().in_sync()
    assert {r.method for r in proxy.requests} == {"GET"}


def test_a_class_is_changed_once_also_where_the_store_does_not_tell_it(
    rclone_world: World,
) -> None:
    site = rclone_world.site(storage_class="STANDARD_IA")
    site.write("file", "content")
    site.write("adopted", "adopted")
    site.put("adopted", b"adopted")
    daemon = rclone_world.daemon().start()
    daemon.in_sync()
    assert daemon.stop() == 0
    before = len(daemon.events("transfer.summary"))
    daemon.start().in_sync()
    assert daemon.stop() == 0
    again = daemon.events("transfer.summary")[before:]
    assert not [line for line in again if line.get("reclassed") or line.get("put")]


def test_references_to_the_environment_and_to_files_are_resolved(world: World) -> None:
    site = world.site()
    site.write("file")
    secret = world.folder / "secret"
    secret.write_text(SECRET_ACCESS_KEY + "\n")
    daemon = world.daemon(access_key="${TEST_KEY}", secret_access_key=f"file:{secret}")
    daemon.config.chmod(0o644)  # there is no secret in it
    daemon.start(TEST_KEY=ACCESS_KEY).in_sync()
    assert site.names() == {"file"}


def test_credentials_come_from_the_usual_chain_where_none_are_configured(
    world: World, tmp_path: Path
) -> None:
    site = world.site(profile="other")
    site.write("file")
    credentials = tmp_path / "credentials"
    credentials.write_text(
        f"[other]\naws_access_key_id={ACCESS_KEY}\naws_secret_access_key={SECRET_ACCESS_KEY}\n"
    )
    daemon = world.daemon()
    document = daemon.document
    for key in ("access_key", "secret_access_key"):
        document.pop(key)
    daemon.write_config(document)
    daemon.start(AWS_SHARED_CREDENTIALS_FILE=str(credentials)).in_sync()
    assert site.names() == {"file"}


def test_the_example_configuration_is_accepted(world: World) -> None:
    world.site()
    daemon = world.daemon()
    example = Path(__file__).parents[2] / "config.example.yml"
    document = yaml.safe_load(example.read_text())
    document["state_dir"] = str(daemon.state_dir)
    daemon.write_config(document)
    answer = daemon.run("check", "--offline")
    assert answer.returncode == 0, answer.stderr
