"""What has to happen for each failpoint to be passed, and what a person does after the kill."""

from __future__ import annotations

import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from s3syncd import failpoints
from tests.faults.tampering import age, forget_capabilities
from tests.faults.ward import MIB, PREFIX, Ward
from tests.strict.faults import Fault, Kind
from tests.strict.store import Options
from tests.waiting import until

__all__ = ["PLOTS", "Plot", "armed", "first_points", "play"]


def _nothing(_ward: Ward) -> None:
    """Leave everything as it is."""


@dataclass(frozen=True)
class Plot:
    """One way to pass failpoints.

    Attributes:
        name: of the plot.
        points: those that must be passed, with `@n` where a later pass is the one to die at.
        change: what is done, while the daemon is down or, with `is_live`, while it runs.
        prepare: what is done before, and brought in sync.
        is_live: the daemon is armed while it runs.
        mend: what a person would do after the next start.
        store: how the store behaves; None: as S3 does.
    """

    name: str
    points: tuple[str, ...]
    change: Callable[[Ward], None]
    prepare: Callable[[Ward], None] = _nothing
    is_live: bool = False
    mend: Callable[[Ward], None] = _nothing
    store: Options | None = None


def _around(*names: str) -> tuple[str, ...]:
    """Give the points before and after the commit of some writes."""
    return tuple(f"{name}.{place}_commit" for name in names for place in ("before", "after"))


def _new(ward: Ward) -> None:
    ward.author.write("new", 1000)
    ward.author.write("other", 2000)


def _large(ward: Ward) -> None:
    ward.author.write("large", 17 * MIB)


def _delete(ward: Ward) -> None:
    ward.author.remove("goes")
    ward.author.rename("moves", "moved")


def _before_delete(ward: Ward) -> None:
    ward.author.write("goes", 3000)
    ward.author.write("moves", 4000)


def _reclass(ward: Ward) -> None:
    ward.configure(storage_class="STANDARD_IA")


def _before_reclass(ward: Ward) -> None:
    ward.configure(storage_class="STANDARD")
    ward.author.write("cold", 500)
    assert ward.daemon.stop() in {0, 4}, "4: what it has just heard of is left"
    ward.restart()


def _age_ledger(ward: Ward) -> None:
    age(ward.daemon.ledger())


def _hold_drift(ward: Ward) -> None:
    """Let the next start ask whether the store keeps conditions, which matters to held drift."""
    ward.configure(on_drift="hold")
    forget_capabilities(ward.daemon.ledger())


def _stop(ward: Ward) -> None:
    ward.nursling.send_signal(signal.SIGTERM)


def _reload(ward: Ward) -> None:
    ward.configure(exclusions=["^never"])
    ward.author.write("new", 1000)
    ward.nursling.send_signal(signal.SIGHUP)


def _die_after_put(ward: Ward) -> None:
    _new(ward)
    ward.restart("upload.after_put=kill")
    ward.was_killed("before the recovery")


def _die_after_part(ward: Ward) -> None:
    _large(ward)
    ward.restart("upload.after_part=kill")
    ward.was_killed("before the recovery")
    ward.author.write("large", 16 * MIB)


def _hold(ward: Ward) -> None:
    ward.configure(max_delete=1)
    for number in range(3):
        ward.author.remove(f"held {number}")


def _before_hold(ward: Ward) -> None:
    for number in range(3):
        ward.author.write(f"held {number}", 700)


def _approve(ward: Ward) -> None:
    ward.daemon.wait(lambda s: s["held_deletions"] == 3, what="the deletions are held")
    ward.ask("approve")
    ward.daemon.in_sync()
    ward.configure(max_delete=10**6)
    assert ward.daemon.stop() == 0
    ward.restart()


def _begin_hold(ward: Ward) -> None:
    _before_hold(ward)
    ward.settle()
    ward.daemon.kill()
    _hold(ward)
    ward.restart()
    ward.daemon.wait(lambda s: s["held_deletions"] == 3, what="the deletions are held")


def _ask_to_approve(ward: Ward) -> None:
    try:
        ward.ask("approve")
    except Exception as error:  # noqa: BLE001 - it died of it, as it is meant to
        assert "daemon" in str(error), error


def _approve_what_is_left(ward: Ward) -> None:
    def is_over() -> bool:
        status = ward.daemon.site()
        if status["held_deletions"]:
            ward.ask("approve")
        return bool(status["in_sync"])

    until(is_over, 30, "what is held is approved")
    ward.configure(max_delete=10**6)
    assert ward.daemon.stop() == 0
    ward.restart()


def _fail(ward: Ward) -> None:
    ward.store.fault(
        Fault(kind=Kind.ERROR, operation="PutObject", key=f"{PREFIX}new", times=4, code="SlowDown")
    )
    _new(ward)


def _heal(ward: Ward) -> None:
    ward.store.clear_faults()


PLOTS: Final = (
    Plot(
        "new",
        (
            "lock.before_take", "lock.after_take", "ledger.before_unclean", "ledger.after_unclean",
            *_around("intent", "record", "end"),
            "upload.before_put", "upload.after_put", "upload.after_put@2",
        ),
        _new,
    ),
    Plot("new, live", ("upload.after_put", "record.before_commit", "end.after_commit"), _new,
         is_live=True),
    Plot(
        "large",
        (
            "upload.before_create", "upload.after_create", "intent.before_commit@2",
            "intent.after_commit@2", "upload.before_part", "upload.after_part",
            "upload.after_part@2", *_around("part"), "upload.before_complete",
            "upload.after_complete", *_around("record"),
        ),
        _large,
    ),
    Plot(
        "delete",
        (
            *_around("candidate", "judgement", "intent", "forget", "log"),
            "delete.before_head", "delete.before_delete", "delete.after_delete",
            "delete.after_delete@2",
        ),
        _delete, _before_delete,
    ),
    Plot("delete, live", ("delete.before_delete", "delete.after_delete", *_around("candidate")),
         _delete, _before_delete, is_live=True),
    Plot("reclass", ("reclass.before_copy", "reclass.after_copy", *_around("intent", "record")),
         _reclass, _before_reclass),
    Plot(
        "lost ledger",
        (
            "ledger.before_create", "ledger.after_create", *_around("setting"),
            "adopt.after_proof", *_around("record"),
        ),
        Ward.lose_files_of_ledger, _new,
    ),
    Plot(
        "spoilt ledger",
        (
            "ledger.before_aside", "ledger.before_aside@2", "ledger.before_aside@3",
            "ledger.after_aside", "ledger.after_create", "adopt.after_proof",
        ),
        Ward.spoil_ledger, _new,
    ),
    Plot("older ledger", ("ledger.before_migrate", "ledger.after_migrate"), _age_ledger),
    Plot("probe", ("probe.before_put", "probe.after_put"), _hold_drift),
    Plot("careless store", ("probe.before_remove", "probe.after_remove"), _hold_drift,
         store=Options(has_conditions=False)),
    Plot("hold", (*_around("judgement", "setting"),), _hold, _before_hold, mend=_approve),
    Plot("approval", (*_around("judgement", "setting", "forget"), "delete.after_delete"),
         _ask_to_approve, _begin_hold, is_live=True, mend=_approve_what_is_left),
    Plot("retry", (*_around("retry"),), _fail, mend=_heal),
    Plot("recovery", ("recovery.before_head", "recovery.after_head", *_around("end", "record")),
         _die_after_put),
    Plot("left upload", ("recovery.after_head", "upload.before_abort", "upload.after_abort"),
         _die_after_part),
    Plot("stop", ("confirmation.before_head", "confirmation.after_head", "ledger.before_clean",
                  "ledger.after_clean"), _stop, _large, is_live=True),
    Plot("reload", ("reload.before_apply", "reload.after_apply"), _reload,
         is_live=True),
)  # fmt: skip


def first_points(plot: Plot) -> list[str]:
    """Give the points of a plot that no plot before it passes."""
    before = {
        point.partition("@")[0] for each in PLOTS[: PLOTS.index(plot)] for point in each.points
    }
    return [point for point in plot.points if point not in before and "@" not in point]


def armed(point: str) -> str:
    """Give what arms a point, `name` or `name@n`, to kill."""
    name, _, nth = point.partition("@")
    assert name in failpoints.NAMES
    return f"{name}=kill@{nth or 1}"


def play(ward: Ward, plot: Plot, point: str, *, second: str = "") -> None:
    """Kill the running daemon at a point, start it again, and judge.

    Args:
        ward: whose daemon runs, in sync.
        plot: that passes the point.
        point: `name` or `name@n`.
        second: where the next start is killed, if it gets there.
    """
    prepared = ward.author.diary.files()
    plot.prepare(ward)
    if plot.mend is not _approve_what_is_left and prepared != ward.author.diary.files():
        ward.settle()
    if plot.is_live:
        ward.nursling.arm(armed(point))
        plot.change(ward)
    else:
        ward.daemon.kill()
        plot.change(ward)
        ward.restart(armed(point))
        until(lambda: not ward.daemon.is_running or _is_in_sync(ward), 30, f"{point} is passed")
    ward.was_killed(f"{plot.name}: {point}", within_seconds=10)
    if second:
        ward.restart(armed(second))
        until(lambda: not ward.daemon.is_running or _is_in_sync(ward), 90, "it dies or is done")
        ward.daemon.kill()
        ward.assert_explained()
    ward.restart()
    plot.mend(ward)
    ward.judge()


def _is_in_sync(ward: Ward) -> bool:
    try:
        return bool(ward.daemon.site()["in_sync"])
    except Exception:  # noqa: BLE001 - it is starting, or dead
        return False
