"""What the HTTP side shows in tests, and what it logs."""

from __future__ import annotations

import pytest

from tests.web.http.view import FakeView, Lines


@pytest.fixture
def view() -> FakeView:
    return FakeView()


@pytest.fixture
def log() -> Lines:
    return Lines()
