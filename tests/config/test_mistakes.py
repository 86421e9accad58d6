"""Mistakes in a configuration file, and what is probably not meant: where, and what to write."""

from __future__ import annotations

import pytest

from s3syncd.config.load import load
from s3syncd.errors import ConfigError
from tests.config.texts import ONE


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
