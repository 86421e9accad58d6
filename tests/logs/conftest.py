"""A log that tests read, and a clock that stands still until it is moved."""

from __future__ import annotations

import io

import pytest

from s3syncd import logs
from tests.clock import Clock


@pytest.fixture(autouse=True)
def _put_back():
    yield
    logs.configure(stream=io.StringIO())
    logs.configure()


@pytest.fixture
def clock():
    return Clock(1_700_000_000.25)


@pytest.fixture
def log_to(clock):
    def configure(stream=None, **options):
        stream = stream or io.StringIO()
        logs.configure(stream=stream, wall=clock, monotonic=clock, **options)
        return stream

    return configure
