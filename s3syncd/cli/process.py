"""What a process that transfers files must set up before its first thread."""

from __future__ import annotations

import os
import signal

from s3syncd import allocator, collector, cores, failpoints

__all__ = ["prepare_process"]


def prepare_process() -> None:
    """Set up signals, cores, memory and the collector of garbage; arm failpoints when a test asks.

    A read lease that is broken by a writer sends SIGIO, which kills by default (fcntl(2)); where a
    platform has no leases it has no such signal either, or does not mind.
    """
    allocator.own_process()
    collector.own_process()
    cores.settle()
    if hasattr(signal, "SIGIO"):
        signal.signal(signal.SIGIO, signal.SIG_IGN)
    if wanted := os.environ.get("S3SYNCD_FAILPOINTS"):
        failpoints.arm(wanted)
