"""`check`: how it tells its findings, and the configuration in force."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from s3syncd.cli import check
from s3syncd.cli.main import main
from s3syncd.config.load import load
from s3syncd.config.models import SiteConfig
from s3syncd.core.finding import Finding, Verdict
from s3syncd.local.survey import Survey
from tests.cli.daemon import write_config
from tests.cli.typed import checked, parse
from tests.terminal import Terminal


def test_check_prints_a_line_per_site_and_probe(config: Path) -> None:
    code, text = checked(config, Finding(Verdict.OK, "root", "is readable"))
    assert code == 0
    assert "ok       photos: root: is readable\n" in text
    assert "ok       docs: root: is readable\n" in text


def test_check_fails_with_any_probe_and_names_the_remedy(config: Path) -> None:
    ok = Finding(Verdict.OK, "root", "is readable")
    bad = Finding(Verdict.FAILED, "write", "AccessDenied", "allow s3:PutObject\x1b")
    code, text = checked(config, bad, ok)
    assert code == 1
    assert "failed   photos: write: AccessDenied -> allow s3:PutObject\\x1b\n" in text


def test_check_as_json_has_every_finding_and_the_same_exit_code(tmp_path: Path) -> None:
    config = write_config(tmp_path, http="{listen: null}")  # that nobody has the port is not ours
    found = [
        Finding(Verdict.OK, "root", "is readable"),
        Finding(Verdict.FAILED, "write", "AccessDenied", "allow s3:PutObject"),
    ]
    for findings, code in ((found, 1), (found[:1], 0)):
        stream = io.StringIO()
        arguments = parse(config, "check", "--json")
        assert check.execute(arguments, probe=lambda _: findings, stream=stream) == code  # noqa: B023
        document = json.loads(stream.getvalue())
        assert document["ok"] is (code == 0)
        assert document["warnings"] == []
    first, *rest = json.loads(stream.getvalue())["findings"]
    assert (first["site"], first["probe"], first["verdict"]) == (None, "state_dir", "ok")
    assert [each["site"] for each in rest] == ["photos", "docs"]
    assert rest[0] == {
        "site": "photos", "probe": "root", "verdict": "ok", "text": "is readable", "remedy": None,
    }  # fmt: skip


def test_check_on_a_terminal_is_in_columns_below_each_site(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    stream = Terminal()
    findings = [
        Finding(Verdict.OK, "root", "is readable"),
        Finding(
            Verdict.WARNING, "unfinished uploads", "no rule aborts them", "add one: " + "x" * 40
        ),
    ]
    check.execute(parse(config, "check"), probe=lambda _: findings, stream=stream)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "the daemon"
    start = lines.index("photos") + 1
    assert lines[start : start + 4] == [
        "  ok       root                is readable",
        "  warning  unfinished uploads  no rule aborts them",
        "                               -> add one:",
        "                                  " + "x" * 40,
    ]
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    coloured = Terminal()
    check.execute(parse(config, "check"), probe=lambda _: findings, stream=coloured)
    assert "  \x1b[33mwarning\x1b[0m  unfinished uploads  no rule" in coloured.getvalue()


def test_check_offline_as_json_is_the_configuration_in_force(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--offline", "--json", "-c", str(config)]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [site["name"] for site in document["config"]["sites"]] == ["photos", "docs"]


@pytest.mark.parametrize(
    ("endpoint", "probes"),
    [("", {"cost", "small files", "hot files"}), ("endpoint: http://s3:9000\n", {"cost"})],
    ids=["AWS", "another store"],
)
def test_check_tells_what_the_files_will_cost_in_their_class(
    config: Path, monkeypatch: pytest.MonkeyPatch, endpoint: str, probes: set[str]
) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    config.write_text("storage_class: STANDARD_IA\n" + endpoint + config.read_text())
    tree = Survey(directories=1, files=100, small=50, recent=50)
    found = {each.probe: each for each in check._hints(load(config).sites[0], tree)}
    assert found.keys() == probes
    assert ("$" in found["cost"].text) is (endpoint == "")
    tree.is_whole = False
    (cost, *_) = check._hints(load(config).sites[0], tree)
    assert cost.text.startswith("at least 30 LIST requests")


def test_a_warning_alone_is_no_failure(config: Path) -> None:
    assert checked(config, Finding(Verdict.WARNING, "lifecycle", "expires"))[0] == 0


def test_check_offline_shows_the_configuration_without_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_config(tmp_path, access_key="AKIDCANARY", secret_access_key="canary-secret")
    config.chmod(0o600)
    assert main(["check", "--offline", "-c", str(config)]) == 0
    shown, told = capsys.readouterr()
    assert "canary" not in shown.lower()
    assert "photos-bucket" in shown
    assert told.startswith("not tried: state_dir, log.file, http.listen, directories and buckets;")
    assert f"`s3syncd -c {config} check` tries them" in told
    assert not (tmp_path / "state").exists() or not list((tmp_path / "state").iterdir())


@pytest.mark.parametrize(
    ("words", "names"),
    [(["docs"], ["docs"]), (["docs", "photos"], ["photos", "docs"]), ([], ["photos", "docs"])],
)
def test_check_probes_the_sites_that_are_named(
    config: Path, words: list[str], names: list[str]
) -> None:
    probed: list[str] = []

    def probe(site: SiteConfig) -> list[Finding]:
        probed.append(site.name)
        return [Finding(Verdict.OK, "root", "is readable")]

    code = check.execute(parse(config, "check", *words), probe=probe, stream=io.StringIO())
    assert (code, probed) == (0, names)


def test_a_site_that_is_none_is_not_checked(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "photos", "music", "-c", str(config)]) == 2
    told = capsys.readouterr().err
    assert "there is no site 'music'" in told
    assert "sites: photos, docs" in told


def test_a_file_is_validated_as_a_whole(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "photos", "--offline", "-c", str(config)]) == 2
    assert "not allowed with a site" in capsys.readouterr().err
