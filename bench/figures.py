"""Medians, ratios and slopes: what is made of several measurements of one thing."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

__all__ = ["lowest_of_each", "percentile", "ratio", "slope_per_minute", "spread"]


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """How many times as long theirs take as ours, by the medians."""
    return statistics.median(theirs) / statistics.median(ours)


def spread(values: Sequence[float], decimals: int = 1) -> str:
    """The median, and the smallest and the largest when they differ from it."""
    middle = f"{statistics.median(values):,.{decimals}f}"
    least, most = f"{min(values):,.{decimals}f}", f"{max(values):,.{decimals}f}"
    return middle if least == most else f"{middle} ({least} .. {most})"


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that at least `percent` of all are not above (nearest rank)."""
    ranked = sorted(values)
    rank = -(-len(ranked) * percent // 100)
    return ranked[max(0, int(rank) - 1)]


def lowest_of_each(
    samples: Sequence[tuple[float, float]], seconds: float
) -> list[tuple[float, float]]:
    """Of (seconds, value) samples, in order, the lowest of each stretch of so many seconds.

    What comes and goes is left out, and what stays is not.
    """
    lowest: dict[int, tuple[float, float]] = {}
    for at, value in samples:
        stretch = int((at - samples[0][0]) // seconds)
        if stretch not in lowest or value < lowest[stretch][1]:
            lowest[stretch] = (at, value)
    return list(lowest.values())


def slope_per_minute(samples: Sequence[tuple[float, float]]) -> float:
    """The rise of (seconds, value) samples per minute, by Theil and Sen.

    The median of all pairs' slopes: a single outlier, such as one garbage collection, does not
    tilt it as it would a least-squares line.
    """
    slopes = [
        (later_value - value) / (later - at) * 60
        for index, (at, value) in enumerate(samples)
        for later, later_value in samples[index + 1 :]
        if later > at
    ]
    return statistics.median(slopes) if slopes else 0.0
