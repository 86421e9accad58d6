"""Which sites `pause` and `resume` are about, and which of them were paused before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from s3syncd.cli.client import ask, ask_status
from s3syncd.cli.wording import printable

__all__ = ["Asked", "asked"]


class Asked(NamedTuple):
    """Names of sites that were asked, in the order of the configuration."""

    paused: list[str]
    running: list[str]

    def told(self, *, changed: str, done: Iterable[str], unchanged: str) -> Iterator[str]:
        """Tell which sites changed by it, and which were so before.

        Args:
            changed: the word for those that did.
            done: these are they.
            unchanged: the word for the others.
        """
        chosen = set(done)
        others = [name for name in [*self.paused, *self.running] if name not in chosen]
        for word, names in ((changed, list(done)), (unchanged, others)):
            if names:
                yield f"{word}: {', '.join(map(printable, names))}"


def asked(state_dir: Path, command: str, site: str | None) -> Asked:
    """Send `pause` or `resume`, and give how the sites stood before.

    Raises:
        NoDaemonError: nobody answers.
        UnknownSiteError: no such site.
        RefusedError: a site could not take it.
    """
    before = [each for each in ask_status(state_dir)["sites"] if site in {None, each["name"]}]
    ask(state_dir, command, {"site": site})
    found = Asked([], [])
    for each in before:
        is_paused = each.get("paused_at") or each["state"] == "paused"
        (found.paused if is_paused else found.running).append(each["name"])
    return found
