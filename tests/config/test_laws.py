"""Whatever a file holds, it is loaded or refused with problems; nothing else happens."""

from __future__ import annotations

import tempfile
from pathlib import Path

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s3syncd.config.describe import describe
from s3syncd.config.load import load
from s3syncd.config.models import Config, SiteConfig
from s3syncd.config.peek import peek
from s3syncd.config.validate import keys_of
from s3syncd.errors import ConfigError
from tests.config.conftest import ENVIRON

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["/a", "a/b", "30s", "16MiB", "${X}", "file:x", "[", "(?i)a", "upload", "off"]),
    st.sampled_from(["2MiB/s", "mon-fri 08:00-18:00 2MiB/s", "22:00-06:00 off", "sat 3000"]),
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
SITES = st.lists(
    st.one_of(
        VALUES,
        st.dictionaries(st.sampled_from(sorted(keys_of(SiteConfig).names)), VALUES, max_size=6),
        st.dictionaries(st.sampled_from(sorted(keys_of(SiteConfig).names)), VALUES, max_size=3).map(
            lambda site: {"path": "/a", "bucket": "bucket-a"} | site
        ),
    ),
    max_size=3,
)
TOP = st.dictionaries(
    st.sampled_from(sorted({key.partition(".")[0] for key in keys_of(Config).names} - {"sites"})),
    VALUES,
    max_size=4,
)
ENVIRONS = st.sampled_from([ENVIRON, ENVIRON | {"X": "x"}])


def _load_or_refuse(content: bytes, environ: dict[str, str]) -> Config | None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "c.yml"
        path.write_bytes(content)
        path.chmod(0o600)
        try:
            config = load(path, environ=environ)
        except ConfigError as error:
            assert error.problems
            assert all(problem.startswith(str(path)) for problem in error.problems)
            return None
        assert describe(config)
        seen = peek(path, environ=environ)
        assert seen.sites == tuple(site.name for site in config.sites)
        assert seen.state_dir == config.state_dir
        again = path.with_name("again.yml")
        again.write_text(describe(config), encoding="utf-8")
        again.chmod(0o600)
        if not config.secret_values():
            same = {"path": again, "warnings": config.warnings}
            assert load(again, environ=environ).model_copy(update=same) == config.model_copy(
                update=same
            )
        return config


@settings(max_examples=150)
@given(top=TOP, sites=SITES, environ=ENVIRONS)
@example(
    top={"settle_seconds": 0.3, "buffer_bytes": "1.5GiB", "http": {"listen": None}},
    sites=[
        {"path": "/a", "bucket": "bucket-a", "watch_interval": "1h1ms"},
        {"path": "/ä b", "bucket": "bucket-a", "prefix": "x/😀", "exclusions": ["\x85\u2028"]},
    ],
    environ=ENVIRON,
)
def test_any_values_are_loaded_or_refused_and_peek_and_the_description_agree(top, sites, environ):
    _load_or_refuse(yaml.safe_dump(top | {"sites": sites}).encode(), environ)


@settings(max_examples=150)
@given(content=st.one_of(st.binary(max_size=60), st.text(max_size=60).map(str.encode)))
@example(b"{")
@example(b"sites: *a")
@example(b"sites: !!int x")
@example(b"%YAML 9.9\n---\na: 1")
@example(b"---\n...\n---\n")
def test_any_bytes_are_loaded_or_refused(content):
    _load_or_refuse(content, ENVIRON)
