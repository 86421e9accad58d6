"""A secret, wherever it stands in a configuration, turns up nowhere else."""

from __future__ import annotations

import textwrap
import traceback

import pytest
from pydantic import ValidationError

from s3syncd.config.describe import describe
from s3syncd.config.load import load
from s3syncd.config.models import Config, SiteConfig
from s3syncd.config.validate import keys_of
from s3syncd.errors import ConfigError
from tests.config.conftest import ENVIRON

CANARY = "CaNaRy9xSECRETvalue1234567890abcdefGHIJ"
ONE = "sites:\n- path: /srv/a\n  bucket: bucket-a\n"
SECRETS = ("access_key", "secret_access_key", "session_token")
TRIPLE = "".join(f"{key}: {CANARY}\n" for key in SECRETS)

SHAPES = (
    "{key}: {c}",
    "{key}: '({c}'",
    "{key}: [{c}]",
    "{key}: {{{c}: {c}}}",
    "{key}: {{a: {{{c}: 1, {c}: 2}}}}",
    "{key}: *{c}",
    "{key}: !{c} x",
    "{key}: !{c}!x",
    "{key}: &{c} 1\n{key}s: &{c} 2",
    "{key}: !!binary {c}",
    "{key}: @{c}",
    "{key}: '{c}",
    '{key}: "\\{c}"',
    "{key}: a: {c}",
    "{key}: {c}\n{key}: {c}",
    "{key}: ${{{c}",
    "{key}: file:{c}",
    "{key}: file:/{c}\x00",
    "{key}: https://user:{c}@host",
    "{key}: https://host/{c}?{c}",
    "{key}: '(?P<{c}>'",
    "{key}: ['(?P={c})']",
    "{key}: ~{c}",
    "{key}: | {c}",
    "%{c}\n{key}: x",
)


def _everything_said(path, environ) -> str:
    try:
        config = load(path, environ=environ)
    except ConfigError as error:
        chain = traceback.format_exception(error)
        return "\n".join([str(error), repr(error), repr(error.problems), *chain])
    return f"{config} {config!r} {describe(config)} {config.model_dump_json()}"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_secret_at_the_wrong_place_is_in_no_error(write, shape):
    top = sorted(keys_of(Config).names | {"loglevel", "aws_region", "http", "log"})
    site = sorted(keys_of(SiteConfig).names | {"local_path", "bucket_path"})
    said = []
    for key in [*top, CANARY]:
        text = shape.format(key=key, c=CANARY)
        said.append(_refusal(write(f"{text}\n{ONE}")))
    for key in [*site, CANARY]:
        text = shape.format(key=key, c=CANARY).replace("\n", "\n  ")
        said.append(_refusal(write(f"{ONE}  {text}\n")))
    assert any(said)
    assert not any(CANARY in each for each in said)


def _refusal(path) -> str:
    """Return what is said about a file that is refused; a name or a prefix may be anything."""
    try:
        load(path, environ=ENVIRON)
    except ConfigError as error:
        return "\n".join([str(error), repr(error), *traceback.format_exception(error)])
    return ""


@pytest.mark.parametrize("text", [TRIPLE + ONE, ONE + textwrap.indent(TRIPLE, "  ")])
def test_a_secret_at_its_place_is_in_no_repr_and_in_no_description(write, text):
    said = _everything_said(write(text), ENVIRON)
    assert CANARY not in said
    assert "********" in said


@pytest.mark.parametrize("key", [*SECRETS, "endpoint", "bucket", "mode", "max_delete"])
@pytest.mark.parametrize("wrap", [lambda c: [c], lambda c: {c: c}, lambda c: f"({c}", lambda c: 1j])
def test_a_model_made_in_python_does_not_show_what_it_refuses(key, wrap):
    values = {"name": "a", "root": "/a", "bucket": "bbb", key: wrap(CANARY)}
    try:
        said = repr(SiteConfig(**values))
    except ValidationError as error:
        said = f"{error} {error!r}"
    assert CANARY not in said


def test_the_cause_of_a_refusal_does_not_carry_the_input(write):
    try:
        load(write(ONE + f"  max_delete: {CANARY}\n"), environ=ENVIRON)
    except ConfigError as error:
        assert error.__cause__ is None
        assert error.__context__ is None
    else:
        pytest.fail("not refused")


PAIR = "access_key: {0}\nsecret_access_key: {1}\n" + ONE


def test_a_variable_is_replaced_in_secrets(loaded):
    config = loaded(PAIR.format("${KEY_ID}", "'${KEY}'"), environ={"KEY_ID": "id", "KEY": CANARY})
    assert config.sites[0].access_key.get_secret_value() == "id"
    assert config.secret_values() == {"id", CANARY}


@pytest.mark.parametrize("environ", [{}, {"KEY": ""}])
def test_a_variable_that_is_not_set_is_named(problems, environ):
    found = problems(PAIR.format("x", "${KEY}"), environ=environ)
    assert found == [
        "2: secret_access_key: the environment variable KEY is not set; "
        "set it for the daemon, or use file:"
    ]


def test_half_a_reference_is_refused(problems):
    assert "2: secret_access_key: is not one reference" in problems(PAIR.format("x", "a${KEY}"))[0]


def test_a_secret_is_read_from_a_file_beside_the_configuration(loaded, tmp_path):
    (tmp_path / "key").write_text(CANARY + "\n")
    config = loaded(PAIR.format("x", "file:key"))
    assert config.sites[0].secret_access_key.get_secret_value() == CANARY


def test_the_path_of_a_secret_may_hold_a_variable(loaded, tmp_path):
    (tmp_path / "key").write_text(CANARY)
    text = PAIR.format("x", "file:${CREDENTIALS_DIRECTORY}/key")
    config = loaded(text, environ={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert config.sites[0].secret_access_key.get_secret_value() == CANARY


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read: No such file"),
        (b" \n", "is empty"),
        (b"\xff", "is not UTF-8"),
        (b"a\nb", "contains a control character"),
    ],
)
def test_a_file_that_holds_no_secret_is_refused(problems, tmp_path, content, said):
    if content is not None:
        (tmp_path / "key").write_bytes(content)
    assert said in problems(PAIR.format("x", "file:key"))[0]


@pytest.mark.parametrize("mode", [0o644, 0o604])
def test_a_file_with_secrets_that_everybody_may_read_is_refused(problems, mode):
    (found,) = problems(PAIR.format("x", CANARY), mode=mode)
    assert found.startswith("2: secret_access_key: is a secret in a file that everybody may read")
    for remedy in ("chmod 600", "0640 and a group", "defaultMode: 0400", "file:", "S3SYNCD_ALLOW"):
        assert remedy in found


def test_the_override_allows_a_readable_file(write):
    path = write(PAIR.format("x", CANARY), mode=0o644)
    environ = ENVIRON | {"S3SYNCD_ALLOW_READABLE_CONFIG": "1"}
    assert len(load(path, environ=environ).sites) == 1


@pytest.mark.parametrize(
    "text", [ONE, PAIR.format("x", "${KEY}"), "access_key: x\nsecret_access_key: file:key\n" + ONE]
)
def test_a_readable_file_without_secrets_is_fine(write, tmp_path, text):
    (tmp_path / "key").write_text(CANARY)
    assert load(write(text, mode=0o644), environ=ENVIRON | {"KEY": CANARY}).sites


def test_a_file_its_group_may_read_is_fine(write):
    assert load(write(PAIR.format("x", CANARY), mode=0o640), environ=ENVIRON).sites
