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

__all__ = [
    "moto",
    "moto_client",
    "new_world",
    "open_world",
    "proxy",
    "rclone",
    "rclone_world",
    "world",
]
