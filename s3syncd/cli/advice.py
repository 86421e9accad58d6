"""Makes the commands in what is printed ones that can be copied: with this file, site and list.

Hints are worded where a difficulty is met, by the daemon most often, which does not know how it is
asked: `s3syncd approve SITE --list HASH`.
"""

from __future__ import annotations

import argparse
import re
import shlex
from typing import Final, NamedTuple

__all__ = ["ADVISED", "CLIENTS", "Advice", "advice_of"]

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
    """How this command was asked: by a file, as it was written, or by a state directory, or ''."""

    config: str = ""
    state_dir: str = ""

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


def advice_of(arguments: argparse.Namespace) -> Advice:
    """Give how a command line was asked."""
    if state_dir := getattr(arguments, "state_dir", None):
        return Advice(state_dir=shlex.quote(str(state_dir)))
    if getattr(arguments, "is_config_given", hasattr(arguments, "config")):
        return Advice(config=shlex.quote(str(arguments.config)))
    return Advice()
