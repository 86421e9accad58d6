"""Builds everything; starts, restarts, reloads and stops sites."""

from __future__ import annotations

from s3syncd.supervisor.once import sync
from s3syncd.supervisor.planning import plan
from s3syncd.supervisor.supervisor import Supervisor
from s3syncd.supervisor.verifying import verify

__all__ = ["Supervisor", "plan", "sync", "verify"]
