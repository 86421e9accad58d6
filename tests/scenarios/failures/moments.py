"""When requests were made."""

from __future__ import annotations

from tests.scenarios.world import World

__all__ = ["moments_of"]


def moments_of(world: World, operation: str, seconds: int, step: float = 1.0) -> list[float]:
    """Give when requests of a kind came."""
    moments = []
    for _ in range(int(seconds / step)):
        before = world.store.count(operation)
        world.run(step)
        moments += [world.now] * (world.store.count(operation) - before)
    return moments
