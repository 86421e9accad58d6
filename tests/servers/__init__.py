"""S3 servers for tests, on loopback and a free port: moto, rclone, and one that misbehaves."""

from __future__ import annotations

from tests.servers.behaviour import (
    Answer,
    Seen,
    drop_response,
    error_in_success,
    hang_up,
    hold,
    lose_etag,
    respond,
    s3_error,
    slow_down,
    stall,
)
from tests.servers.keys import ACCESS_KEY, SECRET_ACCESS_KEY
from tests.servers.real import S3Server, moto_server, rclone_binary, rclone_server
from tests.servers.serving import stub_server
from tests.servers.stub import StubServer

__all__ = [
    "ACCESS_KEY",
    "SECRET_ACCESS_KEY",
    "Answer",
    "S3Server",
    "Seen",
    "StubServer",
    "drop_response",
    "error_in_success",
    "hang_up",
    "hold",
    "lose_etag",
    "moto_server",
    "rclone_binary",
    "rclone_server",
    "respond",
    "s3_error",
    "slow_down",
    "stall",
    "stub_server",
]
