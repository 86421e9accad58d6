"""Reads a configuration file into frozen models, or says everything that is wrong with it.

Order: YAML, keys, secrets and paths, each value, sites against each other. Every difficulty found
on the way is noted and all are raised together. No message holds a value.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from s3syncd.config import cgroup, checks, document, layout, references, state
from s3syncd.config.checks import LoadedSite
from s3syncd.config.layout import Given, GivenSite
from s3syncd.config.models import Config, SiteConfig, SiteOptions
from s3syncd.config.parse import UnusableError
from s3syncd.config.problems import Problems
from s3syncd.config.validate import Validation, keys_of

__all__ = ["load"]


def load(
    path: Path, *, environ: Mapping[str, str] = os.environ, machine: Path = Path("/")
) -> Config:
    """Return the configuration in the file at `path`.

    Args:
        path: the YAML file. Relative paths in it start from its directory.
        environ: the process environment: variables of references, state directory, overrides.
        machine: the root directory of the system, whose limits lower two defaults.

    Raises:
        ConfigError: every problem, as `file:line: sites[0].key: what is wrong; what to write`.
    """
    problems = Problems(str(path))
    root, mode = document.read(path, problems)
    if root is None:
        if not problems:
            problems.add(0, "", "is empty", "write 'sites:' and one '- path: ...'")
        raise problems.error()
    return _Loading(path, environ, machine, problems).run(root, mode)


_OPTION_KEYS = keys_of(SiteOptions)
_SITE_KEYS = keys_of(SiteConfig)
_GLOBAL_KEYS = keys_of(Config)
# Without one of these a site cannot be held against the others.
_PLACE_KEYS = frozenset({"name", "path", "bucket", "prefix", "endpoint"})


class _Loading:
    """One run of `load`. Used once, by one thread."""

    def __init__(
        self, path: Path, environ: Mapping[str, str], machine: Path, problems: Problems
    ) -> None:
        # The links of the file's own name are kept: Kubernetes swaps what they point to.
        self._path = Path(os.path.abspath(path))  # noqa: PTH100 - as said
        self._base = self._path.parent
        self._environ = environ
        self._machine = machine
        self._problems = problems
        self._validation = Validation(self._base, environ, problems)
        self._http_line = 0

    def run(self, root: document.Node, mode: int) -> Config:
        given = layout.given_globals(root, self._problems)
        known = _OPTION_KEYS.names | _GLOBAL_KEYS.names | set(layout.GLOBAL_ALIASES)
        layout.refuse_unknown(
            given,
            known,
            (_SITE_KEYS.names - _OPTION_KEYS.names) | set(layout.SITE_ALIASES),
            "under sites:",
            self._problems,
        )
        defaults = {key: value for key, value in given.items() if key in _OPTION_KEYS.names}
        checks.check_credentials(defaults, "", self._problems)
        _, unusable = self._validation.checked(SiteOptions, defaults, _OPTION_KEYS)
        for key in unusable:  # noted once, here, and not by every site
            del defaults[key]
        written = layout.given_sites(root, self._problems)
        loaded = [self._site(site, defaults) for site in written]
        sites = [site for site in loaded if site is not None]
        checks.check_places(sites, self._problems)
        rest = {key: value for key, value in given.items() if key in _GLOBAL_KEYS.names}
        config = self._config(rest, sites)
        self._check_readers(mode)
        if config is None or self._problems:
            raise self._problems.error()
        return self._finished(config, sites)

    def _site(self, written: GivenSite, defaults: Mapping[str, Given]) -> LoadedSite | None:
        elsewhere = _GLOBAL_KEYS.names | set(layout.GLOBAL_ALIASES) | set(layout.SECTIONS)
        layout.refuse_unknown(
            written.options,
            _SITE_KEYS.names | set(layout.SITE_ALIASES),
            elsewhere,
            "at the top of the file, not under a site",
            self._problems,
        )
        checks.check_credentials(written.options, written.label, self._problems)
        options = layout.inherit(written.options, defaults)
        if layout.is_absent(options.get("name")):
            default = layout.name_of(options) or written.label
            node = document.Scalar(written.line, default, default)
            options["name"] = Given(f"{written.label}.name", written.line, node)
        for key in ("path", "bucket"):
            if layout.is_absent(options.get(key)):
                options.pop(key, None)
                label = f"{written.label}.{key}"
                self._problems.add(written.line, label, "is missing", f"write '{key}: ...'")
        config, unusable = self._validation.checked(SiteConfig, options, _SITE_KEYS)
        if config is None or unusable & _PLACE_KEYS:
            return None
        store = checks.store_of(config, self._environ)
        site = LoadedSite(config, written, options, store)
        checks.check_store(site, self._problems)
        return site

    def _config(self, given: dict[str, Given], sites: list[LoadedSite]) -> Config | None:
        values: dict[str, Any] = {"path": self._path, "sites": (), **self._suited()}
        where = given.get("state_dir")
        try:
            written = layout.state_dir_of(given)
            values["state_dir"] = state.state_dir_for(
                written, base=self._base, environ=self._environ
            )
            checks.check_state_dir(sites, values["state_dir"], where, self._problems)
        except UnusableError as error:
            line, label = (where.line, where.label) if where else (0, "state_dir")
            self._problems.add(line, label, error.what, error.write)
            values["state_dir"] = self._base
        given.pop("state_dir", None)
        listen = given.get("http.listen")
        self._http_line = listen.line if listen is not None else 0
        config, _ = self._validation.checked(Config, given, _GLOBAL_KEYS, extra=values)
        if config is not None and config.log_file is not None:
            checks.check_log_file(sites, config.log_file, given["log.file"], self._problems)
        return config

    def _suited(self) -> dict[str, int]:
        """Give the defaults that depend on what this process may use."""
        allowance, fields = cgroup.read(self._machine), Config.model_fields
        buffer_bytes = fields["buffer_bytes"].get_default()
        workers = fields["checksum_workers"].get_default(call_default_factory=True)
        return {
            "buffer_bytes": cgroup.suited_buffer_bytes(buffer_bytes, allowance),
            "checksum_workers": cgroup.suited_checksum_workers(workers, allowance),
        }

    def _check_readers(self, mode: int) -> None:
        """Refuse a file with secrets that every user of the machine may read."""
        is_allowed = self._environ.get(references.ALLOW_READABLE) == "1"
        if is_allowed or not references.is_readable_by_all(mode):
            return
        for secret in self._validation.inline:
            self._problems.add(
                secret.line,
                secret.label,
                "is a secret in a file that everybody may read",
                "chmod 600 the file, or 0640 and a group, or defaultMode: 0400 in Kubernetes, or "
                f"write file:/path or ${{VAR}}; {references.ALLOW_READABLE}=1 allows it",
            )

    def _finished(self, config: Config, sites: list[LoadedSite]) -> Config:
        has_inline = bool(self._validation.inline)
        warnings = [
            warning
            for site in sites
            for warning in checks.suspicions(
                site, self._path, has_inline_secrets=has_inline, problems=self._problems
            )
        ]
        resolved = tuple(
            site.config.model_copy(
                update={
                    "inner_prefixes": checks.inner_prefixes(site, sites),
                    "multipart_threshold_bytes": config.multipart_threshold_bytes,
                }
            )
            for site in sites
        )
        if config.http_needs_token:
            place = self._problems.text(self._http_line, "http.listen", checks.NEEDS_TOKEN)
            warnings.append(place)
        # A default of all sites is written once and would be suspected once for each of them.
        unique = tuple(dict.fromkeys(warnings))
        return config.model_copy(update={"sites": resolved, "warnings": unique})
