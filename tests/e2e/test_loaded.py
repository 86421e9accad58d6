"""What a daemon loads: a library is paid for by who needs it, in CPU at the start and in memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import s3syncd
from s3syncd.cli.client import NoDaemonError, ask_status
from tests.e2e.site import write
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY, S3Server
from tests.waiting import until

_SPY = """
import json, sys
from s3syncd.__main__ import main
code = main()
heavy = {"boto3", "botocore", "awscrt", "structlog", "asyncio", "prometheus_client", "waitress"}
print(json.dumps([code, sorted(heavy & set(sys.modules))]))
"""
KEYS = {"access_key": ACCESS_KEY, "secret_access_key": SECRET_ACCESS_KEY}
ENVIRON = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY}
SMALL, LARGE = {"a/b": 10, "c": 70_000}, {"large": 5 * 2**20 + 1}


def configured(
    folder: Path, server: S3Server, files: dict[str, int], options: dict[str, Any]
) -> Path:
    """Make the files and an empty bucket; gives the configuration."""
    bucket = folder.name.replace("_", "-").lower().strip("-")
    server.create_bucket(bucket)
    for name, size_bytes in files.items():
        os.utime(write(folder / "root" / name, b"x" * size_bytes), (1e9, 1e9))
    site = {"name": "it", "path": str(folder / "root"), "bucket": bucket, **options}
    config = folder / "config.yml"
    config.write_text(json.dumps({
        "state_dir": str(folder / "state"), "http": {"listen": None}, "endpoint": server.endpoint,
        "region": "us-east-1", "multipart_threshold": "1MiB", "settle_open_seconds": 0.1,
        "sites": [site],
    }))  # fmt: skip
    config.chmod(0o600)
    return config


def loaded(
    folder: Path, server: S3Server, files: dict[str, int], options: dict[str, Any],
    environ: dict[str, str],
) -> list[str]:  # fmt: skip
    """Have a daemon upload the files and stop it; gives what it had loaded by then."""
    config = configured(folder, server, files, options)
    package = str(Path(s3syncd.__file__).parents[1])
    command = [sys.executable, "-c", _SPY, "-c", str(config)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, **environ, "PYTHONPATH": package},
    )  # fmt: skip

    def is_in_sync() -> bool:
        assert process.poll() is None
        try:
            site = ask_status(folder / "state")["sites"][0]
        except NoDaemonError:
            return False
        return bool(site["in_sync"] and site["files"] == len(files))

    try:
        until(is_in_sync, 30, "in sync")
    finally:
        process.send_signal(signal.SIGTERM)
        told, log = process.communicate(timeout=30)
    code, found = json.loads(told)
    assert code == 0, log
    return list(found)


@pytest.mark.e2e
@pytest.mark.parametrize("is_configured", [True, False], ids=["configuration", "environment"])
def test_small_files_and_static_keys_need_no_library_of_aws(
    tmp_path: Path, moto: S3Server, is_configured: bool
) -> None:
    options, environ = (KEYS, {}) if is_configured else ({}, ENVIRON)

    assert loaded(tmp_path, moto, SMALL, options, environ) == []


@pytest.mark.e2e
def test_large_files_need_no_more(tmp_path: Path, moto: S3Server) -> None:
    assert loaded(tmp_path, moto, SMALL | LARGE, KEYS, {}) == []


@pytest.mark.e2e
def test_behind_a_proxy_awscrt_carries_all(tmp_path: Path, moto: S3Server) -> None:
    environ = {"HTTP_PROXY": moto.endpoint}  # asked for an absolute address, it answers as well

    assert "awscrt" in loaded(tmp_path, moto, SMALL | LARGE, KEYS, environ)


@pytest.mark.e2e
def test_credentials_that_a_program_gives_are_boto3s_affair(tmp_path: Path, moto: S3Server) -> None:
    told = {"Version": 1, "AccessKeyId": ACCESS_KEY, "SecretAccessKey": SECRET_ACCESS_KEY}
    (tmp_path / "keys").write_text(json.dumps(told))
    config = tmp_path / "aws"
    config.write_text(f"[profile it]\ncredential_process = cat {tmp_path}/keys\n")

    found = loaded(tmp_path, moto, SMALL, {"profile": "it"}, {"AWS_CONFIG_FILE": str(config)})

    assert {"boto3", "botocore"} <= {*found}


@pytest.mark.e2e
@pytest.mark.parametrize("words", [["plan"], ["explain", "it", "c"]], ids=lambda words: words[0])
def test_a_question_needs_no_library_of_aws(
    tmp_path: Path, moto: S3Server, words: list[str]
) -> None:
    config = configured(tmp_path, moto, SMALL, KEYS)
    package = str(Path(s3syncd.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", _SPY, "-c", str(config), *words, "--json"],
        check=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": package},
    )  # fmt: skip
    *told, spied = done.stdout.splitlines()
    assert json.loads("\n".join(told))
    assert json.loads(spied) == [0, []]
