"""Before a contest: which of its ways to run is each peer's fastest, here and for these files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path

from bench.contest import OURS, Contest, Run
from bench.daemon import run_until_in_sync, write_config
from bench.measure import Cost, run_program
from bench.peers import Style, Styles, copy_command, environment
from bench.server import Server

__all__ = ["Chosen", "choose", "chosen_of", "uploaders"]

_HOPELESS = 4.0
"""A peer that takes so many times as long as the fastest one has lost in its heats: what it would
do with ten times the files is no news, and takes longer than all the others together."""

_HEATS = 2  # of each way; the better one counts, for a hiccup of the machine is nobody's merit


@dataclass(frozen=True)
class Chosen:
    """The fastest way of each peer, and those that lost in the heats, by how many times as long."""

    styles: dict[str, Style]
    lost: dict[str, float] = field(default_factory=dict)

    def told(self) -> str:
        """For the report."""
        if not self.styles:
            return "Without peers."
        ways = "; ".join(f"{peer}: `{style}`" for peer, style in self.styles.items())
        said = [f"Each peer's fastest way in a heat before: {ways}."]
        said += [
            f"{peer} took {times:.1f} times as long as the fastest there, and ran no further."
            for peer, times in self.lost.items()
        ]
        return " ".join(said)


def choose(contest: Contest, styles: Styles, peers: Sequence[str]) -> Chosen:
    """Run every way of every peer on a smaller contest, and keep the fastest of each."""
    heats = {peer: _fastest(contest, peer, styles[peer]) for peer in peers}
    least = min((seconds for seconds, _ in heats.values()), default=0.0)
    return chosen_of(heats, least)


def chosen_of(heats: Mapping[str, tuple[float, Style]], least: float) -> Chosen:
    """Give who goes on, and how; `least`: seconds of the fastest peer."""
    goes_on = {peer for peer, (seconds, _) in heats.items() if seconds < _HOPELESS * least}
    return Chosen(
        {peer: style for peer, (_, style) in heats.items() if peer in goes_on},
        {peer: seconds / least for peer, (seconds, _) in heats.items() if peer not in goes_on},
    )


def uploaders(root: Path, chosen: Chosen) -> dict[str, Run]:
    """s3syncd and its peers, each uploading a tree to a prefix with its own name."""

    def ours(server: Server, folder: Path) -> Cost:
        return run_until_in_sync(write_config(folder, root, server.endpoint, prefix=OURS))

    peers = {peer: _uploader(peer, root, style) for peer, style in chosen.styles.items()}
    return {OURS: ours} | peers


def _fastest(contest: Contest, peer: str, styles: Sequence[Style]) -> tuple[float, Style]:
    def seconds(style: Style) -> float:
        run = {peer: _uploader(peer, contest.root, style)}
        return min(contest.hold(run, rounds=_HEATS, is_told=False).walls(peer))

    return min(((seconds(style), style) for style in styles), key=itemgetter(0))


def _uploader(peer: str, root: Path, style: Style) -> Run:
    def run(server: Server, folder: Path) -> Cost:
        command = copy_command(peer, root, server.endpoint, style)
        return run_program(command, environment(folder, style))

    return run
