"""Makes the commands in what is told ones that can be copied: with this file, site and list. Pure.

Hints are worded where a difficulty is met, without a word of who will read them: `s3syncd approve
SITE --list HASH`. Whoever shows one makes it the whole command: the command line with the file that
it was given, page and notices with that of the daemon.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

__all__ = ["ADVISED", "CLIENTS", "Advice"]

ADVISED: Final = (
    "approve", "check", "config", "explain", "pause", "plan", "reload", "rescan", "reset",
    "restore", "resume", "status", "sync", "verify",
)  # fmt: skip
"""The commands that hints name."""

CLIENTS: Final = frozenset({
    "approve", "explain", "pause", "reload", "rescan", "resume", "status",
})  # fmt: skip
"""The commands that ask the daemon and need to know no more than where its state is."""

_COMMAND: Final = re.compile(
    rf"\bs3syncd (?P<command>{'|'.join(ADVISED)})\b"
    r"(?P<site> SITE\b)?(?P<list> --list HASH\b)?(?P<quote>`?)"
)
_DAEMON: Final = "s3syncd -c FILE"


class Advice(NamedTuple):
    """How the daemon is asked here: with a file, or a state directory, quoted, or ''."""

    config: str = ""
    state_dir: str = ""

    @classmethod
    def with_file(cls, path: object) -> Advice:
        """Give the advice of whoever knows the configuration file; '' and None: nobody does."""
        return cls(config=shlex.quote(str(path))) if path else cls()

    def typed(self, status: Mapping[str, Any], text: str | None) -> str:
        """Give a text about a site with its commands as they have to be typed here.

        Args:
            status: the site's part of a status document.
            text: as of `runnable`; None is nothing.
        """
        held_list = status.get("held_list") or ""
        return self.runnable(text or "", site=status["name"], held_list=held_list)

    def spoken(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Give a status document with every hint as it has to be typed here."""
        return {**document, "sites": [self._spoken(site) for site in document["sites"]]}

    def _spoken(self, site: Mapping[str, Any]) -> dict[str, Any]:
        problems = [self._hinted(site, problem) for problem in site["problems"]]
        return {**self._hinted(site, site), "problems": problems}

    def _hinted(self, site: Mapping[str, Any], told: Mapping[str, Any]) -> dict[str, Any]:
        return {**told, "hint": self.typed(site, told["hint"]) if told["hint"] else told["hint"]}

    def runnable(self, text: str, *, site: str = "", held_list: str = "") -> str:
        """Give a text with its commands as they have to be typed here.

        Args:
            text: it may name commands, with `SITE` and `--list HASH` to be filled in.
            site: what it is about; '' where it is about none: its placeholder stays.
            held_list: the hash of the held list; where that is '' and a list is to be approved, the
                command is named that tells it: approving what nobody has seen is no advice.
        """

        def typed(found: re.Match[str]) -> str:
            named = f" {shlex.quote(site)}" if site and found["site"] else found["site"] or ""
            quote = found["quote"]
            if not found["list"]:
                return f"{self._begun(found['command'])}{named}{quote}"
            if not held_list:
                return f"{self._begun('status')}{named}{quote} (it names the list to approve)"
            return f"{self._begun('approve')}{named} --list {held_list}{quote}"

        filled = _COMMAND.sub(typed, text)
        return filled.replace(_DAEMON, self._daemon()) if not self.state_dir else filled

    def _begun(self, command: str) -> str:
        if not self.state_dir:
            return f"{self._daemon()} {command}"
        if command in CLIENTS:
            return f"s3syncd {command} --state-dir {self.state_dir}"
        return f"{_DAEMON} {command}"  # it needs the file, and nobody told which

    def _daemon(self) -> str:
        return f"s3syncd -c {self.config}" if self.config else "s3syncd"
