"""What a configuration file means, and what is said about one that means nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from s3syncd.config.load import load
from s3syncd.config.models import SiteConfig
from s3syncd.errors import ConfigError
from s3syncd.supervisor.build import scope_of

ONE = "sites:\n- path: /srv/a\n  bucket: bucket-a\n"

# The example of s3sync-service's README, with the intervals of both of its versions.
PREDECESSOR = """\
access_key: AKIAI44QH8DHBEXAMPLE
secret_access_key: je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY
aws_region: us-east-1
loglevel: trace
upload_queue_buffer: 0
upload_workers: 10
checksum_workers: 20
watch_interval: 1000
s3_ops_retries: 5
sites:
- local_path: /local/path1
  bucket: backup-bucket-path1
  bucket_region: eu-west-1
  storage_class: STANDARD_IA
  access_key: AKIAI44QH8DHBEXAMPL2
  secret_access_key: je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKE2
  watch_interval: 30s
  exclusions:
  - .[Dd][Ss]_[Ss]tore
  - .[Aa]pple[Dd]ouble
- local_path: /local/path2
  bucket: backup-bucket-path2
  bucket_path: path2
  exclusions:
  - "[Tt]humbs.db"
- local_path: /local/path3
  name: third
  bucket: backup-bucket-path3
  bucket_path: /path3
  endpoint: minio.local:9000
  inclusions:
  - .*
  retire_deleted: yes
"""


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


def test_all_problems_are_said_at_once_in_the_order_of_the_file(problems):
    found = problems(
        "upload_workers: 0\nsites:\n- path: /a\n  bucket: good-bucket\n  storage_class: CHEAP\n"
        "- bucket: b/x\n  retire_deleted: maybe\nlog: {level: loud}\n"
    )
    assert [problem.partition(";")[0] for problem in found] == [
        "1: upload_workers: is too small",
        "5: sites[0].storage_class: is not a storage class of AWS",
        "6: sites[1].bucket: contains a slash",
        "6: sites[1].path: is missing",
        "7: sites[1].retire_deleted: is not a yes or no",
        "8: log.level: is not a log level",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            ONE + "  storage_clas: x\n",
            "[0].storage_clas: is not a key; did you mean storage_class?",
        ),
        (
            ONE + "  s3_ops_retry: 3\n",
            "[0].s3_ops_retry: is not a key; did you mean s3_ops_retries?",
        ),
        ("loglevels: x\n" + ONE, "1: loglevels: is not a key; did you mean loglevel?"),
        ("http: {port: 1}\n" + ONE, "1: http.port: is not a key; leave it out"),
        ("bucket: x\n" + ONE, "1: bucket: does not belong here; write it under sites:"),
        (ONE + "  loglevel: info\n", "4: sites[0].loglevel: does not belong here"),
        (ONE + "  local_path: /b\n", "4: sites[0].local_path: is another name of sites[0].path"),
        ("region: a\naws_region: b\n" + ONE, "2: aws_region: is another name of region"),
        ("log: {level: info}\nloglevel: b\n" + ONE, "2: loglevel: is another name of log.level"),
        (ONE + "  exclusions: ['(']\n", "4: sites[0].exclusions[0]: is not a regular expression"),
        (
            ONE + "  inclusions:\n  - a\n  - '[[:alpha:]]'\n",
            "6: sites[0].inclusions[1]: is not a regular",
        ),
        (ONE + "  exclusions: ['*.tmp']\n", "write .* for anything: this is no shell pattern"),
        (ONE + "  mode: two-way\n", "4: sites[0].mode: is not in this version, which only uploads"),
        ("mode: download\n" + ONE, "1: mode: is not in this version, which only uploads"),
        (
            ONE + "  mode: sideways\n",
            "4: sites[0].mode: is none of the words it takes; write upload",
        ),
        (ONE + "  rescan_interval: 1:30\n", "4: sites[0].rescan_interval: is not a duration"),
        (ONE + "  rescan_interval: 0\n", "4: sites[0].rescan_interval: is too small; write 1"),
        (ONE + "  watch_interval: -1\n", "4: sites[0].watch_interval: is not a duration"),
        (ONE + "  watch_interval: abc\n", "4: sites[0].watch_interval: is not a duration"),
        (ONE + "  watch_interval: 1.5\n", "4: sites[0].watch_interval: is a broken number"),
        (ONE + "  watch_interval: 1e30\n", "4: sites[0].watch_interval: is not a duration"),
        (ONE + "  rescan_interval: 9000d\n", "4: sites[0].rescan_interval: is longer than a year"),
        (ONE + "  settle_seconds: .5e60\n", "4: sites[0].settle_seconds: is longer than a year"),
        ("buffer_bytes: 16M\n" + ONE, "1: buffer_bytes: is not a size"),
        ("upload_workers: 010\n" + ONE, "1: upload_workers: is not a whole number"),
        ("upload_workers: 1_0\n" + ONE, "1: upload_workers: is not a whole number"),
        (ONE + "  prefix: a//b\n", "4: sites[0].prefix: has an empty, . or .. segment"),
        (ONE + "  prefix: ../b\n", "4: sites[0].prefix: has an empty, . or .. segment"),
        (
            ONE + "  endpoint: https://u:p@host\n",
            "4: sites[0].endpoint: contains a user or password",
        ),
        (ONE + "  endpoint: ftp://host\n", "4: sites[0].endpoint: is not a host or URL"),
        (ONE + "  endpoint: https://host/path\n", "4: sites[0].endpoint: has a path"),
        (ONE + "  region: ${REGION}\n", "4: sites[0].region: refers to a variable"),
        (
            ONE + "  storage_class: cheap\n",
            "4: sites[0].storage_class: is not a storage class of AWS",
        ),
        (
            "sites:\n- path: /a\n  bucket: Upper-Case\n",
            "3: sites[0].bucket: is not the name of a bucket",
        ),
        ("sites:\n- path: /a\n  bucket: arn:aws:s3:::x\n", "3: sites[0].bucket: is an ARN"),
        ("sites:\n- path: ~/a\n  bucket: bucket-a\n", "2: sites[0].path: starts with ~"),
        ("sites:\n- path: [a]\n  bucket: bucket-a\n", "2: sites[0].path: is not a string"),
        ("sites:\n- path: /a\n  bucket:\n", "2: sites[0].bucket: is missing"),
        ("sites: []\n", "1: sites: is empty; write at least one site"),
        ("sites: 3\n", "1: sites: is not a list of sites"),
        (ONE.replace("sites", "site"), "1: site: is not a key; did you mean sites?"),
        (ONE.replace("sites", "Sites"), "1: Sites: is not a key; did you mean sites?"),
        ("sites:\n", "1: sites: is missing"),
        ("region: x\n", "sites: is missing"),
        ("- a\n", "1: is not a mapping"),
        ("", "is empty; write 'sites:'"),
        ("sites: [1]\n", "1: sites[0]: is not a site"),
        ("http: {listen: 'a:99999'}\n" + ONE, "1: http.listen: is not an address to listen on"),
        ("state_dir: [a]\n" + ONE, "1: state_dir: is not a string"),
        ("state_dir: ''\n" + ONE, "1: state_dir: is empty"),
        ("state_dir: ~/x\n" + ONE, "1: state_dir: starts with ~"),
        (ONE + "  name: [a]\n", "4: sites[0].name: is not a string"),
        ("log.level: info\n" + ONE, "is not a key; indent it under its section"),
        ("access_key: x\n" + ONE, "1: secret_access_key: is missing next to access_key"),
        (
            ONE + "  secret_access_key: x\n",
            "4: sites[0].access_key: is missing next to sites[0].secret_access_key",
        ),
        (ONE + "  session_token: x\n", "4: sites[0].session_token: stands without keys"),
        (
            ONE + "  profile: p\n  access_key: x\n  secret_access_key: y\n",
            "4: sites[0].profile: stands next to access_key",
        ),
        (ONE + "  max_delete: -1\n", "4: sites[0].max_delete: is too small"),
        (ONE + "  verify_tls: 2\n", "4: sites[0].verify_tls: is not a yes or no"),
    ],
)
def test_a_mistake_is_named_with_line_and_key_and_what_to_write(problems, text, said):
    found = problems(text)
    assert len(found) == 1, found
    assert said in found[0]
    assert "; " in found[0]


def test_a_misspelt_list_of_sites_is_one_mistake(problems):
    assert len(problems(ONE.replace("sites", "site"))) == 1


def test_a_wrong_default_of_all_sites_is_said_once(problems):
    text = "settle_seconds: x\nsites:\n- {path: /a, bucket: aaa}\n- {path: /b, bucket: bbb}\n"
    assert len(problems(text)) == 1


def test_a_file_that_is_not_there_is_a_configuration_error(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: No such file or directory"):
        load(tmp_path / "none.yml")


def test_yaml_words_that_look_like_something_else_stay_what_they_are(loaded):
    config = loaded(
        "sites:\n- path: /srv/no\n  bucket: 20260101\n  prefix: 2026-01-01\n  name: no\n"
        "  root_check: off\n  verify_tls: Off\n  storage_class: 1.10\n  endpoint: https://s3.example\n"
    )
    (site,) = config.sites
    assert (site.bucket, site.prefix, site.name) == ("20260101", "2026-01-01/", "no")
    assert (site.root_check, site.verify_tls, site.storage_class) == ("off", False, "1.10")


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


def test_a_section_with_everything_commented_out_is_the_default(loaded):
    assert loaded("http:\nlog:\nexclusions:\n" + ONE).http_listen == "127.0.0.1:9350"


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


TWO = """\
sites:
- {{path: /srv/a, bucket: bucket-a, name: one{0}}}
- {{path: /srv/b, bucket: bucket-a, name: two{1}}}
"""


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("", ""),
        (", prefix: x", ", prefix: /x/"),
        (", endpoint: minio", ", endpoint: 'https://MINIO:443/'"),
        (", endpoint: s3.amazonaws.com", ""),
    ],
)
def test_two_sites_never_keep_the_same_prefix(problems, first, second):
    found = problems(TWO.format(first, second))
    assert "3: sites[1]: has the bucket and prefix of sites[0] (line 2)" in found[0]


def test_a_prefix_within_another_is_invisible_to_the_outer_site(loaded):
    text = TWO.format("", ", prefix: x") + (
        "- {path: /srv/c, bucket: bucket-a, prefix: x/y}\n"
        "- {path: /srv/d, bucket: bucket-a, prefix: xx}\n"
        "- {path: /srv/e, bucket: bucket-b, prefix: x}\n"
        "- {path: /srv/f, bucket: bucket-a, prefix: x/z, endpoint: minio}\n"
    )
    inner = [site.inner_prefixes for site in loaded(text).sites]
    assert inner == [("x/", "x/y/", "xx/"), ("x/y/",), (), (), (), ()]


def test_names_are_unique(problems):
    text = TWO.format("", ", prefix: x").replace("two", "one")
    assert "3: sites[1].name: is also the name of sites[0] (line 2)" in problems(text)[0]


def test_equal_and_nested_directories_are_fine(loaded):
    text = TWO.format("", ", prefix: x").replace("/srv/b", "/srv/a") + (
        "- {path: /srv/a/deeper, bucket: bucket-c}\n"
    )
    assert len(loaded(text).sites) == 3


@pytest.mark.parametrize("state", ["/srv/a", "/srv/a/.state"])
def test_the_state_is_never_inside_a_site(problems, state):
    found = problems(f"state_dir: {state}\n" + ONE)
    assert found == [
        "1: state_dir: is inside the directory of sites[0]; write one outside of every site"
    ]


def test_a_default_state_inside_a_site_is_refused_too(problems):
    found = problems(ONE, environ={"STATE_DIRECTORY": "/srv/a/state"})
    assert "2: sites[0].path: contains the default state_dir" in found[0]


def test_a_link_does_not_hide_that_the_state_is_inside_a_site(problems, tmp_path):
    (tmp_path / "root").mkdir()
    (tmp_path / "link").symlink_to("root")
    text = "state_dir: link/state\nsites:\n- {path: root, bucket: bucket-a}\n"
    assert "1: state_dir: is inside" in problems(text)[0]


def test_a_log_inside_a_site_would_never_end(problems, loaded):
    text = "log: {file: /srv/a/x.log}\n" + ONE
    assert "1: log.file: is inside the directory of sites[0]" in problems(text)[0]
    assert loaded(text + "  exclusions: ['\\.log$']\n").log_file == Path("/srv/a/x.log")


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


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("  exclusions: ['^/srv/a/tmp']\n", "exclusions: match the path relative to the site"),
        ("  retire_foreign: true\n", "retire_foreign: has no effect without retire_deleted"),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(loaded, more, said):
    (warning,) = loaded(ONE + more).warnings
    assert said in warning


def test_a_file_with_secrets_inside_a_site_is_a_warning(loaded, tmp_path):
    text = f"sites:\n- path: {tmp_path}\n  bucket: aaa\n  access_key: k\n  secret_access_key: s\n"
    assert "will be uploaded" in loaded(text).warnings[0]


def test_models_are_frozen_and_refuse_unknown_fields():
    site = SiteConfig(name="a", root=Path("/a"), bucket="bbb")
    with pytest.raises(ValueError, match="frozen"):
        site.bucket = "ccc"
    with pytest.raises(ValueError, match="extra"):
        SiteConfig(name="a", root=Path("/a"), bucket="bbb", colour="red")


def test_a_deadline_below_what_it_must_be_is_raised_with_a_word(loaded):
    config = loaded(ONE + "  settle_open_seconds: 20\n  settle_deadline_seconds: 10\n")
    assert config.sites[0].settle_deadline_seconds == 20
    (warning,) = config.warnings
    assert warning.endswith(
        "5: sites[0].settle_deadline_seconds: is less than settle_open_seconds, and counts as 20 s"
    )


def test_defaults_give_way_without_a_word(loaded):
    config = loaded(ONE + "  settle_seconds: 90\n")
    assert config.sites[0].settle_deadline_seconds == 90
    assert config.warnings == ()


def test_an_empty_list_of_inclusions_takes_everything_as_none_does(loaded):
    (site,) = loaded("inclusions: ['^a']\n" + ONE + "  inclusions: []\n").sites
    assert site.inclusions == ()
    assert scope_of(site).is_selected("b")


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
