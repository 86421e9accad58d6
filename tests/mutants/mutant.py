"""A guard switched off in a copy of the package, to see that a test notices.

`MUTANTS` lists in the modules beside and below this one name the guards; `test_mutants.py` runs
them all. `python -m tests.mutants.mutant [WORD]` runs those whose area or name contains WORD.
"""

from __future__ import annotations

import ast
import functools
import importlib
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.copies import REPOSITORY, patched_copy
from tests.mutants.nursery import nursery

__all__ = ["REPOSITORY", "Mutant", "Verdict", "all_mutants", "problem_with", "run"]

_TEST_SECONDS = 30  # no named test takes as long, but one that hangs without its guard
_TIMEOUT_SECONDS = 170  # below the 180 s that test_mutants.py grants a mutant, so that we report

# Modules without mutants.
_OTHERS = frozenset({"__init__", "copies", "mutant", "nursery"})

# What says that the patch broke the program instead of the guard.
_BREAKAGES = frozenset({
    "ImportError", "IndentationError", "ModuleNotFoundError", "NameError", "SyntaxError",
    "UnboundLocalError",
})  # fmt: skip

# Loaded into the pytest that runs the named tests: writes down what failed, how, and which file
# the mutated module really came from. Without this proof a run against the installed package
# would look like a mutant that no test catches, or worse, the reverse.
_WITNESS = """\
import importlib.util, json, os, sys
import pytest

seen = {"tests": 0, "failures": [], "breakages": []}

@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if report.when == "call" and report.outcome != "skipped":
        seen["tests"] += 1
    if report.failed:
        error = call.excinfo.type.__name__
        seen["failures" if report.when == "call" else "breakages"].append([item.nodeid, error])
    return report

def pytest_collectreport(report):
    if report.failed:
        seen["breakages"].append([report.nodeid, "not collected"])

def pytest_sessionfinish():
    name = os.environ["MUTANT_MODULE"]
    loaded = sys.modules.get(name)
    seen["file"] = loaded.__file__ if loaded else importlib.util.find_spec(name).origin
    with open(os.environ["MUTANT_REPORT"], "w") as file:
        json.dump(seen, file)
"""


@dataclass(frozen=True)
class Mutant:
    """One guard, the source text that is it, and the tests that must fail without it.

    Attributes:
        name: what is switched off, as a sentence; unique in its list.
        file: POSIX, relative to the repository: `s3syncd/...py`.
        old: source text that occurs exactly once in `file`.
        new: what stands there instead; the file must still compile.
        tests: pytest node ids; at least one must fail, by what it asserts.
    """

    name: str
    file: str
    old: str
    new: str
    tests: list[str]

    @property
    def module(self) -> str:
        """The dotted name of the mutated module."""
        return self.file.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant; `is_caught` only if a named test failed in its own body."""

    is_caught: bool
    reason: str
    output: str


def all_mutants() -> dict[str, Mutant]:
    """Every mutant of every area, by `area: name`; an area is a module, or a folder of modules."""
    found: dict[str, Mutant] = {}
    here = Path(__file__).parent
    for path in sorted(here.rglob("*.py")):
        module = path.relative_to(here).with_suffix("").parts
        if module[-1] in _OTHERS or module[-1].startswith("test_"):
            continue
        for mutant in importlib.import_module(".".join(["tests.mutants", *module])).MUTANTS:
            label = f"{module[0]}: {mutant.name}"
            assert label not in found, f"two mutants are called {label!r}"
            found[label] = mutant
    return found


def problem_with(mutant: Mutant) -> str:
    """Why a mutant cannot be applied any more, or ''."""
    path = REPOSITORY / mutant.file
    if not path.is_file():
        return f"{mutant.file} does not exist"
    source = path.read_text()
    if (count := source.count(mutant.old)) != 1:
        return f"its old text occurs {count} times in {mutant.file}"
    if mutant.old == mutant.new or not mutant.tests:
        return "it changes nothing, or names no test"
    missing = [t for t in mutant.tests if not (REPOSITORY / t.partition("::")[0]).is_file()]
    if missing:
        return f"no such test file: {missing}"
    if unknown := [t for t in mutant.tests if not _is_defined(t)]:
        return f"no such test: {unknown}"
    try:
        compile(source.replace(mutant.old, mutant.new), mutant.file, "exec")
    except SyntaxError as error:
        return f"the patched {mutant.file} does not compile: {error}"
    return ""


def _is_defined(test: str) -> bool:
    """Whether the file of a node id holds what the rest names; its parameters are not looked at."""
    path, _, name = test.partition("[")[0].partition("::")
    return not name or name in _defined_in(path)


@functools.cache
def _defined_in(path: str) -> frozenset[str]:
    """What a test module defines: `test_x`, `TestX`, `TestX::test_x`."""
    found: set[str] = set()
    for node in ast.parse((REPOSITORY / path).read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{each.name}" for each in node.body if hasattr(each, "name")}
    return frozenset(found)


def run(mutant: Mutant) -> Verdict:
    """Run the mutant's tests against a patched copy of the package."""
    with (
        tempfile.TemporaryDirectory(prefix="s3syncd-mutant-") as name,
        patched_copy(mutant.file, mutant.old, mutant.new) as copy,
    ):
        folder = Path(name).resolve()
        report, printed = folder / "report.json", folder / "output.txt"
        (folder / "mutant_witness.py").write_text(_WITNESS)
        code = nursery().run(
            ["-p", "mutant_witness", "-p", "no:randomly", "-p", "no:cacheprovider", "-x", "-q",
             "--tb=native", f"--timeout={_TEST_SECONDS}", *mutant.tests],
            folder=copy, environment=_environment(copy, report, mutant), output=printed,
            timeout_seconds=_TIMEOUT_SECONDS,
        )  # fmt: skip
        # What a broken program prints may be anything.
        output = printed.read_text("utf-8", "replace") if printed.exists() else ""
        if code is None:
            return Verdict(False, f"not finished in {_TIMEOUT_SECONDS} s", output)
        if not report.is_file():
            return Verdict(False, f"pytest ended with {code} and no report", output)
        reason = _judge(json.loads(report.read_text()), copy / mutant.file)
        return Verdict(not reason, reason, output)


def _environment(copy: Path, report: Path, mutant: Mutant) -> dict[str, str]:
    # PYTHONPATH comes before site-packages and is inherited, so also the installed command, when
    # a test starts it, runs the copy. Without PYTEST_*: we may ourselves run below pytest or xdist.
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "PYTHONPATH"))}
    return kept | {
        # What hypothesis knows of Unicode and of our constants takes seconds to find out anew; it
        # is kept by content. No example is: those of CI and mutants are derandomized.
        "HYPOTHESIS_STORAGE_DIRECTORY": str(REPOSITORY / ".hypothesis"),
        "PYTHONPATH": os.pathsep.join([str(copy), str(report.parent)]),
        "MUTANT_REPORT": str(report),
        "MUTANT_MODULE": mutant.module,
    }


def _judge(seen: dict[str, object], expected: Path) -> str:
    """Why a run does not count as caught, or ''."""
    failures = seen["failures"]
    assert isinstance(failures, list)
    if seen["file"] != str(expected):
        return f"{seen['file']} was tested, not the patched copy"
    if seen["breakages"]:
        return f"broken, not caught: {seen['breakages']}"
    if broken := [failure for failure in failures if failure[1] in _BREAKAGES]:
        return f"the patch broke the program: {broken}"
    if not seen["tests"]:
        return "no test ran"
    return "" if failures else "SURVIVED: every named test passes without the guard"


def _main(word: str) -> int:
    survivors = 0
    for label, mutant in all_mutants().items():
        if word not in label:
            continue
        reason = problem_with(mutant)
        verdict = Verdict(False, reason, "") if reason else run(mutant)
        survivors += not verdict.is_caught
        print("caught " if verdict.is_caught else "ALIVE  ", label, verdict.reason, flush=True)
        if not verdict.is_caught:
            print(verdict.output)
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1] if len(sys.argv) > 1 else ""))
