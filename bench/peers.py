"""Other programs, each with the settings that were fastest in the case at hand.

How they were found: bench/TUNING.md.
"""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.server import ACCESS_KEY, BUCKET, SECRET_KEY, tool

__all__ = ["PEERS", "Tuning", "copy_command", "environment", "sync_command", "versions"]

PEERS = ("s5cmd", "rclone", "aws")


@dataclass(frozen=True)
class Tuning:
    """What is set differently from case to case."""

    s5cmd_workers: int = 32
    rclone_transfers: int = 64
    aws_requests: int = 16
    is_aws_crt: bool = False
    rclone_options: tuple[str, ...] = ()
    s5cmd_options: tuple[str, ...] = ()  # of cp


def environment(folder: Path, tuning: Tuning) -> dict[str, str]:
    """What all of them need: credentials, no configuration of the user's, no proxy."""
    client = "crt" if tuning.is_aws_crt else "classic"
    aws = folder / "aws-config"
    aws.write_text(
        f"[default]\nregion=us-east-1\ns3 =\n  max_concurrent_requests = {tuning.aws_requests}\n"
        f"  preferred_transfer_client = {client}\n  addressing_style = path\n"
    )
    kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return kept | {
        "HOME": str(folder), "AWS_CONFIG_FILE": str(aws), "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": "us-east-1",
        "RCLONE_CONFIG_B_TYPE": "s3", "RCLONE_CONFIG_B_PROVIDER": "Rclone",
        "RCLONE_CONFIG_B_ENV_AUTH": "true", "RCLONE_CONFIG": os.devnull,
    }  # fmt: skip


def copy_command(peer: str, root: Path, endpoint: str, tuning: Tuning) -> list[str]:
    """Upload `root` to a prefix with the peer's name, into an empty bucket."""
    target = f"s3://{BUCKET}/{peer}/"
    if peer == "s5cmd":
        return [
            _tool(peer), "--endpoint-url", endpoint, "--log", "error",
            "--numworkers", str(tuning.s5cmd_workers), "cp", *tuning.s5cmd_options,
            f"{root}/", target,
        ]  # fmt: skip
    if peer == "rclone":
        return [
            _tool(peer), "copy", "--transfers", str(tuning.rclone_transfers), "--no-check-dest",
            *_rclone(endpoint), *tuning.rclone_options, str(root), f"b:{BUCKET}/{peer}",
        ]  # fmt: skip
    return [
        _tool(peer), "--endpoint-url", endpoint, "s3", "cp", "--recursive", "--only-show-errors",
        str(root), target,
    ]  # fmt: skip


def sync_command(peer: str, root: Path, endpoint: str, prefix: str, tuning: Tuning) -> list[str]:
    """Make a prefix equal to `root`, comparing by size where that can be asked for."""
    target = f"s3://{BUCKET}/{prefix}/"
    if peer == "s5cmd":
        return [
            _tool(peer), "--endpoint-url", endpoint, "--log", "error", "sync", "--size-only",
            f"{root}/", target,
        ]  # fmt: skip
    if peer == "rclone":
        return [
            _tool(peer), "sync", "--fast-list", "--size-only", *_rclone(endpoint),
            *tuning.rclone_options, str(root), f"b:{BUCKET}/{prefix}",
        ]  # fmt: skip
    return [
        _tool(peer), "--endpoint-url", endpoint, "s3", "sync", "--size-only",
        "--only-show-errors", str(root), target,
    ]  # fmt: skip


def versions() -> str:
    """What is compared with, for the report."""
    told = []
    for peer, arguments in (
        ("s5cmd", ["version"]),
        ("rclone", ["version"]),
        ("aws", ["--version"]),
    ):
        program = tool(peer)
        if program is None:
            told.append(f"{peer} not installed")
            continue
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=True)
        line = done.stdout.splitlines()[0].split(" Python")[0]
        told.append(line if peer in line else f"{peer} {line}")
    return ", ".join(told)


def _rclone(endpoint: str) -> list[str]:
    return ["--s3-no-head", "--s3-no-check-bucket", "--s3-endpoint", endpoint]


def _tool(name: str) -> str:
    program = tool(name)
    if program is None:
        raise SystemExit(f"{name} is not installed: use `make bench`")
    return program
