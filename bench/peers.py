"""Other programs' first uploads, each with the settings that were fastest for small files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from bench.server import ACCESS_KEY, BUCKET, SECRET_KEY, tool

__all__ = ["environment", "upload_commands"]


def environment(folder: Path) -> dict[str, str]:
    """What all of them need: credentials, no configuration of the user's, no proxy."""
    aws = folder / "aws-config"
    aws.write_text("[default]\nregion=us-east-1\ns3 =\n  max_concurrent_requests = 32\n")
    kept = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return kept | {
        "HOME": str(folder), "AWS_CONFIG_FILE": str(aws), "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": "us-east-1",
        "RCLONE_CONFIG_B_TYPE": "s3", "RCLONE_CONFIG_B_PROVIDER": "Rclone",
        "RCLONE_CONFIG_B_ENV_AUTH": "true", "RCLONE_CONFIG": os.devnull,
    }  # fmt: skip


def upload_commands(root: Path, endpoint: str) -> Iterator[tuple[str, list[str]]]:
    """Name and command of each installed peer, uploading `root` to a prefix of its own."""
    if program := tool("s5cmd"):
        target = f"s3://{BUCKET}/s5cmd/"
        yield (
            "s5cmd",
            [program, "--endpoint-url", endpoint, "--log", "error", "cp", f"{root}/", target],
        )
    if program := tool("rclone"):
        yield (
            "rclone",
            [program, "copy", "--transfers", "64", "--s3-no-head", "--s3-no-check-bucket",
             "--s3-endpoint", endpoint, str(root), f"b:{BUCKET}/rclone"],
        )  # fmt: skip
    if program := tool("aws"):
        target = f"s3://{BUCKET}/aws/"
        yield (
            "aws-cli",
            [program, "--endpoint-url", endpoint, "s3", "cp", "--recursive", "--only-show-errors",
             str(root), target],
        )  # fmt: skip
