"""One site: its thread, its inbox, its loop. See `site.site` for the map."""

from __future__ import annotations

from s3syncd.site.inbox import Inbox
from s3syncd.site.messages import Command
from s3syncd.site.parts import Parts
from s3syncd.site.site import Site
from s3syncd.site.status import Progress
from s3syncd.site.thread import SiteThread

__all__ = ["Command", "Inbox", "Parts", "Progress", "Site", "SiteThread"]
