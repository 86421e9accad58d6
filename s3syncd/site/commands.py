"""What a person may ask of a running site. Answers are given when the site has accepted.

Owned by the site thread; `Command.reply` hands the answer to whoever asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from s3syncd.site.approval import Approval
from s3syncd.site.facts import facts_of
from s3syncd.site.messages import Command, refused
from s3syncd.site.timetable import Whole

if TYPE_CHECKING:
    from s3syncd.site.site import Site

__all__ = ["Commands"]


class Commands:
    """Carries out the commands of one site."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def carry_out(self, command: Command, now: float) -> None:
        """Do what is asked and answer."""
        carry_out = getattr(self, f"_{command.name}", None)
        if carry_out is None:
            command.reply(refused(f"unknown command {command.name!r}", ""))
            return
        answer = carry_out(command.arguments, now)
        self._site.parts.ledger.commit()
        self._site.board.publish(now, is_forced=True)
        command.reply(answer)

    def _approve(self, arguments: Mapping[str, object], now: float) -> dict[str, object]:
        return Approval(self._site).give(
            wanted=arguments.get("list"), only=arguments.get("only"), now=now
        )

    def _rescan(self, arguments: Mapping[str, object], _now: float) -> dict[str, object]:
        if arguments.get("remote"):
            self._site.schedule.timetable.want(Whole.RECONCILE)
        else:
            self._site.schedule.timetable.want(Whole.RESCAN)
        return {"ok": True}

    def _sync(self, _arguments: Mapping[str, object], _now: float) -> dict[str, object]:
        self._site.schedule.timetable.want(Whole.RECONCILE)
        return {"ok": True}

    def _pause(self, _arguments: Mapping[str, object], _now: float) -> dict[str, object]:
        return self._set_paused(is_paused=True)

    def _resume(self, _arguments: Mapping[str, object], _now: float) -> dict[str, object]:
        return self._set_paused(is_paused=False)

    def _explain(self, arguments: Mapping[str, object], now: float) -> dict[str, object]:
        return {"ok": True, "facts": facts_of(self._site, str(arguments["path"]), now)}

    def _set_paused(self, *, is_paused: bool) -> dict[str, object]:
        site = self._site
        if site.pause.is_on != is_paused:
            (site.pause.begin if is_paused else site.pause.end)()
            site.parts.log.info("site.paused" if is_paused else "site.resumed")
        return {"ok": True}
