"""What is shipped beside the package says what it must, and agrees with the package."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {_normal(name): version for name, _, version in (line.partition("==") for line in lines)}


def test_constraints_hold_names_and_versions_only() -> None:
    for line in (ROOT / "constraints.txt").read_text().splitlines():
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][A-Za-z0-9.]*", line), line


def test_constraints_name_nothing_twice() -> None:
    assert len(_constraints()) == len((ROOT / "constraints.txt").read_text().splitlines())


def test_every_direct_dependency_is_constrained() -> None:
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = [*PROJECT["project"]["dependencies"], *extras["demo"], *extras["dev"]]
    names = {_normal(re.split(r"[\[<>=!~; ]", line, maxsplit=1)[0]) for line in wanted}
    backend = {"hatchling", "editables"}
    assert (names - {"s3syncd"}) | backend <= _constraints().keys()


def _dockerfile() -> list[tuple[str, str]]:
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    steps = [line.split(None, 1) for line in text.splitlines() if line and line[0].isupper()]
    return [(word, rest.strip()) for word, rest in steps]


def _last_stage() -> dict[str, str]:
    steps = _dockerfile()
    last = max(i for i, (word, _) in enumerate(steps) if word == "FROM")
    return dict(steps[last:])


def test_image_runs_the_daemon_as_another_user_than_root() -> None:
    stage = _last_stage()
    assert stage["USER"] == "10001:10001"
    assert json.loads(stage["ENTRYPOINT"]) == ["s3syncd"]
    assert json.loads(stage["CMD"]) == ["-c", "/etc/s3syncd/config.yml"]


def test_image_keeps_its_state_in_a_volume() -> None:
    stage = _last_stage()
    assert json.loads(stage["VOLUME"]) == ["/var/lib/s3syncd"]
    assert "STATE_DIRECTORY=/var/lib/s3syncd" in stage["ENV"]


def test_image_is_restarted_for_liveness_only() -> None:
    command = json.loads(_last_stage()["HEALTHCHECK"].partition("CMD")[2])
    assert command == ["s3syncd", "-c", "/etc/s3syncd/config.yml", "status", "--live"]


def test_image_is_built_in_stages_and_takes_only_the_result() -> None:
    froms = [rest for word, rest in _dockerfile() if word == "FROM"]
    assert len(froms) == 2
    assert all("slim" in name for name in froms)
    assert _last_stage()["COPY"] == "--from=build /opt/s3syncd /opt/s3syncd"


def test_build_context_holds_what_the_build_copies() -> None:
    ignore = (ROOT / ".dockerignore").read_text().splitlines()
    allowed = {line[1:] for line in ignore if line.startswith("!")}
    copied = {
        name
        for word, rest in _dockerfile()
        if word == "COPY" and "--from" not in rest
        for name in rest.split()[:-1]
    }
    assert "*" in ignore
    assert copied == allowed
    assert all((ROOT / name).exists() for name in copied)


@pytest.fixture(scope="module")
def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(ROOT / "contrib/systemd/s3syncd.service")
    return parser


def test_unit_tells_systemd_when_it_is_ready_and_reloads_by_hangup(
    unit: configparser.ConfigParser,
) -> None:
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert service["ExecReload"] == "kill -HUP $MAINPID"
    assert service["ExecStart"].endswith("/s3syncd -c /etc/s3syncd/config.yml")


def test_unit_leaves_time_to_drain_and_does_not_retry_a_wrong_configuration(
    unit: configparser.ConfigParser,
) -> None:
    service = unit["Service"]
    assert int(service["TimeoutStopSec"]) > 25  # shutdown_timeout_seconds
    assert service["Restart"] == "on-failure"
    assert service["RestartPreventExitStatus"] == "2"
    assert service["SuccessExitStatus"] == "3 4"  # of a stop that leaves work


def test_unit_can_write_its_state_and_nothing_else(unit: configparser.ConfigParser) -> None:
    service = unit["Service"]
    assert service["User"] == "s3syncd"
    assert service["StateDirectory"] == "s3syncd"
    assert service["ProtectSystem"] == "strict"
    assert service["ProtectHome"] == "read-only"
    assert "ReadWritePaths" not in service
    assert service["NoNewPrivileges"] == "yes"
    assert service["CapabilityBoundingSet"] == service["AmbientCapabilities"] == "CAP_LEASE"


def test_what_is_shipped_speaks_of_modes_that_there_are() -> None:
    """A mode that the configuration refuses is no advice."""
    modes = {"upload"}
    for path in sorted((ROOT / "contrib").rglob("*")):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            named = set(re.findall(r"\b(?:mode|modes) `?(upload|download|two-way)`?", text))
            assert named <= modes, path
            assert "two-way" not in text, path


def test_unit_is_installed_as_the_readme_says() -> None:
    install = r"/opt/s3syncd/bin/pip install (\S+)"
    unit = (ROOT / "contrib/systemd/s3syncd.service").read_text()
    assert (
        re.findall(install, unit) == re.findall(install, (ROOT / "README.md").read_text()) == ["."]
    )


def test_dockerfile_promises_nothing_that_is_not_served() -> None:
    served = (ROOT / "s3syncd/web").rglob("*.py")
    sources = "".join(path.read_text() for path in served)
    promised = re.findall(r"/(?:healthz|livez|readyz|metrics)\b", (ROOT / "Dockerfile").read_text())
    assert [page for page in promised if page not in sources] == []


def test_unit_runs_as_the_user_that_sysusers_creates(unit: configparser.ConfigParser) -> None:
    kind, name, *_ = (
        (ROOT / "contrib/systemd/s3syncd.sysusers.conf").read_text().splitlines()[-1].split()
    )
    assert (kind, name) == ("u", unit["Service"]["User"])


def test_installed_command_and_package_tell_the_same_version() -> None:
    from s3syncd import __version__

    command = Path(sys.executable).with_name("s3syncd")
    told = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert told.stdout.split()[-1] == __version__


def test_changelog_begins_with_what_is_unreleased() -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == "[Unreleased]"


def _tracked() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git work tree")
    names = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return [ROOT / name for name in names.split("\0") if name]


def test_no_tracked_file_names_this_machine_or_a_package_host() -> None:
    # Built from pieces, so that this file does not find itself.
    words = ["find-" + "links", "index-" + "url", "-----BEGIN" + " "]
    if len(ROOT.parts) > 2 and str(ROOT) != "/opt/s3syncd":  # else the project may name it itself
        words.append(f"{ROOT}/")
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in _tracked()
        if path.is_file()
        for word in words
        if word.encode() in path.read_bytes()
    ]
    assert not found


def test_no_lock_file_of_another_tool_is_tracked() -> None:
    locks = {"uv.lock", "poetry.lock", "Pipfile.lock", "package-lock.json"}
    assert not locks & {path.name for path in _tracked()}


def test_make_leaves_the_package_index_to_the_environment() -> None:
    for page in ("Makefile", ".ci/run", "Dockerfile"):
        text = (ROOT / page).read_text()
        assert "://" not in text
        assert "--index" not in text
        assert "trusted-host" not in text


def test_package_ships_what_is_not_python(tmp_path: Path) -> None:
    command = [Path(sys.executable).with_name("hatchling"), "build", "-t", "wheel", "-d", tmp_path]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    shipped = set(zipfile.ZipFile(wheel).namelist())
    others = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "s3syncd").rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    }
    assert "s3syncd/py.typed" in others
    assert others <= shipped
    assert any(name.endswith(".data/data/share/man/man1/s3syncd.1") for name in shipped)
    assert not any(name.startswith(("tests/", "bench/")) for name in shipped)
