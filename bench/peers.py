"""Other programs, and the ways to run them that might be their fastest.

Which way is the fastest depends on machine, server and sizes, so it is found out before each
contest: see `bench.heats`.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.server import ACCESS_KEY, BUCKET, SECRET_KEY, tool

__all__ = [
    "DISTANT",
    "LARGE",
    "PEERS",
    "SMALL",
    "Style",
    "copy_command",
    "environment",
    "sync_command",
    "versions",
]

PEERS = ("s5cmd", "rclone", "aws")


@dataclass(frozen=True)
class Style:
    """One way to run a peer.

    Attributes:
        options: before s5cmd's command, after rclone's; for aws lines of its configuration.
        copy_options: after s5cmd's `cp`.
    """

    options: tuple[str, ...] = ()
    copy_options: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join([*self.options, *self.copy_options]) or "its defaults"


Styles = Mapping[str, Sequence[Style]]


def _s5cmd(workers: int, *copy_options: str) -> Style:
    return Style(("--numworkers", str(workers)), copy_options)


def _rclone(transfers: int, *options: str) -> Style:
    return Style(("--transfers", str(transfers), *options))


def _aws(requests: int, *, client: str = "classic", chunk_mib: int = 8) -> Style:
    return Style(
        (f"preferred_transfer_client={client}", f"max_concurrent_requests={requests}",
         f"multipart_chunksize={chunk_mib}MB")
    )  # fmt: skip


# Many small files.
SMALL: Styles = {
    "s5cmd": [_s5cmd(16), _s5cmd(64), _s5cmd(256)],
    "rclone": [_rclone(16), _rclone(64), _rclone(128)],
    "aws": [_aws(10), _aws(32), _aws(10, client="crt")],
}
# The same where each answer takes its time.
DISTANT: Styles = {
    "s5cmd": [_s5cmd(128), _s5cmd(256), _s5cmd(512)],
    "rclone": [_rclone(64), _rclone(128), _rclone(256)],
    "aws": [_aws(32), _aws(64), _aws(64, client="crt")],
}
# Files of many MiB.
LARGE: Styles = {
    "s5cmd": [
        _s5cmd(256),
        _s5cmd(64, "--concurrency", "8", "--part-size", "16"),
        _s5cmd(64, "--concurrency", "16", "--part-size", "8"),
    ],
    "rclone": [
        _rclone(8, "--s3-upload-concurrency", "8", "--s3-chunk-size", "8M"),
        _rclone(8, "--s3-upload-concurrency", "4", "--s3-chunk-size", "16M"),
        _rclone(8, "--s3-upload-concurrency", "8", "--s3-chunk-size", "16M",
                "--s3-disable-checksum"),
    ],
    "aws": [_aws(10), _aws(16, chunk_mib=16), _aws(10, client="crt")],
}  # fmt: skip


def environment(folder: Path, style: Style) -> dict[str, str]:
    """What all of them need: credentials, no configuration of the user's, no proxy."""
    aws = folder / "aws-config"
    lines = [option.replace("=", " = ", 1) for option in style.options if "=" in option]
    told = "".join(f"  {line}\n" for line in ["addressing_style = path", *lines])
    aws.write_text(f"[default]\nregion=us-east-1\ns3 =\n{told}")
    kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return kept | {
        "HOME": str(folder), "AWS_CONFIG_FILE": str(aws), "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": "us-east-1",
        "RCLONE_CONFIG_B_TYPE": "s3", "RCLONE_CONFIG_B_PROVIDER": "Rclone",
        "RCLONE_CONFIG_B_ENV_AUTH": "true", "RCLONE_CONFIG": os.devnull,
    }  # fmt: skip


def copy_command(peer: str, root: Path, endpoint: str, style: Style) -> list[str]:
    """Upload `root` to a prefix with the peer's name, into an empty bucket."""
    target = f"s3://{BUCKET}/{peer}/"
    if peer == "s5cmd":
        return [
            _tool(peer), "--endpoint-url", endpoint, "--log", "error", *style.options,
            "cp", *style.copy_options, f"{root}/", target,
        ]  # fmt: skip
    if peer == "rclone":
        return [
            _tool(peer), "copy", "--no-check-dest", *_rclone_always(endpoint), *style.options,
            str(root), f"b:{BUCKET}/{peer}",
        ]  # fmt: skip
    return [
        _tool(peer), "--endpoint-url", endpoint, "s3", "cp", "--recursive", "--only-show-errors",
        str(root), target,
    ]  # fmt: skip


def sync_command(peer: str, root: Path, endpoint: str, prefix: str) -> list[str]:
    """Make a prefix equal to `root`, comparing by size only."""
    target = f"s3://{BUCKET}/{prefix}/"
    if peer == "s5cmd":
        return [
            _tool(peer), "--endpoint-url", endpoint, "--log", "error", "sync", "--size-only",
            f"{root}/", target,
        ]  # fmt: skip
    if peer == "rclone":
        return [
            _tool(peer), "sync", "--fast-list", "--size-only", *_rclone_always(endpoint),
            str(root), f"b:{BUCKET}/{prefix}",
        ]  # fmt: skip
    return [
        _tool(peer), "--endpoint-url", endpoint, "s3", "sync", "--size-only",
        "--only-show-errors", str(root), target,
    ]  # fmt: skip


def versions() -> str:
    """What is compared with, for the report."""
    told = []
    for peer, argument in (("s5cmd", "version"), ("rclone", "version"), ("aws", "--version")):
        program = tool(peer)
        if program is None:
            told.append(f"{peer} not installed")
            continue
        done = subprocess.run([program, argument], capture_output=True, text=True, check=True)
        line = done.stdout.splitlines()[0].split(" Python")[0]
        told.append(line if peer in line else f"{peer} {line}")
    return ", ".join(told)


def _rclone_always(endpoint: str) -> list[str]:
    return ["--s3-no-head", "--s3-no-check-bucket", "--s3-endpoint", endpoint]


def _tool(name: str) -> str:
    program = tool(name)
    if program is None:
        raise SystemExit(f"{name} is not installed: use `make bench`")
    return program
