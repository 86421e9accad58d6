"""A slice of the machine; the long form is `make simulation ARGS="--machine 2000 --steps 60"`."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

from tests.simulation.machine import SiteMachine

TestSite = SiteMachine.TestCase
TestSite.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None, derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
