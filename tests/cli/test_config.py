"""`config show` tells what is in force and why, no secret; its schema is never too strict."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from s3syncd.cli import config as command
from s3syncd.cli.main import build_parser, main
from s3syncd.config.load import load
from s3syncd.config.models import Config, SiteConfig, SiteOptions
from s3syncd.config.origins import origins
from s3syncd.config.schema import schema
from s3syncd.config.validate import keys_of
from s3syncd.errors import ConfigError
from tests.terminal import Terminal

EXAMPLE = Path(__file__).resolve().parents[2] / "config.example.yml"

TEXT = """\
# a comment
region: eu-west-1
access_key: AKIDCANARY
secret_access_key: canary-secret
log: {level: debug}
sites:
  - local_path: /srv/a
    bucket: bucket-a
    watch_interval: 1500
  - path: /srv/b
    bucket: bucket-b
    region: us-east-1
"""


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    path = tmp_path / "config.yml"
    path.write_text(TEXT)
    path.chmod(0o600)
    return path


def shown(path: Path, *words: str, stream: io.StringIO | None = None) -> str:
    stream = stream or io.StringIO()
    arguments = build_parser().parse_args(["config", "show", *words, "-c", str(path)])
    assert command.execute(arguments, stream=stream) == 0
    return stream.getvalue()


def test_what_is_shown_loads_and_means_the_same_but_for_secrets(written: Path) -> None:
    before = load(written)
    text = shown(written)
    again = written.with_name("again.yml")
    again.write_text(text)
    again.chmod(0o600)
    after = load(again)
    masked = {"access_key", "secret_access_key", "settle_seconds"}
    for one, other in zip(before.sites, after.sites, strict=True):
        assert one.model_dump(exclude=masked) == other.model_dump(exclude=masked)
    assert "canary" not in text.lower()


def test_each_option_tells_its_line_or_that_it_is_the_default(written: Path) -> None:
    lines = shown(written).splitlines()
    assert '  level: "debug"  # line 5' in lines
    assert '  path: "/srv/a"  # line 7' in lines
    assert '  region: "eu-west-1"  # line 2, for all sites' in lines
    assert '  region: "us-east-1"  # line 12' in lines
    assert '  watch_interval: "1.5s"  # line 9' in lines
    assert "upload_workers: 10  # default" in lines
    assert "  settle_seconds: 1.5  # watch_interval, line 9" in lines
    assert lines[1].endswith('/state"  # default: $STATE_DIRECTORY')
    assert '  access_key: "********"  # line 3, for all sites' in lines


def test_the_period_of_a_polling_site_is_no_reason_for_its_settling(written: Path) -> None:
    written.write_text(TEXT.replace("1500\n", "1500\n    watcher: polling\n"))
    assert "  settle_seconds: 0.1  # default" in shown(written).splitlines()


LIMITED = """\
region: eu-west-1
bandwidth_limit: 2MiB/s
requests_per_second: 50
endpoint: https://minio.example
http: {listen: null}
log: {level: null}
settle_open_seconds: 3
sites:
  - {path: /srv/a, bucket: bucket-a}
  - {path: /srv/b, bucket: bucket-b, bandwidth_limit: 1MiB/s, endpoint: null, watcher: null}
  - path: /srv/c
    bucket: bucket-c
    watch_interval: 90s
    settle_deadline_seconds: 60
"""


def test_a_limit_of_all_sites_together_is_not_told_to_be_one_of_each(written: Path) -> None:
    written.write_text(LIMITED)
    told = origins(load(written))
    assert told.of_global("bandwidth_limit") == "line 2"
    assert told.of_site(0, "bandwidth_limit") == "default"
    assert told.of_site(0, "requests_per_second") == "default"
    assert told.of_site(1, "bandwidth_limit") == "line 10"


def test_a_null_that_turns_something_off_is_where_it_comes_from(written: Path) -> None:
    written.write_text(LIMITED)
    told = origins(load(written))
    assert told.of_global("http.listen") == "line 5"
    assert told.of_site(0, "endpoint") == "line 4, for all sites"
    assert told.of_site(1, "endpoint") == "line 10"
    # Where null is no value, the default is in force.
    assert told.of_global("log.level") == "default"
    assert told.of_site(1, "watcher") == "default"


def test_a_time_that_was_raised_tells_so_and_to_what(written: Path) -> None:
    written.write_text(LIMITED)
    text = shown(written)
    assert "  settle_seconds: 90.0  # watch_interval, line 13\n" in text
    assert (
        "  settle_open_seconds: 90.0  # line 7, for all sites, raised to settle_seconds\n" in text
    )
    raised = "  settle_deadline_seconds: 90.0  # line 14, raised to settle_open_seconds\n"
    assert raised in text
    assert f"# warning: {written}:14: sites[2].settle_deadline_seconds: is less than" in text


def test_a_state_directory_of_the_service_is_named_behind_a_link_too(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "state")
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "link"))
    assert origins(load(written)).of_global("state_dir") == "default: $STATE_DIRECTORY"


def test_a_default_lowered_for_a_container_says_so(written: Path) -> None:
    config = load(written).model_copy(update={"buffer_bytes": 2**24})
    assert origins(config).of_global("buffer_bytes").startswith("default, lowered")


def test_as_json_it_has_the_configuration_and_the_origins_in_one_shape(written: Path) -> None:
    document = json.loads(shown(written, "--json"))
    assert document["file"] == str(written)
    assert document["config"]["sites"][1]["region"] == "us-east-1"
    assert document["config"]["sites"][0]["secret_access_key"] == "********"
    assert document["origins"]["sites"][1]["region"] == "line 12"
    assert document["origins"]["log"]["level"] == "line 5"
    assert document["origins"].keys() == document["config"].keys()
    assert document["origins"]["sites"][0].keys() == document["config"]["sites"][0].keys()
    assert "canary" not in json.dumps(document).lower()


def test_on_a_terminal_the_origins_are_dim_and_nothing_else_differs(
    written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured = shown(written, stream=Terminal())
    assert "upload_workers: 10  \x1b[2m# default\x1b[0m\n" in coloured
    plain = coloured.replace("\x1b[2m", "").replace("\x1b[0m", "")
    assert plain == shown(written)


def test_a_configuration_that_cannot_be_used_is_not_shown(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written.write_text(TEXT + "nonsense: 1\n")
    assert main(["config", "show", "-c", str(written)]) == 2
    assert "nonsense" in capsys.readouterr().err


# --- the schema -----------------------------------------------------------------------------------

SCHEMA = schema()
VALIDATOR = Draft202012Validator(SCHEMA)


def problems(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(yaml.safe_load(text))]


def test_the_schema_is_a_schema_and_needs_no_configuration(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["config", "schema", "-c", "/nowhere.yml"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document == SCHEMA
    Draft202012Validator.check_schema(document)


def test_the_schema_has_every_option_with_what_it_means() -> None:
    top, site = SCHEMA["properties"], SCHEMA["properties"]["sites"]["items"]["properties"]
    flat = {
        f"{key}.{name}" if "properties" in spec else key: inner
        for key, spec in top.items()
        for name, inner in spec.get("properties", {key: spec}).items()
    }
    assert keys_of(Config).names | keys_of(SiteOptions).names <= set(flat)
    assert keys_of(SiteConfig).names <= set(site)
    for spec in (*flat.values(), *site.values()):
        assert spec["description"]


def test_the_example_passes_the_schema() -> None:
    assert problems(EXAMPLE.read_text()) == []


ONE = "sites: [{path: /a, bucket: bbb%s}]\n"
VALUES: dict[str, list[str]] = {
    "rescan_interval": ["30s", "1h30m", "90", "1.5", "null", "-1", "soon", "[1]", "true"],
    "watch_interval": ["1500", "30s", "1.5", "x"],
    "scrub_rate": ["8MiB", "65536", "5 GB", "8 mib", "5 apples", "-1", "true"],
    "retire_deleted": ["true", "yes", "Off", "'no'", "maybe", "1"],
    "exclusions": ["'a'", "['a', 'b']", "[]", "{a: b}", "1"],
    "max_delete": ["0", "10", "-1", "1.5", "ten", "null"],
    "storage_class": ["STANDARD", "[a]"],
    "region": ["eu-west-1", "1", "garage", "eu west", "[a]"],
    "role_arn": ["sync", "arn:aws:iam::123456789012:role/a", "arn:aws:iam::1:user/a"],
    "mode": ["upload", "two-way", "sideways"],
    "watcher": ["auto", "polling", "null", "fast"],
    "bandwidth_limit": ["2MiB/s", "[08:00-18:00 2MiB/s, 'off']", "65536", "{a: 1}", "true"],
    "requests_per_second": ["50", "0.5", "'off'", "0", "fast"],
    "prefix": ["a/b", "1.10", "2026", "{a: b}"],
    "frobnicate": ["1"],
}


@pytest.mark.parametrize(("key", "value"), [(k, v) for k in VALUES for v in VALUES[k]])
def test_the_schema_is_never_stricter_than_the_program(
    key: str, value: str, tmp_path: Path
) -> None:
    text = ONE % f", {key}: {value}"
    path = tmp_path / "config.yml"
    path.write_text(text)
    try:
        load(path, environ={"STATE_DIRECTORY": str(tmp_path / "state")})
    except ConfigError:
        return
    assert problems(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "", "sites: []\n", "sites: [{path: /a}]\n", "sites: [{bucket: b}]\n",
        "loglevel: []\n" + ONE % "", "log: {level: debug, colour: red}\n" + ONE % "",
        ONE % ", frobnicate: 1", ONE % ", upload_workers: 3", "upload_workers: 0\n" + ONE % "",
        ONE % ", retire_deleted: maybe", ONE % ", rescan_interval: soon", ONE % ", mode: two-way",
        ONE % ", scrub_rate: 5 apples", ONE % ", max_delete: -1", ONE % ", verify_tls: 2",
    ],
)  # fmt: skip
def test_an_editor_shows_common_mistakes(text: str) -> None:
    assert problems(text)


NOTICES = "notify: {webhook: 'https://example.com/', kinds: %s}\n"


@pytest.mark.parametrize(
    ("kinds", "is_good"), [("[held, halted]", True), ("held", True), ("[hold]", False)]
)
def test_an_editor_knows_the_words_of_a_list(kinds: str, is_good: bool) -> None:
    assert (problems(NOTICES % kinds + ONE % "") == []) is is_good


def test_every_kind_of_value_is_known_to_the_schema() -> None:
    site = SCHEMA["properties"]["sites"]["items"]["properties"]
    specs = [*site.values(), *SCHEMA["properties"].values()]
    specs += [inner for spec in specs for inner in spec.get("properties", {}).values()]
    assert [spec for spec in specs if not {"anyOf", "type"} & set(spec)] == []


def test_defaults_are_told_to_the_editor() -> None:
    site: dict[str, Any] = SCHEMA["properties"]["sites"]["items"]["properties"]
    assert site["mode"]["default"] == "upload"
    assert SCHEMA["properties"]["upload_workers"]["default"] == 10
