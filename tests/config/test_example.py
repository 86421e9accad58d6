"""The example names every option, with its default, and loads as it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from s3syncd.config.explained import explained
from s3syncd.config.load import load
from s3syncd.config.models import Config, SiteConfig, SiteOptions
from s3syncd.config.validate import keys_of
from tests.config.conftest import ENVIRON

EXAMPLE = Path(__file__).resolve().parents[2] / "config.example.yml"
COMMENTED = re.compile(r"^( *)# ([a-z][a-z0-9_]*): (\S.*)$", re.MULTILINE)
OPTIONS = sorted(keys_of(Config).names - {"sites"} | keys_of(SiteOptions).names)
SITE_ONLY = sorted(keys_of(SiteConfig).names - keys_of(SiteOptions).names)


def _commented() -> list[str]:
    """Return the commented options as dotted keys, in the order of the file."""
    found, section = [], ""
    for line in EXAMPLE.read_text().splitlines():
        if re.fullmatch(r"[a-z]+:", line):
            section = line[:-1]
        match = COMMENTED.match(line)
        if match:
            found.append(f"{section}.{match[2]}" if match[1] else match[2])
    return found


def test_the_example_loads_as_it_is_with_two_sites():
    config = load(EXAMPLE, environ=ENVIRON)
    assert [site.name for site in config.sites] == ["photos", "documents"]
    assert config.warnings == ()


def test_every_option_is_in_the_example_once_and_nothing_else():
    assert sorted(_commented()) == OPTIONS


@pytest.mark.parametrize("key", SITE_ONLY)
def test_every_key_of_a_site_is_explained(key):
    assert re.search(rf"^#   {key}: ", EXAMPLE.read_text(), re.MULTILINE)


def test_what_is_commented_out_is_the_default(write):
    text = EXAMPLE.read_text()
    path = write(COMMENTED.sub(r"\1\2: \3", text))
    written = load(path, environ=ENVIRON, machine=Path("/nowhere"))
    plain = load(write(text), environ=ENVIRON, machine=Path("/nowhere"))
    assert written == plain
    bare = write("sites: [{path: /a, bucket: bbb}]\n")
    bare = load(bare, environ=ENVIRON, machine=Path("/nowhere"))
    photos = {name: getattr(written.sites[0], name) for name in SiteOptions.model_fields}
    assert photos == {name: getattr(bare.sites[0], name) for name in SiteOptions.model_fields}
    top = set(Config.model_fields) - {"sites", "path"}
    assert {k: getattr(written, k) for k in top} == {k: getattr(bare, k) for k in top}


@pytest.mark.parametrize("model", [SiteOptions, SiteConfig, Config])
def test_every_option_is_explained_in_the_models(model):
    assert all(field.description for field in explained(model).values())
