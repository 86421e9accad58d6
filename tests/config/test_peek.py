"""What client commands see of a configuration is what the daemon sees."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from s3syncd.config.load import load
from s3syncd.config.peek import glimpse, peek
from s3syncd.errors import ConfigError
from tests.config.conftest import ENVIRON
from tests.config.texts import ONE, PREDECESSOR


@pytest.mark.parametrize("state", ["", "state_dir: state\n", "state_dir: /var/other\n"])
@pytest.mark.parametrize("text", [ONE, PREDECESSOR, ONE + "  name: 1.10\n  prefix: /a/b\n"])
def test_peek_sees_the_state_and_the_names_that_load_sees(write, text, state):
    path = write(state + text)
    config = load(path, environ=ENVIRON)
    seen = peek(path, environ=ENVIRON)
    assert seen.state_dir == config.state_dir
    assert seen.sites == tuple(site.name for site in config.sites)
    assert seen.path == config.path


def test_the_example_is_seen_alike():
    path = Path(__file__).resolve().parents[2] / "config.example.yml"
    names = tuple(site.name for site in load(path, environ=ENVIRON).sites)
    assert peek(path, environ=ENVIRON).sites == names


def test_a_mistake_elsewhere_does_not_hide_the_running_daemon(write):
    path = write("regoin: x\nupload_workers: 0\nupload_workers: 1\n" + ONE)
    assert peek(path, environ=ENVIRON).sites == ("bucket-a",)


@pytest.mark.parametrize("text", ["", "a: [", "region: x\n", "state_dir: ~/x\n" + ONE])
def test_a_file_that_names_no_daemon_is_a_configuration_error(write, text):
    with pytest.raises(ConfigError):
        peek(write(text), environ=ENVIRON)


def test_a_misspelt_list_of_sites_is_told_to_client_commands_too(write):
    with pytest.raises(ConfigError, match="1: site: is not a key; did you mean sites"):
        peek(write(ONE.replace("sites", "site")), environ=ENVIRON)


def test_peeking_imports_neither_pydantic_nor_a_client_of_s3(write):
    path = write(ONE)
    heavy = "{'pydantic', 'boto3', 'botocore', 'awscrt', 'structlog', 'watchdog'}"
    program = (
        "import sys; from pathlib import Path; from s3syncd.config.peek import peek; "
        f"print(peek(Path({str(path)!r})).sites, {heavy} & set(sys.modules))"
    )
    run = [sys.executable, "-c", program]
    said = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    assert said == "('bucket-a',) set()\n"


def test_importing_the_package_imports_nothing():
    program = "import sys, s3syncd.config; print({'pydantic', 'yaml'} & set(sys.modules))"
    run = [sys.executable, "-c", program]
    assert subprocess.run(run, capture_output=True, text=True, check=True).stdout == "set()\n"


@pytest.mark.parametrize(
    ("line", "state_dir"),
    [
        ("state_dir: /var/other", "/var/other"),
        ("state_dir:   '/var/my state' # here", "/var/my state"),
        ('state_dir: "/var/other"  ', "/var/other"),
        ("# state_dir: /var/other", ENVIRON["STATE_DIRECTORY"]),
        ("", ENVIRON["STATE_DIRECTORY"]),
    ],
)
def test_the_state_of_a_file_that_cannot_be_used_is_guessed(write, line, state_dir):
    path = write(f"region: x\n{line}\nsites: [\n")
    assert glimpse(path, environ=ENVIRON) == Path(state_dir)


def test_nothing_is_guessed_of_a_file_that_is_not_there(tmp_path):
    assert glimpse(tmp_path / "c.yml", environ=ENVIRON) is None
