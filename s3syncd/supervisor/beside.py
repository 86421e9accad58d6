"""Where small uploads may go besides the daemon's own workers: the wiring of the second process."""

from __future__ import annotations

import time
from functools import partial

from s3syncd import cores, logs
from s3syncd.config import cgroup
from s3syncd.config.models import Config, SiteConfig
from s3syncd.s3.bucket import Bucket
from s3syncd.s3.poller import Poller
from s3syncd.sender.branch import Branch, Place
from s3syncd.sender.launch import is_of_use, launch
from s3syncd.sender.office import Office
from s3syncd.transfer import TransferSettings

__all__ = ["branch_for", "office_for"]


def office_for(config: Config, poller: Poller | None) -> Office | None:
    """Give the office of a daemon; None where it shall have, or can use, no second process."""
    if poller is None or config.upload_processes == 1 or not is_of_use():
        return None
    is_wanted = config.upload_processes == 2  # whatever other programs do
    cpus = cgroup.read().cpus
    if not is_wanted and cpus is not None and cpus < 2:
        return None
    sizes = (config.upload_workers, config.max_in_flight, config.buffer_bytes)
    return Office(
        poller,
        partial(launch, sizes=sizes),
        clock=time.monotonic,
        elsewhere=_not_asked if is_wanted else cores.elsewhere,
        log=logs.logger(),
    )


def _not_asked() -> None:
    return


def branch_for(
    settings: SiteConfig, bucket: Bucket, office: Office | None, transfers: TransferSettings
) -> Branch | None:
    """Give a site's way to it."""
    if office is None:
        return None
    place = Place(
        str(settings.root),
        settings.prefix,
        tuple(settings.exclusions),
        tuple(settings.inclusions),
        tuple(settings.inner_prefixes),
    )
    return Branch(office, bucket, place, transfers)
