"""The running sites: started, cared for, exchanged on a reload, stopped.

The main thread changes what there is; the control thread reads snapshots and sends commands. What
both see is replaced whole, never changed in place.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from s3syncd import logs
from s3syncd.config.models import Config, SiteConfig
from s3syncd.core.figures import SiteFigures
from s3syncd.core.tally import RequestTally
from s3syncd.core.turns import InForce
from s3syncd.errors import UnknownSiteError
from s3syncd.site import Progress
from s3syncd.supervisor.build import Workshop
from s3syncd.supervisor.life import Shop, SiteLife, unstarted
from s3syncd.supervisor.questions import Question, refused, summed_up
from s3syncd.supervisor.starts import Starts
from s3syncd.supervisor.verifying import Verification

__all__ = ["Fleet"]

_ANSWER_SECONDS = 5.0  # a site answers in milliseconds; the control thread serves others, too
_CLOSE_SECONDS = 0.5  # connections that do not close in this time are left to the process's end

# What the pools and the listener were made of; a key of the file, and its field.
_FIXED = {
    "upload_workers": "upload_workers",
    "upload_processes": "upload_processes",
    "max_in_flight": "max_in_flight",
    "buffer_bytes": "buffer_bytes",
    "checksum_workers": "checksum_workers",
    "http.listen": "http_listen",
    "http.token": "http_token",
}


class Fleet:
    """All sites of the daemon.

    Args:
        config: the configuration that was loaded.
        shop: where sites are made; by default a workshop of real ones.
        is_one_shot: without watchers.
        answer_seconds: how long a command waits for all sites together.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        config: Config,
        *,
        shop: Shop | None = None,
        is_one_shot: bool = False,
        answer_seconds: float = _ANSWER_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._answer_seconds = answer_seconds
        self._shop = shop or Workshop(config, is_one_shot=is_one_shot)
        self._clock = clock
        self._started_with = config
        self._config = config
        self._starts = Starts()
        self._lives = {settings.name: self._new_life(settings) for settings in config.sites}
        self._is_changing = False
        self._is_stopping = False

    def start(self) -> None:
        """Start what the sites share, and the first sites; `tick` starts the others."""
        self._shop.start()
        self._starts.advance(self._clock())

    def snapshots(self) -> list[dict[str, Any]]:
        """Give each site's status, in the order of the configuration. Thread-safe."""
        lives, now = self._lives, self._clock()
        return [
            {
                **(lives[site.name].snapshot(now) if site.name in lives else unstarted(site)),
                "limits": _shown(self._shop.limits(site.name)),
            }
            for site in self._config.sites
        ]

    def progress(self) -> list[Progress]:
        """Give each site's published progress."""
        found = [life.progress() for life in self._lives.values()]
        return [one for one in found if one is not None]

    def figures(self) -> dict[str, SiteFigures]:
        """Give each site's published figures, by name. Thread-safe."""
        found = {name: life.figures() for name, life in self._lives.items()}
        return {name: figures for name, figures in found.items() if figures is not None}

    def tallies(self) -> dict[str, RequestTally]:
        """Give each site's tally of requests, by name. Thread-safe."""
        return {site.name: self._shop.tally(site.name) for site in self._config.sites}

    def stuck(self) -> list[str]:
        """Name the sites whose loop did not turn for 30 s. Thread-safe."""
        now = self._clock()
        return [name for name, life in self._lives.items() if life.is_stuck(now)]

    def attempts(self) -> dict[str, int]:
        """Give, by site, how often in a row it failed or its bucket could not be reached."""
        return {
            name: max(life.failures, life.contacts_failed) for name, life in self._lives.items()
        }

    def waiting(self) -> frozenset[str]:
        """Name the sites whose turn to start has not come."""
        return frozenset(name for name, life in self._lives.items() if not life.is_launched)

    def command(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Pass a command to one site or all, and wait until each has accepted. Thread-safe."""
        wanted = arguments.get("site")
        names = [site.name for site in self._config.sites]
        if wanted is None and name == "approve":
            return refused("approve wants a site", f"sites: {', '.join(names)}")
        if refusal := self.refusal(arguments):
            return refusal
        lives = self._lives
        asked = [Question(each, lives.get(each)) for each in names if wanted in {None, each}]
        for question in asked:
            question.ask(name, dict(arguments))
        deadline = time.monotonic() + self._answer_seconds
        answers = [question.answer(deadline - time.monotonic()) for question in asked]
        return summed_up(answers)

    def refusal(self, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        """Refuse a command that names a site which there is not. Thread-safe."""
        wanted, names = arguments.get("site"), [site.name for site in self._config.sites]
        if wanted is None or wanted in names:
            return None
        unknown = UnknownSiteError.of(wanted, names)
        return {**refused(unknown.message, unknown.hint), "reason": "unknown_site"}

    def verification(self, site: str, is_given_up: Callable[[], bool]) -> Verification:
        """Begin to verify a site, within its limits. Thread-safe.

        Raises:
            UnknownSiteError: a reload has taken the site away.
        """
        settings = self.settings_of(site)
        return Verification(
            settings,
            self._config.state_dir,
            lambda on_room: self._shop.bench(settings, on_room),
            is_given_up=is_given_up,
        )

    def settings_of(self, site: str) -> SiteConfig:
        """Give the settings of a site, or raise `UnknownSiteError`. Thread-safe."""
        for each in self._config.sites:
            if each.name == site:
                return each
        raise UnknownSiteError.of(site, [each.name for each in self._config.sites])

    def bucket_of(self, site: str) -> Any:
        """Give the bucket that a running site holds, or None. Thread-safe."""
        return life.bucket if (life := self._lives.get(site)) else None

    def tick(self) -> bool:
        """Look after the sites; return whether one failed more often than is allowed."""
        now = self._clock()
        for life in self._lives.values():
            life.care(now, may_restart=not self._is_stopping and not life.is_leaving)
        if not self._is_stopping:
            self._starts.advance(now)
            if self._is_changing:
                self._exchange(now)
        limit = self._config.max_failures
        return bool(limit) and any(life.failures >= limit for life in self._lives.values())

    def reload(self, config: Config) -> dict[str, list[str]]:
        """Go over to another configuration: sites that did not change are left alone.

        Limits change at once and for whoever waits for them; no site restarts for them.

        Returns at once, with the names of the sites that stop, restart and start, and the keys
        whose change waits for a restart of the daemon; `tick` carries it on as sites have drained.
        """
        old = {site.name: site for site in self._config.sites}
        new = {site.name: site for site in config.sites}
        self._config = config
        self._shop.limit(config)
        self._is_changing = True
        self._exchange(self._clock())
        return {
            "stopped": [name for name in old if name not in new],
            "restarted": [n for n in new if n in old and not _is_same(old[n], new[n])],
            "started": [name for name in new if name not in old],
            "needs_restart": [
                key
                for key, field in _FIXED.items()
                if getattr(config, field) != getattr(self._started_with, field)
            ],
        }

    def begin_stop(self, deadline: float) -> None:
        """Ask every site to drain."""
        self._is_stopping = True
        for life in self._lives.values():
            life.stop(deadline)

    def has_stopped(self) -> bool:
        """Whether every site thread has ended."""
        return not any(life.is_alive for life in self._lives.values())

    def end_stop(self, grace_seconds: float) -> None:
        """Stop what is left, all at once; wait for it no longer than so many seconds."""
        end = time.monotonic() + grace_seconds
        for life in self._lives.values():
            life.stop(self._clock())
        self._shop.stop(min(_CLOSE_SECONDS, grace_seconds))
        for life in self._lives.values():
            life.join(max(0.0, end - time.monotonic()))
        for life in self._lives.values():
            life.let_go(min(_CLOSE_SECONDS, max(0.0, end - time.monotonic())))

    def _new_life(self, settings: SiteConfig) -> SiteLife:
        life = SiteLife(settings, self._shop, clock=self._clock)
        self._starts.add(life)
        return life

    def _exchange(self, now: float) -> None:
        """Take the next steps from the sites that there are to those that are wanted."""
        wanted = {site.name: site for site in self._config.sites}
        lives = dict(self._lives)
        for name, life in self._lives.items():
            if _is_same(life.settings, wanted.get(name)) and not life.is_leaving:
                continue
            life.leave(now + self._config.shutdown_timeout_seconds)
            if life.is_gone(now):
                life.let_go(_CLOSE_SECONDS)
                del lives[name]
        for name, settings in wanted.items():
            if name not in lives and not _is_occupied(settings, lives):
                lives[name] = self._new_life(settings)
                logs.logger(site=name).info("site.started")
        self._lives = lives
        self._starts.advance(now)
        self._is_changing = any(life.is_leaving for life in lives.values())


def _is_same(old: SiteConfig, new: SiteConfig | None) -> bool:
    """Whether a running site is what is wanted; its limits are kept elsewhere."""
    if new is None:
        return False
    limits = {key: getattr(new, key) for key in ("bandwidth_limit", "requests_per_second")}
    return old.model_copy(update=limits) == new


def _shown(limits: InForce) -> dict[str, float | None] | None:
    return limits._asdict() if any(limits) else None


def _is_occupied(settings: SiteConfig, lives: Mapping[str, SiteLife]) -> bool:
    """Whether a site that drains still writes where this one would: a renamed site, for example."""
    mine = settings.prefix
    return any(
        life.is_leaving
        and life.settings.bucket == settings.bucket
        and (life.settings.prefix.startswith(mine) or mine.startswith(life.settings.prefix))
        for life in lives.values()
    )
