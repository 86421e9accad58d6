"""How one value may be written: units, addresses, prefixes, classes, regions, roles."""

from __future__ import annotations

import pytest

from tests.config.texts import ONE


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("1000", 1.0), ("1s", 1.0), ("1000ms", 1.0), ("1m30s", 90.0), ("1.5h", 5400.0), ("250", 0.25)],
)
def test_watch_interval_counts_milliseconds_or_takes_a_unit(loaded, written, seconds):
    (site,) = loaded(ONE + f"  watch_interval: {written}\n").sites
    assert site.poll_seconds == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("key", "written", "field", "value"),
    [
        ("rescan_interval", "90", "rescan_interval_seconds", 90.0),
        ("rescan_interval", "5m", "rescan_interval_seconds", 300.0),
        ("reconcile_interval", "1d", "reconcile_interval_seconds", 86400.0),
        ("settle_seconds", "0", "settle_seconds", 0.0),
        ("settle_seconds", "200ms", "settle_seconds", 0.2),
        ("delete_grace_seconds", "1.5", "delete_grace_seconds", 1.5),
    ],
)
def test_elsewhere_a_number_counts_seconds(loaded, key, written, field, value):
    (site,) = loaded(ONE + f"  {key}: {written}\n").sites
    assert getattr(site, field) == pytest.approx(value)


@pytest.mark.parametrize(
    ("written", "size"),
    [("1048576", 2**20), ("16MiB", 2**24), ("5GB", 5 * 10**9), ("1.5 GiB", 3 * 2**29)],
)
def test_sizes_are_bytes_or_take_a_unit(loaded, written, size):
    assert loaded(f"buffer_bytes: {written}\n" + ONE).buffer_bytes == size


@pytest.mark.parametrize(
    ("prefix", "normal"),
    [("data", "data/"), ("/data", "data/"), ("a/b/", "a/b/"), ("/", ""), ("''", ""), ("~", "")],
)
def test_a_prefix_ends_in_a_slash_and_never_starts_with_one(loaded, prefix, normal):
    assert loaded(ONE + f"  prefix: {prefix}\n").sites[0].prefix == normal


@pytest.mark.parametrize(
    ("endpoint", "normal"),
    [
        ("minio", "https://minio"),
        ("minio:9000", "https://minio:9000"),
        ("http://MINIO:80/", "http://minio"),
        ("https://minio:443", "https://minio"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_an_endpoint_is_a_host_or_url_and_https_by_default(loaded, endpoint, normal):
    assert loaded(ONE + f"  endpoint: '{endpoint}'\n").sites[0].endpoint == normal


@pytest.mark.parametrize(
    ("listen", "address"),
    [
        ("9100", ("127.0.0.1", 9100)),
        ("':9100'", ("0.0.0.0", 9100)),
        ("'[::1]:0'", ("::1", 0)),
        ("null", None),
    ],
)
def test_the_page_listens_where_it_is_told(loaded, listen, address):
    assert loaded(f"http: {{listen: {listen}}}\n" + ONE).http_address == address


@pytest.mark.parametrize("word", ["trace", "debug", "info", "warn", "error", "fatal"])
def test_log_levels_of_the_predecessor_are_taken(loaded, word):
    assert loaded(f"loglevel: {word.upper()}\n" + ONE).log_level == word


def test_any_storage_class_is_taken_with_an_endpoint_and_glacier_without(loaded):
    assert loaded(ONE + "  storage_class: GLACIER\n").sites[0].storage_class == "GLACIER"
    custom = ONE + "  storage_class: CHEAP\n  endpoint: ceph\n"
    assert loaded(custom).sites[0].storage_class == "CHEAP"
    by_environment = {"AWS_ENDPOINT_URL_S3": "https://ceph"}
    text = ONE + "  storage_class: CHEAP\n"
    assert loaded(text, environ=by_environment).sites[0].storage_class == "CHEAP"


def test_an_endpoint_of_aws_is_no_endpoint_of_your_own(problems):
    text = ONE + "  storage_class: CHEAP\n  endpoint: s3.eu-west-1.amazonaws.com\n"
    assert "storage class of AWS" in problems(text)[0]


@pytest.mark.parametrize(
    "region", ["us east 1", "US_EAST", "http://x", "-eu", "eu-", "42", "a" * 64]
)
def test_what_cannot_be_a_region_is_refused_here_and_not_by_the_sdk(problems, region):
    (problem,) = problems(ONE + f"  region: {region}\n")
    assert problem.startswith("4: sites[0].region: is not the name of a region; write such as")


@pytest.mark.parametrize("region", ["eu-west-1", "garage", "default", "US-east-1", "1a", "auto"])
def test_any_name_that_a_store_may_use_is_a_region(loaded, region):
    assert loaded(ONE + f"  region: {region}\n").sites[0].region == region


@pytest.mark.parametrize(
    "role",
    [
        "sync", "arn:aws:iam::123456789012:user/sync", "arn:aws:iam:123456789012:role/sync",
        "arn:aws:iam::123456789012:instance-profile/sync", "arn:aws:iam::123456789012:role/",
        "arn:aws:s3:::bucket",
    ],
)  # fmt: skip
def test_what_is_no_role_is_refused_with_the_shape_of_one(problems, role):
    (problem,) = problems(ONE + f"  role_arn: {role}\n")
    assert problem.startswith(
        "4: sites[0].role_arn: is not the ARN of a role; write such as arn:aws:"
    )


@pytest.mark.parametrize("account", ["123456789012", "", "tenant"])
def test_roles_of_other_stores_are_roles_too(loaded, account):
    role = f"arn:aws:iam::{account}:role/a/b_c@d"
    assert loaded(ONE + f"  role_arn: {role}\n").sites[0].role_arn == role
