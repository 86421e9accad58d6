"""`s3syncd check`: is the configuration right, and does everything it names answer?

One line per probe, with the remedy. Nothing is left behind, in the bucket or on disk.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO

from s3syncd.cli import exits
from s3syncd.cli.wording import Palette, printable, screen_columns, shortened, wrapped
from s3syncd.config.describe import describe
from s3syncd.config.load import load
from s3syncd.config.models import Config, SiteConfig
from s3syncd.core.finding import Finding, Verdict
from s3syncd.local.probe import probe_root, probe_state_dir

__all__ = ["execute"]

Probe = Callable[[SiteConfig], Iterable[Finding]]


_SITE_COLUMNS = 24
"""Of a site's name: more would leave too little for what is said of it."""

_COLOURS = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILED: "red"}


def execute(
    arguments: argparse.Namespace, *, probe: Probe | None = None, stream: TextIO | None = None
) -> int:
    """Validate and probe; exit code 1 if a probe fails.

    Args:
        arguments: the command line.
        probe: probes one site; by default its root and its bucket.
        stream: where the lines go.

    Raises:
        ConfigError: the configuration cannot be used.
    """
    stream = stream or sys.stdout
    config = load(arguments.config)
    if arguments.offline:
        stream.write(describe(config))
        return exits.OK
    stream.writelines(f"warning: {warning}\n" for warning in config.warnings)
    is_failed = False
    for site, finding in _findings(config, probe or _probe):
        lines = _lines(site, finding, Palette(stream), screen_columns())
        stream.writelines(line + "\n" for line in lines)
        stream.flush()
        is_failed = is_failed or finding.verdict is Verdict.FAILED
    return exits.FATAL if is_failed else exits.OK


def _findings(config: Config, probe: Probe) -> Iterator[tuple[str, Finding]]:
    yield "-", probe_state_dir(config.state_dir)
    for site in config.sites:
        for finding in probe(site):
            yield site.name, finding


def _probe(site: SiteConfig) -> Iterator[Finding]:
    from s3syncd.s3.probe import Wanted, probe_bucket  # noqa: PLC0415 - loads boto3, 0.3 s
    from s3syncd.s3.settings import bucket_settings  # noqa: PLC0415 - as above

    yield from probe_root(site.root, watcher=site.watcher)
    wanted = Wanted(
        is_retiring=site.retire_deleted,
        needs_conditions=site.on_drift == "hold",
        storage_class=site.storage_class,
    )
    yield from probe_bucket(bucket_settings(site, max_connections=1), wanted)


def _lines(site: str, finding: Finding, palette: Palette, width: int) -> list[str]:
    """Word a finding: in one line where it fits, else with the remedy below, indented."""
    verdict = f"{finding.verdict:<7}"
    said = (
        f"{shortened(printable(site), _SITE_COLUMNS)}: {finding.probe}: {printable(finding.text)}"
    )
    remedy = f"-> {printable(finding.remedy)}" if finding.remedy else ""
    lines = [f"{verdict}  {said} {remedy}".rstrip()]
    if len(lines[0]) > width:
        indent = " " * len(f"{verdict}  ")
        lines = wrapped(said, indent=f"{verdict}  ", hanging=indent, width=width)
        lines += wrapped(remedy, indent=indent, hanging=f"{indent}   ", width=width)
    lines[0] = palette.paint(_COLOURS[finding.verdict], verdict) + lines[0][len(verdict) :]
    return lines
