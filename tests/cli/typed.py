"""Commands as they are typed, with fakes in place of what they would ask."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from s3syncd.cli import check
from s3syncd.cli.main import build_parser
from s3syncd.core.finding import Finding

__all__ = ["checked", "parse"]


def parse(config: Path, *words: str) -> Any:
    return build_parser().parse_args([*words, "-c", str(config)])


def checked(config: Path, *findings: Finding) -> tuple[int, str]:
    stream = io.StringIO()
    code = check.execute(parse(config, "check"), probe=lambda _: findings, stream=stream)
    return code, stream.getvalue()
