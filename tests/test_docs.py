"""The README is true: its commands parse, its promises name tests, its words and codes are ours."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from s3syncd.cli.grammar import grammar
from s3syncd.cli.main import build_parser
from s3syncd.config.load import load
from s3syncd.core.safety import REASONS
from tests.mutants.mutant import all_mutants

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")

# Words the glossary replaces; in a page they would mean something nobody defined.
_FORBIDDEN = ("job", "task", "item", "handler", "helper", "util")


def blocks(language: str) -> list[str]:
    """Give the fenced blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[str]:
    """Give every s3syncd command line of the page, comments cut off."""
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    quoted = re.findall(r"`(s3syncd [^`]*)`", README)
    found = [line.partition("#")[0].strip() for line in (*lines, *quoted)]
    return sorted({line for line in found if line.startswith("s3syncd")})


def section(title: str) -> str:
    """Give the text below a heading."""
    return re.split(r"\n## ", README.partition(f"\n## {title}")[2])[0]


@pytest.mark.parametrize("line", commands())
def test_a_command_of_the_readme_is_understood(line: str) -> None:
    build_parser().parse_args(shlex.split(line)[1:])


def test_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.M))
    assert {"demo", "test"} <= targets
    assert [target for target in targets if not re.search(rf"^{target}:", makefile, re.M)] == []


def test_every_promise_names_tests_that_exist() -> None:
    promises = re.split(r"\n(?=\d+\. )", section("Promises"))[1:]
    assert len(promises) == 12
    for promise in promises:
        names = re.findall(r"`(tests/\S+?\.py)::(test_\w+)`", promise)
        assert names, promise
        for file, name in names:
            assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8"), name


def test_links_of_the_readme_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_configuration_of_the_readme_loads(tmp_path: Path) -> None:
    (written,) = blocks("yaml")
    (tmp_path / "config.yml").write_text(f"state_dir: {tmp_path}/state\n{written}")
    photos, documents = load(tmp_path / "config.yml").sites
    assert photos.retire_deleted
    assert documents.endpoint == "https://minio.example:9000"


def test_the_policies_differ_by_the_right_to_delete_only() -> None:
    uploading, deleting = (json.loads(block) for block in blocks("json"))
    assert uploading["Statement"][0] == deleting["Statement"][0]
    first, second = (set(each["Statement"][1]["Action"]) for each in (uploading, deleting))
    assert second - first == {"s3:DeleteObject"}
    assert first < second


def test_every_reason_is_in_the_table_with_a_remedy() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$", section("Operating it"), re.M))
    assert set(REASONS) <= set(rows)
    assert all(remedy.strip() for remedy in rows.values())


def test_exit_codes_are_those_of_help() -> None:
    help_text = build_parser().format_help()
    told = re.search(r"\*\*Exit codes:\*\* (.*?;)", README.replace("\n", " "))
    assert told
    for code, word in re.findall(r"(\d) (\w+)", told[1]):
        assert re.search(rf"^  {code}  .*{word}", help_text, re.M), (code, word)


def test_states_are_those_of_the_status() -> None:
    states = set(re.findall(r"`(\w+)`", section("Operating it").partition("**States:**")[2][:300]))
    for state in ("starting", "scanning", "syncing", "idle", "paused", "halted", "unavailable"):
        assert state in states


def test_the_page_uses_the_words_of_its_glossary() -> None:
    prose = re.sub(r"```.*?```|`[^`]*`", "", README, flags=re.DOTALL).lower()
    assert [word for word in _FORBIDDEN if re.search(rf"\b{word}s?\b", prose)] == []
    for word in ("site", "baseline", "ledger", "rescan", "reconcile", "drain"):
        assert re.search(rf"^\| [^|]*\b{word}\b[^|]* \|", section("How it works"), re.M), word


def test_every_command_that_prints_json_is_in_the_list_of_operations() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (sentence,) = re.findall(r"\n\n(`check`[^;]*?)\s+print JSON with `--json`", page)
    told = set(re.findall(r"`(\w+)(?: \w+)?`", sentence))
    takes = {
        command.name
        for command in grammar().commands
        if any("--json" in option.names for option in command.options)
    }
    assert told == takes


def test_signals_are_told_alike_in_help_and_readme() -> None:
    for text in (build_parser().format_help(), README):
        for signal in ("SIGTERM", "SIGINT", "SIGHUP"):
            assert signal in text


RELIABILITY = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")


def test_commands_of_the_page_on_reliability_exist_and_take_their_arguments() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    commands = re.findall(r"`make ([a-z]+)(?: ARGS=\"([^\"]*)\")?`", RELIABILITY)
    assert {"soak", "kills", "mutants", "coverage"} <= {target for target, _ in commands}
    for target, arguments in commands:
        assert re.search(rf"^(\w+ )*{target}( \w+)*:", makefile, re.M), target
        if target == "make" or not arguments:
            continue
        folder = "tests" if target in {"model", "simulation", "soak"} else "tests/faults"
        found = [ROOT / folder / f"{target}.py", ROOT / folder / target / "__main__.py"]
        source = next(path for path in found if path.exists()).read_text(encoding="utf-8")
        for option in re.findall(r"--[a-z]+", arguments):
            assert f'"{option}"' in source, (target, option)


def test_mutants_of_the_page_on_reliability_exist() -> None:
    named = set(re.findall(r"`(\w+: [^`]+)`", RELIABILITY))
    assert len(named) > 40
    assert sorted(named - all_mutants().keys()) == []


def test_files_and_links_of_the_page_on_reliability_exist() -> None:
    files = re.findall(r"`((?:tests|s3syncd)/[^`]*?)`", RELIABILITY)
    assert [file for file in files if not (ROOT / file).exists()] == []
    links = re.findall(r"\]\(([^)#:]+)", RELIABILITY)
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []
