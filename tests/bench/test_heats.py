"""Who goes on after the heats, and what is told of those who do not."""

from __future__ import annotations

from bench.heats import chosen_of
from bench.peers import SMALL, Style

_STYLE: Style = next(iter(SMALL.values()))[0]


def test_a_peer_that_takes_many_times_as_long_has_lost() -> None:
    heats = {"swift": (2.0, _STYLE), "even": (7.9, _STYLE), "slow": (8.1, _STYLE)}
    chosen = chosen_of(heats, 2.0)
    assert set(chosen.styles) == {"swift", "even"}
    assert "slow took 4.0 times as long as the fastest there, and ran no further." in chosen.told()


def test_without_peers_nothing_is_told_of_any() -> None:
    assert chosen_of({}, 0.0).told() == "Without peers."


def test_the_only_peer_goes_on() -> None:
    assert set(chosen_of({"slow": (60.0, _STYLE)}, 60.0).styles) == {"slow"}
