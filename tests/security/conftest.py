"""Offers the worlds in which the installed command runs."""

from __future__ import annotations

from tests.e2e.worlds import (
    moto,
    moto_client,
    new_world,
    open_world,
    proxy,
    rclone,
    rclone_world,
    world,
)
from tests.faults.conftest import strict, strict_world

__all__ = [
    "moto",
    "moto_client",
    "new_world",
    "open_world",
    "proxy",
    "rclone",
    "rclone_world",
    "strict",
    "strict_world",
    "world",
]
