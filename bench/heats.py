"""Before a contest: which of its ways to run is each peer's fastest, here and for these files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.contest import OURS, Contest, Run
from bench.daemon import run_until_in_sync, write_config
from bench.measure import Cost, run_program
from bench.peers import Style, Styles, copy_command, environment
from bench.server import Server

__all__ = ["Chosen", "choose", "uploaders"]

_HEATS = 2  # of each way; the better one counts, for a hiccup of the machine is nobody's merit


@dataclass(frozen=True)
class Chosen:
    """The fastest way of each peer."""

    styles: dict[str, Style]

    def told(self) -> str:
        """For the report."""
        ways = "; ".join(f"{peer}: `{style}`" for peer, style in self.styles.items())
        return f"Each peer's fastest way in a heat before: {ways}." if ways else "Without peers."


def choose(contest: Contest, styles: Styles, peers: Sequence[str]) -> Chosen:
    """Run every way of every peer on a smaller contest, and keep the fastest of each."""
    return Chosen({peer: _fastest(contest, peer, styles[peer]) for peer in peers})


def uploaders(root: Path, chosen: Chosen) -> dict[str, Run]:
    """s3syncd and its peers, each uploading a tree to a prefix with its own name."""

    def ours(server: Server, folder: Path) -> Cost:
        return run_until_in_sync(write_config(folder, root, server.endpoint, prefix=OURS))

    peers = {peer: _uploader(peer, root, style) for peer, style in chosen.styles.items()}
    return {OURS: ours} | peers


def _fastest(contest: Contest, peer: str, styles: Sequence[Style]) -> Style:
    def seconds(style: Style) -> float:
        run = {peer: _uploader(peer, contest.root, style)}
        return min(contest.hold(run, rounds=_HEATS, is_told=False).walls(peer))

    return min(styles, key=seconds)


def _uploader(peer: str, root: Path, style: Style) -> Run:
    def run(server: Server, folder: Path) -> Cost:
        command = copy_command(peer, root, server.endpoint, style)
        return run_program(command, environment(folder, style))

    return run
