"""Each way to run the daemon in a cluster."""

from __future__ import annotations

from typing import Any

import pytest

from tests.deployments.manifests import MANIFESTS, manifest


@pytest.fixture(params=[*MANIFESTS, "chart"])
def documents(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    """Each way to run it in a cluster."""
    return manifest(request.param)
