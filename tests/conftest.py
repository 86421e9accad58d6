"""What every test runs under: a clean environment, inert failpoints, no thread left behind.

Runs in each pytest process (with xdist: in each worker), before any test module is imported.
"""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from hypothesis import Phase

from s3syncd import collector, failpoints
from tests.waiting import until

# A developer's or a CI machine's own settings must not decide what a test sees: credentials and
# endpoints (AWS_*), proxies (which awscrt and botocore take from the environment, also for
# loopback), and where the daemon would keep state or report to.
_CLEARED_PREFIXES = ("AWS_", "S3SYNCD_", "BOTO_", "RCLONE_", "XDG_")
_CLEARED_NAMES = frozenset({
    "all_proxy", "ftp_proxy", "http_proxy", "https_proxy", "no_proxy",
    "invocation_id", "journal_stream", "notify_socket", "state_directory",
    "watchdog_pid", "watchdog_usec",
})  # fmt: skip

# Threads that end when their peer hangs up, not when the test does: the per-connection threads of
# an in-process HTTP server whose client keeps its connection open.
_SERVER_THREADS = ("process_request_thread",)
_THREADS_END_WITHIN_SECONDS = 30.0

# Objects, as in the daemon: with Python's 700, looking for garbage is a twentieth of all CPU.
_YOUNG = 20_000

_home = Path(tempfile.mkdtemp(prefix="s3syncd-home-"))


def _clean_environment() -> None:
    for name in list(os.environ):
        if name.upper().startswith(_CLEARED_PREFIXES) or name.lower() in _CLEARED_NAMES:
            del os.environ[name]
    os.environ["HOME"] = str(_home)
    os.environ["AWS_CONFIG_FILE"] = str(_home / "no-aws-config")
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = str(_home / "no-aws-credentials")
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"  # else 1-2 s of waiting for 169.254.169.254


_clean_environment()

# Shells have what they run in the background ignore Ctrl-C, and so would every daemon and command
# that a test starts, and wants to interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# The cores are shared with other tests, so one example's duration says nothing.
# Where a red run stops somebody (CI, the mutants) examples are the same each time; at a desk they
# are new ones, and what they find becomes a regression test.
_IS_MUTANT = "MUTANT_MODULE" in os.environ
_IS_FIXED = "CI" in os.environ or _IS_MUTANT
# That a mutant's test fails is all that is asked: nobody reads the smallest example of it.
_PHASES = (Phase.explicit, Phase.generate) if _IS_MUTANT else tuple(Phase)
hypothesis.settings.register_profile(
    "s3syncd", deadline=None, print_blob=True, derandomize=_IS_FIXED, phases=_PHASES
)
hypothesis.settings.load_profile("s3syncd")


def pytest_collection() -> None:
    """Collect tests without looking for garbage among them."""
    gc.disable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Strew the mutants among the others: they wait, those compute, and cores are kept busy.

    Between modules only, so that no fixture of a module is made twice. The order is otherwise kept,
    which is random and the same in each worker.
    """
    mutants = [item for item in items if item.get_closest_marker("mutant")]
    others = [item for item in items if not item.get_closest_marker("mutant")]
    modules = [list(each) for _, each in itertools.groupby(others, key=lambda item: item.path)]
    if not mutants or not modules:
        return
    ends = [len(mutants) * number // len(modules) for number in range(len(modules) + 1)]
    items[:] = [
        item
        for module, (start, end) in zip(modules, itertools.pairwise(ends), strict=True)
        for item in (*module, *mutants[start:end])
    ]


def pytest_collection_finish() -> None:
    """Keep thousands of tests and all modules out of each look for garbage: a tenth of all CPU."""
    gc.enable()
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])


def pytest_unconfigure() -> None:
    """Take the temporary home directory away."""
    shutil.rmtree(_home, ignore_errors=True)


@pytest.fixture(autouse=True)
def _as_if_it_were_the_first() -> Iterator[None]:
    """Undo what a command sets for its process, which here is the tests' own.

    Else each failed contact of all later tests would look for garbage in all that servers hold: the
    simulation's took four times as long.
    """
    failpoints.disarm()
    yield
    failpoints.disarm()
    collector._state["is_ours"] = False


@pytest.fixture(autouse=True)
def _no_thread_left() -> Iterator[None]:
    """Fail a test whose threads outlive it: they would act in the middle of another test.

    Threads that a wider fixture started are there before, and allowed to stay.
    """
    before = set(threading.enumerate())
    yield

    def left() -> list[str]:
        return [t.name for t in threading.enumerate() if t not in before and _belongs_to_test(t)]

    until(lambda: not left(), _THREADS_END_WITHIN_SECONDS, f"the test's threads ended: {left()}")


def _belongs_to_test(thread: threading.Thread) -> bool:
    # A _DummyThread is a foreign thread (awscrt's event loop) that called into Python once; it
    # belongs to the process and cannot be joined.
    if isinstance(thread, threading._DummyThread):
        return False
    return not any(name in thread.name for name in _SERVER_THREADS)
