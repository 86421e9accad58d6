"""What can only be judged with the whole configuration in view: sites against each other."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from s3syncd.config import parse, places
from s3syncd.config.document import Scalar
from s3syncd.config.layout import CREDENTIALS, KEY_PAIR, Given, GivenSite, is_absent, spelled
from s3syncd.config.models import SiteConfig
from s3syncd.config.parse import UnusableError
from s3syncd.config.problems import Problems

__all__ = [
    "NEEDS_TOKEN",
    "SHORTER",
    "LoadedSite",
    "check_credentials",
    "check_log_file",
    "check_places",
    "check_state_dir",
    "check_store",
    "inner_prefixes",
    "raised",
    "store_of",
    "suspicions",
]

# Classes a PUT may name (botocore 1.44, shape StorageClass, without those AWS alone assigns).
AWS_STORAGE_CLASSES = (
    "STANDARD",
    "STANDARD_IA",
    "ONEZONE_IA",
    "INTELLIGENT_TIERING",
    "GLACIER_IR",
    "GLACIER",
    "DEEP_ARCHIVE",
    "REDUCED_REDUNDANCY",
    "EXPRESS_ONEZONE",
    "OUTPOSTS",
    "SNOW",
)


NEEDS_TOKEN = "is reachable from other machines, and does not listen without http.token"  # noqa: S105 - a sentence


SHORTER = {
    "settle_open_seconds": "settle_seconds",
    "settle_deadline_seconds": "settle_open_seconds",
}
"""Which time each of these is at least: a shorter one is raised to it."""


class LoadedSite(NamedTuple):
    """A valid site with the place it was written at.

    `options` holds the inherited ones too. `store` is the endpoint, empty for AWS.
    """

    config: SiteConfig
    written: GivenSite
    options: Mapping[str, Given]
    store: str

    def place(self, key: str) -> tuple[int, str]:
        """Return line and label of an option, or of the site when it was not given."""
        given = self.options.get(key)
        if given is None:
            return self.written.line, f"{self.written.label}.{key}"
        return given.line, given.label


def check_credentials(options: Mapping[str, Given], label: str, problems: Problems) -> None:
    """Refuse half a pair, a token without a pair, and keys next to a profile, at one level."""
    given = {key: options[key] for key in CREDENTIALS if not is_absent(options.get(key))}
    dot = f"{label}." if label else ""
    missing = [key for key in KEY_PAIR if key not in given]
    if len(missing) == 1:
        other = given[KEY_PAIR[1 - KEY_PAIR.index(missing[0])]]
        what = f"is missing next to {other.label}"
        problems.add(other.line, dot + missing[0], what, "write both, at the same level, or none")
    if "session_token" in given and len(missing) == 2:
        token = given["session_token"]
        problems.add(
            token.line, token.label, "stands without keys", "write access_key, secret_access_key"
        )
    if "profile" in given and len(missing) < 2:
        profile = given["profile"]
        problems.add(
            profile.line, profile.label, "stands next to access_key", "keep one of the two"
        )


def store_of(site: SiteConfig, environ: Mapping[str, str]) -> str:
    """Return the endpoint a site talks to; empty for AWS. The SDK's variables name one, too."""
    url = site.endpoint or environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
    try:
        return places.store_of(places.endpoint(url)) if url else ""
    except UnusableError:
        return str(url)


def check_store(site: LoadedSite, problems: Problems) -> None:
    """Hold bucket and storage class against AWS's rules, unless the store is another one."""
    if site.store:
        return
    storage_class = site.config.storage_class
    if storage_class is not None and storage_class not in AWS_STORAGE_CLASSES:
        problems.add(
            *site.place("storage_class"),
            "is not a storage class of AWS",
            "write one of " + " ".join(AWS_STORAGE_CLASSES) + ", or set endpoint",
        )
    objection = places.aws_bucket(site.config.bucket)
    if objection is not None:
        problems.add(*site.place("bucket"), objection.what, objection.write)


def check_places(sites: Sequence[LoadedSite], problems: Problems) -> None:
    """Refuse two sites of one name, and two that keep the same prefix."""
    names: dict[str, LoadedSite] = {}
    targets: dict[tuple[str, str, str], LoadedSite] = {}
    for site in sites:
        twin = names.setdefault(site.config.name, site)
        if twin is not site:
            what = f"is also the name of {twin.written.label} (line {twin.written.line})"
            problems.add(*site.place("name"), what, "write a name of its own")
        config = site.config
        target = (site.store, config.bucket, config.prefix)
        twin = targets.setdefault(target, site)
        if twin is not site:
            what = f"has the bucket and prefix of {twin.written.label} (line {twin.written.line})"
            problems.add(
                site.written.line, site.written.label, what, "write another prefix for one of them"
            )


def inner_prefixes(site: LoadedSite, sites: Sequence[LoadedSite]) -> tuple[str, ...]:
    """Return the prefixes below this site's that belong to other sites, sorted."""
    outer = site.config
    return tuple(
        sorted(
            {
                inner.prefix
                for inner, _, _, store in sites
                if store == site.store
                and inner.bucket == outer.bucket
                and inner.prefix != outer.prefix
                and inner.prefix.startswith(outer.prefix)
            }
        )
    )


def check_state_dir(
    sites: Sequence[LoadedSite], state_dir: Path, given: Given | None, problems: Problems
) -> None:
    """Refuse state inside a site: each write would be a change to upload."""
    for site in sites:
        if not state_dir.is_relative_to(site.config.root):
            continue
        if given is not None:
            what = f"is inside the directory of {site.written.label}"
            problems.add(given.line, given.label, what, "write one outside of every site")
        else:
            what = "contains the default state_dir"
            problems.add(*site.place("path"), what, "write a state_dir outside of every site")


def check_log_file(
    sites: Sequence[LoadedSite], log_file: Path, given: Given, problems: Problems
) -> None:
    """Refuse a log inside a site: each upload would log a line, each line be an upload."""
    for site in sites:
        if _is_synced(log_file, site.config):
            what = f"is inside the directory of {site.written.label}"
            problems.add(given.line, given.label, what, "write it elsewhere or exclude it")


def _is_synced(path: Path, site: SiteConfig) -> bool:
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(site.root):
        return False
    relative = real.relative_to(site.root).as_posix()
    return not any(re.search(pattern, relative) for pattern in site.exclusions)


def suspicions(
    site: LoadedSite, config_path: Path, *, has_inline_secrets: bool, problems: Problems
) -> list[str]:
    """Return what is allowed and yet probably not meant, as `file:line: key: text`."""
    found: list[tuple[str, str]] = []
    config = site.config
    if has_inline_secrets and _is_synced(config_path, config):
        found.append(("path", "this file, with its secrets, is inside and will be uploaded"))
    path = site.options.get("path")
    if path and path.is_alias and not (spelled(path) or "/").startswith("/"):
        found.append(("path", "is relative: taken from the directory of this file"))
    for key in ("exclusions", "inclusions"):
        starts = ("/", "^/", str(config.root))
        if any(pattern.startswith(starts) for pattern in getattr(config, key)):
            found.append((key, "match the path relative to the site, which never starts with /"))
    if config.retire_foreign and not config.retire_deleted:
        found.append(("retire_foreign", "has no effect without retire_deleted"))
    for key in raised(config, site.options):
        if not is_absent(site.options.get(key)):  # a default gives way in silence
            sentence = f"is less than {SHORTER[key]}, and counts as {getattr(config, key):g} s"
            found.append((key, sentence))
    return [problems.text(*site.place(key), sentence) for key, sentence in found]


def raised(config: SiteConfig, options: Mapping[str, Given]) -> list[str]:
    """Return the times that are longer than they were written, or than the default."""
    return [key for key in SHORTER if getattr(config, key) > _written_seconds(key, options)]


def _written_seconds(key: str, options: Mapping[str, Given]) -> float:
    given = options.get(key)
    if given is None or not isinstance(given.node, Scalar) or given.node.value is None:
        default: float = SiteConfig.model_fields[key].get_default()
        return default
    return parse.seconds(given.node.value)
