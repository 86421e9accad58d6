"""`s3syncd check`: is the configuration right, and does everything it names answer?

One line per probe, with the remedy. Nothing is left behind, in the bucket or on disk.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TextIO

from s3syncd.cli import exits
from s3syncd.cli.advice import advice_of
from s3syncd.cli.config import document_of
from s3syncd.cli.daemon_probes import probe_daemon, probe_ledger
from s3syncd.cli.patience import Tell, patience
from s3syncd.cli.wording import Palette, printable, screen_columns, shortened, wrapped
from s3syncd.config.checks import store_of
from s3syncd.config.describe import describe
from s3syncd.config.load import load
from s3syncd.config.models import Config, SiteConfig
from s3syncd.config.origins import origins
from s3syncd.core.advice import Advice
from s3syncd.core.cost import class_hints, listing_finding, storage_class_of
from s3syncd.core.finding import Finding, Verdict
from s3syncd.errors import ConfigError, UnknownSiteError
from s3syncd.local.probe import probe_root
from s3syncd.local.survey import Survey, survey

__all__ = ["execute"]

Probe = Callable[[SiteConfig], Iterable[Finding]]

_DAEMON = "-"
"""Stands for a site where a probe is of none."""
_SITE_COLUMNS = 24
"""Of a site's name: more would leave too little for what is said of it."""

_PROBE_COLUMNS = 18
"""Of a probe's name on a terminal: the longest there is."""

_UNTRIED = (
    "not tried: state_dir, log.file, http.listen, directories and buckets; `s3syncd check` tries"
    " them, on the daemon's machine"
)
"""What `--offline` leaves out: a file may be validated on any machine."""

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
        ConfigError: the configuration cannot be used, or has no such site.
    """
    stream = stream or sys.stdout
    config = load(arguments.config)
    sites = _chosen(config, arguments)
    if arguments.offline:
        told = origins(config)
        document = document_of(config, told)
        stream.write(json.dumps(document, indent=2) + "\n" if arguments.json else describe(config))
        print(advice_of(arguments).runnable(_UNTRIED), file=sys.stderr)
        return exits.OK
    show = _print_json if arguments.json else _print_text
    with patience(sys.stderr) as tell:
        found = _runnable(_findings(config, sites, probe or _probe, tell), advice_of(arguments))
        return show(config.warnings, found, stream)


def _runnable(
    findings: Iterable[tuple[str, Finding]], advice: Advice
) -> Iterator[tuple[str, Finding]]:
    for site, found in findings:
        name = "" if site == _DAEMON else site
        yield site, found._replace(remedy=advice.runnable(found.remedy, site=name))


def _print_text(
    warnings: Iterable[str], findings: Iterable[tuple[str, Finding]], stream: TextIO
) -> int:
    """Print each finding when it is known: under its site on a terminal, else with its name."""
    stream.writelines(f"warning: {warning}\n" for warning in warnings)
    palette, is_terminal, width = Palette(stream), stream.isatty(), screen_columns(stream)
    is_failed, last = False, ""
    for site, finding in findings:
        if is_terminal and site != last:
            heading = "the daemon" if site == _DAEMON else printable(site)
            stream.write(palette.paint("bold", heading) + "\n")
        last = site
        lines = _lines("" if is_terminal else site, finding, palette, width)
        stream.writelines(line + "\n" for line in lines)
        stream.flush()
        is_failed = is_failed or finding.verdict is Verdict.FAILED
    return exits.FATAL if is_failed else exits.OK


def _print_json(
    warnings: Iterable[str], findings: Iterable[tuple[str, Finding]], stream: TextIO
) -> int:
    listed = [
        {
            "site": None if site == _DAEMON else site,
            "probe": finding.probe,
            "verdict": str(finding.verdict),
            "text": finding.text,
            "remedy": finding.remedy or None,
        }
        for site, finding in findings
    ]
    is_failed = any(each["verdict"] == Verdict.FAILED for each in listed)
    document = {"ok": not is_failed, "warnings": list(warnings), "findings": listed}
    stream.write(json.dumps(document, indent=2) + "\n")
    return exits.FATAL if is_failed else exits.OK


def _chosen(config: Config, arguments: argparse.Namespace) -> list[SiteConfig]:
    """Give the sites to probe.

    Raises:
        UnknownSiteError: one that is named is none.
        ConfigError: one is named, and nobody is to be asked about it.
    """
    known = [site.name for site in config.sites]
    for name in arguments.sites:
        if name not in known:
            raise UnknownSiteError.of(name, known)
    if arguments.sites and arguments.offline:
        said = "s3syncd check: --offline validates the whole file: not allowed with a site"
        raise ConfigError([said])
    return [site for site in config.sites if not arguments.sites or site.name in arguments.sites]


def _findings(
    config: Config, sites: Iterable[SiteConfig], probe: Probe, tell: Tell
) -> Iterator[tuple[str, Finding]]:
    for finding in probe_daemon(config):
        yield _DAEMON, finding
    for site in sites:
        place = f"s3://{site.bucket}/{site.prefix} at {site.endpoint or 'AWS S3'}"
        tell(f"{site.name}: for {site.root} and {place} to answer")
        if trouble := probe_ledger(config, site):
            yield site.name, trouble
        for finding in probe(site):
            yield site.name, finding


def _probe(site: SiteConfig) -> Iterator[Finding]:
    from s3syncd.s3.probe import Wanted, probe_bucket  # noqa: PLC0415 - loads boto3, 0.3 s
    from s3syncd.s3.settings import bucket_settings  # noqa: PLC0415 - as above
    from s3syncd.supervisor.build import scope_of  # noqa: PLC0415 - as above

    tree = survey(site.root, scope_of(site), now=time.time(), has_sizes=_is_cold(site))
    root = list(probe_root(site.root, tree, watcher=site.watcher, poll_seconds=site.poll_seconds))
    yield from root
    wanted = Wanted(
        is_retiring=site.retire_deleted,
        needs_conditions=site.on_drift == "hold",
        storage_class=site.storage_class,
    )
    yield from probe_bucket(bucket_settings(site, max_connections=1), wanted)
    if all(finding.verdict is not Verdict.FAILED for finding in root):
        yield from _hints(site, tree)


def _hints(site: SiteConfig, tree: Survey) -> Iterator[Finding]:
    """Tell what the site will cost, as far as its files and its intervals tell."""
    is_aws = not store_of(site, os.environ)
    found = listing_finding(tree.files, site.reconcile_interval_seconds, is_aws=is_aws)
    if not tree.is_whole:
        found = found._replace(text=f"at least {found.text.removeprefix('about ')}")
    yield found
    if is_aws:
        known = storage_class_of(site.storage_class)
        yield from class_hints(known, files=tree.files, small=tree.small, recent=tree.recent)


def _is_cold(site: SiteConfig) -> bool:
    """Whether it matters what the files are like."""
    known = storage_class_of(site.storage_class)
    return known is not None and known.least_days > 0 and not store_of(site, os.environ)


def _lines(site: str, finding: Finding, palette: Palette, width: int) -> list[str]:
    """Word a finding: in one line where it fits, else with the remedy below, indented.

    Args:
        site: its name; empty under a heading with it: the probe then has a column of its own.
        finding: what is worded.
        palette: colours, or none.
        width: columns to fill at most, where that can be.
    """
    verdict = f"{finding.verdict:<7}"
    said, remedy = printable(finding.text), f"-> {printable(finding.remedy)}"
    start = f"  {verdict}  {finding.probe:<{_PROBE_COLUMNS}}  "
    hanging = " " * len(start)
    if site:
        said = f"{shortened(printable(site), _SITE_COLUMNS)}: {finding.probe}: {said}"
        start = f"{verdict}  "
        hanging = " " * len(start)
    remedy = remedy if finding.remedy else ""
    lines = [f"{start}{said} {remedy}".rstrip()]
    if len(lines[0]) > width:
        lines = wrapped(said, indent=start, hanging=hanging, width=width)
        lines += wrapped(remedy, indent=hanging, hanging=f"{hanging}   ", width=width)
    painted = palette.paint(_COLOURS[finding.verdict], verdict)
    return [lines[0].replace(verdict, painted, 1), *lines[1:]]
