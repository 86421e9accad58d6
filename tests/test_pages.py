"""The pages below docs/ and the manual are true: commands, options, words and configurations."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from docs.build import PAGES
from s3syncd.cli.main import build_parser
from s3syncd.config.layout import GLOBAL_ALIASES, SITE_ALIASES
from s3syncd.config.load import load
from s3syncd.config.models import Config, SiteConfig, SiteOptions
from s3syncd.config.schema import schema
from s3syncd.config.validate import keys_of
from s3syncd.core.difference import HINTS as DIFFERENCES
from s3syncd.core.restored import HINTS as RESTORED
from s3syncd.core.safety import REASONS
from s3syncd.site import counters, problems
from s3syncd.transfer import outcomes

ROOT = Path(__file__).resolve().parents[1]
DOCS = sorted((ROOT / "docs").glob("*.md"))
OPERATIONS = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
SCHEMA = Draft202012Validator(schema())
KEYS = keys_of(Config).names | keys_of(SiteConfig).names | keys_of(SiteOptions).names

# Those of its README.
_KEYS_OF_S3SYNC_SERVICE = """
    access_key secret_access_key aws_region loglevel upload_queue_buffer upload_workers
    checksum_workers watch_interval s3_ops_retries name local_path bucket bucket_path
    bucket_region endpoint storage_class retire_deleted exclusions inclusions
"""

_FORBIDDEN = ("job", "task", "item", "handler", "helper", "util")


def texts(*, but: str = "") -> list[object]:
    pages = [page for page in DOCS if page.name != but]
    return [pytest.param(page.read_text(encoding="utf-8"), id=page.name) for page in pages]


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def commands() -> list[str]:
    """Give every s3syncd command line of the pages, comments cut off."""
    found = []
    for page in DOCS:
        text = page.read_text(encoding="utf-8")
        lines = [line for block in blocks(text, "sh") for line in block.splitlines()]
        quoted = [" ".join(each.split()) for each in re.findall(r"`(s3syncd [^`]*)`", text)]
        found += [line.partition("  #")[0].strip() for line in (*lines, *quoted)]
    return sorted({line.partition(" > ")[0] for line in found if line.startswith("s3syncd ")})


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_from_the_code_is_up_to_date(name: str) -> None:
    written = (ROOT / name).read_text(encoding="utf-8")
    assert written == PAGES[name](), "run: make docs"


@pytest.mark.parametrize("line", commands())
def test_a_command_of_the_pages_is_understood(line: str) -> None:
    if line != "s3syncd --version":  # prints and exits
        build_parser().parse_args(shlex.split(line)[1:])


@pytest.mark.parametrize("text", texts())
def test_links_of_a_page_lead_somewhere(text: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", text)
    assert [link for link in links if not (ROOT / "docs" / link).exists()] == []


@pytest.mark.parametrize("text", texts())
def test_a_page_uses_the_words_of_the_house(text: str) -> None:
    prose = re.sub(r"```.*?```|`[^`]*`", "", text, flags=re.DOTALL).lower()
    assert [word for word in _FORBIDDEN if re.search(rf"\b{word}s?\b", prose)] == []


@pytest.mark.parametrize("text", texts(but="reliability.md"))
def test_keys_quoted_with_a_value_are_keys_of_the_configuration(text: str) -> None:
    # Other programs' settings that are quoted beside ours.
    others = {"terminationGracePeriodSeconds", "stop_grace_period", "defaultMode"}
    quoted = set(re.findall(r"`([a-z][A-Za-z_.]+): [^`]*`", text))
    assert quoted - KEYS - set(GLOBAL_ALIASES) - set(SITE_ALIASES) - others == set()


def configurations() -> Iterator[object]:
    for page in DOCS:
        for number, block in enumerate(blocks(page.read_text(encoding="utf-8"), "yaml")):
            yield pytest.param(block, id=f"{page.stem}-{number}")


@pytest.mark.parametrize("written", list(configurations()))
def test_a_configuration_of_the_pages_loads(written: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    path = tmp_path / "config.yml"
    path.write_text(written.replace("/run/secrets/s3-secret", str(secret)))
    path.chmod(0o600)
    config = load(path, environ={"STATE_DIRECTORY": str(tmp_path / "state")})
    assert config.sites
    assert config.warnings == ()
    assert list(SCHEMA.iter_errors(yaml.safe_load(written))) == []


# --- migration ------------------------------------------------------------------------------------


def predecessor(title: str) -> str:
    text = (ROOT / "docs/migration.md").read_text(encoding="utf-8")
    return re.split(r"\n## ", text.partition(f"\n## {title}\n")[2])[0]


def test_each_predecessor_has_its_configuration_and_its_options() -> None:
    text = (ROOT / "docs/migration.md").read_text(encoding="utf-8")
    titles = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert titles == [
        "s3sync-service", "mobius3", "s3-sync2", "aws s3 sync in cron", "lsyncd", "rclone sync",
    ]  # fmt: skip
    for title in titles:
        assert blocks(predecessor(title), "yaml"), title
        assert "| there | here |" in predecessor(title), title


# What their help says, but for AWS's own options that s3-sync2 hands on.
_OPTIONS = {
    "s3sync-service": "-config -configmap -http-port -metrics-path -metrics-port",
    "mobius3": """--prefix --exclude-remote --exclude-local --upload-on-create --log-level
        --credentials-source --disable-ssl-verification --force-ipv4""",
    "s3-sync2": """--cf-dist-id --cf-inval-always --cf-inval-paths --debug --dfs
        --dfs-lock-timeout --dfs-lock-wait --dfs-uid-hostname --event-queue --init-sync-down
        --init-sync-up --max-failures --md5-skip-path --only-down --only-up --poll""",
}


@pytest.mark.parametrize("title", _OPTIONS)
def test_every_option_of_a_predecessor_is_told(title: str) -> None:
    rows = [line for line in predecessor(title).splitlines() if line.startswith("| ")]
    told = set(re.findall(r"(?<![\w-])--?[a-z][a-z0-9-]+", " ".join(rows)))
    assert set(_OPTIONS[title].split()) - told == set()


@pytest.mark.parametrize("title", ["mobius3", "s3-sync2", "aws s3 sync in cron", "rclone sync"])
def test_every_option_of_a_command_that_is_shown_is_told(title: str) -> None:
    section = predecessor(title)
    shown = [line for kind in ("sh", "text") for line in blocks(section, kind)]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    options = set(re.findall(r"(?<= )--[a-z0-9-]+", " ".join(shown)))
    assert options
    assert {option for option in options if f"`{option}" not in " ".join(rows)} == set()


def test_every_key_that_s3sync_service_has_is_told_and_taken() -> None:
    theirs = set(re.findall(r"\w+", _KEYS_OF_S3SYNC_SERVICE))
    told = set(re.findall(r"`([a-z_0-9]+)`", predecessor("s3sync-service")))
    assert theirs <= told
    assert theirs <= KEYS | set(GLOBAL_ALIASES) | set(SITE_ALIASES)


# --- operations -----------------------------------------------------------------------------------


def rows(title: str, heading: str = "##") -> set[str]:
    """Give the words that a section of the page explains; each has something to say to the end."""
    section = re.split(r"\n##", OPERATIONS.partition(f"\n{heading} {title}\n")[2])[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    assert cells
    assert all(len(row) == len(cells[0]) and row[-1] for row in cells if row[0] != "130")
    return {row[0].strip("`") for row in cells}


def constants(file: str, function: str) -> set[str]:
    """Give the words that a function may return."""
    tree = ast.parse((ROOT / "s3syncd" / file).read_text(encoding="utf-8"))
    (found,) = [
        each for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef) and each.name == function
    ]  # fmt: skip
    return {
        word.value
        for each in ast.walk(found)
        if isinstance(each, ast.Return) and each.value is not None
        for word in ast.walk(each.value)
        if isinstance(word, ast.Constant) and isinstance(word.value, str)
    }


def reasons_of_outcomes() -> set[str]:
    """Give the words of outcomes that are kept as problems: tried again later, or refused."""
    kept = {reason for result, reason, *_ in outcomes._VERDICTS.values() if result != "Superseded"}
    kept |= {reason for _, reason, _ in outcomes._SYSTEM_VERDICTS.values()}
    text = (ROOT / "s3syncd/transfer/outcomes.py").read_text(encoding="utf-8")
    kept |= set(re.findall(r'reason(?:, advice)? = "(\w+)"', text))
    kept |= set(re.findall(r'\(_RETRY, "(\w+)"', text))
    for file in [*ROOT.glob("s3syncd/transfer/*.py"), *ROOT.glob("s3syncd/site/*.py")]:
        for each in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(each, ast.Call) and getattr(each.func, "id", "") == "Outcome":
                source = ast.unparse(each)
                if "Result.RETRYABLE" in source or "Result.REFUSED" in source:
                    kept |= set(re.findall(r"reason='(\w+)'", source))
                    kept |= set(re.findall(r"reason='' if is_own else '(\w+)'", source))
    return kept


def test_every_state_is_explained_and_no_other() -> None:
    states = constants("site/status.py", "_state")
    life = (ROOT / "s3syncd/supervisor/life.py").read_text(encoding="utf-8")
    states |= set(re.findall(r'state="(\w+)"', life))
    assert rows("States") == states


def test_every_guard_is_explained_and_no_other() -> None:
    hold = (ROOT / "s3syncd/site/hold.py").read_text(encoding="utf-8")
    assert rows("Guards") == set(REASONS) | set(re.findall(r'_set_word\("(\w+)"\)', hold))


def test_every_problem_is_explained_and_no_other() -> None:
    known = set(problems._HINTS) | (reasons_of_outcomes() - set(REASONS))
    assert rows("Problems of single paths") == known


def test_what_is_no_obstacle_to_being_in_sync_is_told() -> None:
    section = OPERATIONS.partition("\n## Problems of single paths\n")[2].partition("\n## ")[0]
    told = set(re.findall(r"^\| `(\w+)` \| [^|]* \| yes \|", section, re.MULTILINE))
    assert told == problems.SKIPPED


def checks_of_health() -> set[str]:
    """Give the names that a check may have, but those of guards."""
    tree = ast.parse((ROOT / "s3syncd/core/health.py").read_text(encoding="utf-8"))
    yielded = [each.value for each in ast.walk(tree) if isinstance(each, ast.Yield)]
    first = [each.elts[0] for each in yielded if isinstance(each, ast.Tuple)]
    constant = {str(each.value) for each in first if isinstance(each, ast.Constant)}
    return constant | counters._REFUSALS


def test_every_health_check_is_explained_and_no_other() -> None:
    told = {word for cell in rows("Health checks") for word in re.findall(r"\w+", cell)}
    assert told == checks_of_health()


def test_every_difference_is_explained_and_no_other() -> None:
    assert rows("Differences that `verify` finds") == set(DIFFERENCES)


def test_every_state_of_a_path_is_explained_and_no_other() -> None:
    source = (ROOT / "s3syncd/core/explaining.py").read_text(encoding="utf-8")
    section = source[source.index("def standings_of") :]
    words = set(re.findall(r'Told\(\s*"(\w+)"', section)) | {"held", "deletion_waits"}
    assert rows("Why is this path as it is?") == words


def test_every_word_of_a_restore_is_explained_and_no_other() -> None:
    assert rows("Getting the tree back") == set(RESTORED)


def test_every_exit_code_is_explained_and_no_other() -> None:
    listed = re.findall(r"^  (\d)  ", build_parser().format_help(), re.MULTILINE)
    assert rows("Exit codes") == {*listed, "130"}


def test_what_waits_for_a_restart_is_told() -> None:
    from s3syncd.supervisor.fleet import _FIXED

    section = OPERATIONS.partition("\n## Stopping, restarting, reloading\n")[2].partition("\n## ")[
        0
    ]
    assert set(_FIXED) <= set(re.findall(r"`([\w.]+)`", section))
