"""The credentials that all servers of the tests know."""

from __future__ import annotations

__all__ = ["ACCESS_KEY", "SECRET_ACCESS_KEY"]

ACCESS_KEY = "AKIDTESTTESTTEST"
SECRET_ACCESS_KEY = "a-secret-that-must-never-be-shown"
