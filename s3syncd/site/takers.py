"""Which part of a site takes which message of its inbox. Owned by the site thread."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from s3syncd.core.messages import Looked, RootSeen, ScanBatch
from s3syncd.local.messages import MountAccepted, MountSeen, NamesSkipped
from s3syncd.site import messages
from s3syncd.site.sightings import Sightings

if TYPE_CHECKING:
    from s3syncd.site.site import Site

__all__ = ["takers_of"]


def takers_of(site: Site) -> Mapping[type, Callable[[Any, float], None]]:
    """Give, for each kind of message, what takes it: called with the message and the time."""
    parts = site.parts
    sightings = Sightings(
        ledger=parts.ledger,
        schedule=site.schedule,
        looks=site.looks,
        retirement=site.retirement,
        problems=site.problems,
        scope=parts.scope,
        access=site.access,
        alarm=site.alarm,
        on_deletion=site.dispatch.plan_deletion,
    )
    return {
        messages.Finished: lambda m, now: site.outcomes.finished(m.planned, m.answer, now),
        messages.Recovered: site.recovery.recovered,
        messages.Scrubbed: site.scrub.scrubbed,
        messages.Noted: lambda m, now: site.dispatch.noted(m),
        messages.Hinted: site.hearing.hinted,
        ScanBatch: sightings.scanned,
        Looked: sightings.looked,
        messages.Listed: site.schedule.listed,
        RootSeen: lambda m, now: site.access.root_seen(m),
        messages.Connected: site.access.connected,
        messages.Sounded: site.access.silence.sounded,
        messages.Asked: site.access.capabilities.asked,
        messages.Command: site.commands.carry_out,
        messages.Stop: site.stop,
        messages.Room: site.room,
        MountSeen: site.mounted.seen,
        MountAccepted: site.mounted.accepted,
        NamesSkipped: sightings.names_skipped,
    }
