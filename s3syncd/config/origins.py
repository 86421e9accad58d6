"""Tells where each option in force was written: its line of the file, or that it is the default."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final, NamedTuple

from s3syncd.config import document, layout
from s3syncd.config.checks import SHORTER, raised
from s3syncd.config.layout import Given
from s3syncd.config.models import Config, SiteConfig, SiteOptions
from s3syncd.config.problems import Problems
from s3syncd.config.validate import Keys, keys_of

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
    # Limits have one key at both places and are not inherited: each is its own.
    shared = {key: option for key, option in given.items() if key in _OPTIONS.names}
    sites = [
        _of_site(settings, site.options, shared)
        for settings, site in zip(config.sites, layout.given_sites(root, unread), strict=False)
    ]
    lines = {
        key: f"line {option.line}" for key, option in given.items() if _counts(key, option, _DAEMON)
    }
    return Origins(_defaults(config) | lines, tuple(sites))


_OPTIONS: Final = keys_of(SiteOptions)
_SITE: Final = keys_of(SiteConfig)
_DAEMON: Final = keys_of(Config)


def _of_site(
    settings: SiteConfig, own: Mapping[str, Given], shared: Mapping[str, Given]
) -> dict[str, str]:
    merged = layout.inherit(own, shared)
    told = {
        key: f"line {option.line}{'' if key in own else ', for all sites'}"
        for key, option in merged.items()
        if _counts(key, option, _SITE)
    }
    is_polling = settings.watcher == "polling"
    if settings.watch_interval_seconds is not None and not is_polling:
        told.setdefault("settle_seconds", f"watch_interval, {told['watch_interval']}")
    for key in raised(settings, merged):
        told[key] = f"{told.get(key, DEFAULT)}, raised to {SHORTER[key]}"
    return told


def _counts(key: str, option: Given, keys: Keys) -> bool:
    """Whether what stands there is in force: a null counts only where it is a value."""
    return key in keys.nullable or not layout.is_absent(option)


def _defaults(config: Config) -> dict[str, str]:
    """Tell where the defaults come from that are not the same everywhere."""
    found: dict[str, str] = {}
    of_service = (os.environ.get("STATE_DIRECTORY") or "").split(":")[0]
    if of_service and str(config.state_dir) == os.path.realpath(of_service):
        found["state_dir"] = "default: $STATE_DIRECTORY"
    for key in ("buffer_bytes", "checksum_workers"):
        usual = Config.model_fields[key].get_default(call_default_factory=True)
        if getattr(config, key) != usual:
            found[key] = "default, lowered for the limit of this container or service"
    return found
