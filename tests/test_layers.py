"""The house keeps its own rules: floors, doors, sizes, words."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "s3syncd").rglob("*.py"))
_MODULE_LINES = 300
_FUNCTION_LINES = 40
_WORDS_THAT_SAY_NOTHING = frozenset({
    "common", "data", "handler", "handlers", "helper", "helpers", "info", "manager", "misc", "util",
    "utils",
})  # fmt: skip


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_floors_and_doors_are_kept() -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_transfer_knows_the_values_of_the_ledger_and_not_the_ledger() -> None:
    imported = {
        alias.name
        for path in (ROOT / "s3syncd" / "transfer").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("s3syncd.ledger")
        for alias in node.names
    }
    assert imported <= {"Intent", "Part"}


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_module_can_be_read_in_one_sitting(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= _MODULE_LINES


def test_so_can_those_of_tests_and_benches() -> None:
    modules = [path for top in ("bench", "docs", "tests") for path in _below(ROOT / top)]
    lines = {_name(path): len(path.read_text().splitlines()) for path in modules}
    assert lines["tests/test_layers.py"]
    assert lines["bench/__main__.py"]
    long = {name: count for name, count in lines.items() if count > _MODULE_LINES}
    assert not long


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_function_fits_on_a_screen(path: Path) -> None:
    long = [f"{name}: {lines} lines" for name, lines in _functions(path) if lines > _FUNCTION_LINES]
    assert not long


@pytest.mark.parametrize("path", MODULES, ids=_name)
def test_module_is_named_by_what_it_is(path: Path) -> None:
    assert not set(path.stem.split("_")) & _WORDS_THAT_SAY_NOTHING


def _below(folder: Path) -> Iterator[Path]:
    """Give its modules; what is hidden is somebody else's: an environment with a library's."""
    for path in folder.iterdir():
        if path.is_dir() and not path.name.startswith("."):
            yield from _below(path)
        elif path.suffix == ".py":
            yield path


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function with its lines, the docstring left out: it is there to be read first."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1 if ast.get_docstring(node) and len(node.body) > 1 else 0]
            signature = node.body[0].lineno - node.lineno
            yield node.name, signature + (node.end_lineno or 0) - first.lineno + 1
