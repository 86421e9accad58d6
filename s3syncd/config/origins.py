"""Tells where each option in force was written: its line of the file, or that it is the default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from s3syncd.config import document, layout
from s3syncd.config.models import Config
from s3syncd.config.problems import Problems

__all__ = ["Origins", "origins"]

DEFAULT = "default"


class Origins(NamedTuple):
    """Where options stand: those of the daemon, and of each site in the order of the file."""

    globals: Mapping[str, str]
    sites: tuple[Mapping[str, str], ...]

    def of_global(self, key: str) -> str:
        """Tell where a global option comes from."""
        return self.globals.get(key, DEFAULT)

    def of_site(self, number: int, key: str) -> str:
        """Tell where an option of a site comes from."""
        return self.sites[number].get(key, DEFAULT) if number < len(self.sites) else DEFAULT


def origins(config: Config) -> Origins:
    """Read the file once more, for its lines only; what is wrong with it was told by `load`."""
    unread = Problems(str(config.path))
    root, _ = document.read(config.path, unread)
    if root is None:  # it was taken away meanwhile
        return Origins({}, ())
    given = layout.given_globals(root, unread)
    sites = []
    for site in layout.given_sites(root, unread):
        merged = layout.inherit(site.options, given)
        told = {
            key: f"line {option.line}{'' if key in site.options else ', for all sites'}"
            for key, option in merged.items()
            if not layout.is_absent(option)
        }
        is_polling = layout.spelled(merged.get("watcher")) == "polling"
        if "watch_interval" in told and not is_polling:
            told.setdefault("settle_seconds", f"watch_interval, {told['watch_interval']}")
        sites.append(told)
    lines = {
        key: f"line {option.line}" for key, option in given.items() if not layout.is_absent(option)
    }
    return Origins(_defaults(config) | lines, tuple(sites))


def _defaults(config: Config) -> dict[str, str]:
    """Tell where the defaults come from that are not the same everywhere."""
    found: dict[str, str] = {}
    if str(config.state_dir) == (os.environ.get("STATE_DIRECTORY") or "").split(":")[0]:
        found["state_dir"] = "default: $STATE_DIRECTORY"
    for key in ("buffer_bytes", "checksum_workers"):
        usual = Config.model_fields[key].get_default(call_default_factory=True)
        if getattr(config, key) != usual:
            found[key] = "default, lowered for the limit of this container or service"
    return found
