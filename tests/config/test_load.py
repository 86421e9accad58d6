"""What a configuration file means as a whole: defaults, and which of two options holds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from s3syncd.config.models import SiteConfig
from s3syncd.supervisor.build import scope_of
from tests.config.texts import ONE, PREDECESSOR


def test_a_file_of_s3sync_service_loads_unchanged(loaded):
    config = loaded(PREDECESSOR)
    first, second, third = config.sites
    assert (config.upload_workers, config.checksum_workers, config.log_level) == (10, 20, "trace")
    assert (first.root, first.prefix, first.region) == (Path("/local/path1"), "", "eu-west-1")
    assert first.access_key.get_secret_value() == "AKIAI44QH8DHBEXAMPL2"
    assert (first.poll_seconds, first.settle_seconds, first.storage_class) == (
        30.0,
        30.0,
        "STANDARD_IA",
    )
    assert (second.name, second.prefix, second.region) == (
        "backup-bucket-path2/path2",
        "path2/",
        "us-east-1",
    )
    assert second.secret_access_key.get_secret_value().endswith("KEY")
    assert (second.poll_seconds, second.s3_ops_retries) == (1.0, 5)
    assert (third.name, third.prefix, third.endpoint) == (
        "third",
        "path3/",
        "https://minio.local:9000",
    )
    assert third.retire_deleted is True
    assert third.inclusions == (".*",)


def test_a_minimal_file_has_the_documented_defaults(loaded):
    config = loaded(ONE)
    (site,) = config.sites
    assert (site.name, site.prefix, site.mode, site.storage_class) == (
        "bucket-a",
        "",
        "upload",
        None,
    )
    assert (site.retire_deleted, site.retire_foreign, site.max_delete) == (False, False, None)
    assert (site.settle_seconds, site.settle_open_seconds, site.settle_deadline_seconds) == (
        0.1,
        5.0,
        60.0,
    )
    assert (site.rescan_interval_seconds, site.reconcile_interval_seconds) == (3600.0, 86400.0)
    assert (config.max_in_flight, config.buffer_bytes) == (256, 128 * 2**20)
    assert site.multipart_threshold_bytes == config.multipart_threshold_bytes == 16 * 2**20
    assert config.http_address == ("127.0.0.1", 9350)
    assert config.checksum_workers == 2 * os.cpu_count()
    assert (config.shutdown_timeout_seconds, config.max_failures) == (25.0, 0)


def test_yaml_words_that_look_like_something_else_stay_what_they_are(loaded):
    config = loaded(
        "sites:\n- path: /srv/no\n  bucket: 20260101\n  prefix: 2026-01-01\n  name: no\n"
        "  root_check: off\n  verify_tls: Off\n  storage_class: 1.10\n  endpoint: https://s3.example\n"
    )
    (site,) = config.sites
    assert (site.bucket, site.prefix, site.name) == ("20260101", "2026-01-01/", "no")
    assert (site.root_check, site.verify_tls, site.storage_class) == ("off", False, "1.10")


@pytest.mark.parametrize(
    ("site", "top", "settle", "open_", "deadline"),
    [
        ("", "", 0.1, 5.0, 60.0),
        ("  watch_interval: 2s\n", "", 2.0, 5.0, 60.0),
        ("  watch_interval: 2s\n  watcher: polling\n", "", 0.1, 5.0, 60.0),
        ("  watch_interval: 2s\n  settle_seconds: 1\n", "", 1.0, 5.0, 60.0),
        ("  watch_interval: 2s\n", "settle_seconds: 1\n", 2.0, 5.0, 60.0),
        ("  settle_seconds: 1\n", "watch_interval: 2s\n", 1.0, 5.0, 60.0),
        ("  watch_interval: 5m\n", "", 300.0, 300.0, 300.0),
    ],
)
def test_the_nearest_of_settle_seconds_and_watch_interval_says_how_long_a_file_is_quiet(
    loaded, site, top, settle, open_, deadline
):
    (found,) = loaded(top + ONE + site).sites
    assert (found.settle_seconds, found.settle_open_seconds) == (settle, open_)
    assert found.settle_deadline_seconds == deadline


def test_paths_start_from_the_directory_of_the_file_and_roots_lose_their_links(loaded, tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    config = loaded(
        "state_dir: state\nlog: {file: s.log}\nca_bundle: ca.pem\n"
        "sites:\n- {path: link/deep, bucket: bucket-a}\n"
    )
    real = Path(os.path.realpath(tmp_path))
    assert config.sites[0].root == real / "real" / "deep"
    assert config.state_dir == real / "state"
    assert (config.log_file, config.sites[0].ca_bundle) == (tmp_path / "s.log", tmp_path / "ca.pem")
    assert config.path == tmp_path / "c.yml"


def test_a_root_that_does_not_exist_yet_is_fine(loaded, tmp_path):
    assert loaded(ONE.replace("/srv/a", str(tmp_path / "later"))).sites[0].root.name == "later"


def test_a_section_with_everything_commented_out_is_the_default(loaded):
    assert loaded("http:\nlog:\nexclusions:\n" + ONE).http_listen == "127.0.0.1:9350"


def test_a_site_with_credentials_of_its_own_inherits_none(loaded):
    config = loaded(
        "access_key: global-id\nsecret_access_key: global-secret\n"
        "role_arn: arn:aws:iam::1:role/r\nsites:\n"
        "- {path: /a, bucket: aaa}\n- {path: /b, bucket: bbb, profile: p}\n"
        "- {path: /c, bucket: ccc, access_key: null}\n"
    )
    keys = [site.access_key and site.access_key.get_secret_value() for site in config.sites]
    assert keys == ["global-id", None, None]
    assert [site.secret_access_key is None for site in config.sites] == [False, True, True]
    assert [site.profile for site in config.sites] == [None, "p", None]
    assert {site.role_arn for site in config.sites} == {"arn:aws:iam::1:role/r"}


def test_null_under_a_site_takes_a_global_option_back(loaded):
    text = "endpoint: minio\nstorage_class: X\n" + ONE + "  endpoint: null\n  storage_class: ~\n"
    (site,) = loaded(text).sites
    assert (site.endpoint, site.storage_class) == (None, None)


def test_models_are_frozen_and_refuse_unknown_fields():
    site = SiteConfig(name="a", root=Path("/a"), bucket="bbb")
    with pytest.raises(ValueError, match="frozen"):
        site.bucket = "ccc"
    with pytest.raises(ValueError, match="extra"):
        SiteConfig(name="a", root=Path("/a"), bucket="bbb", colour="red")


def test_an_empty_list_of_inclusions_takes_everything_as_none_does(loaded):
    (site,) = loaded("inclusions: ['^a']\n" + ONE + "  inclusions: []\n").sites
    assert site.inclusions == ()
    assert scope_of(site).is_selected("b")
