"""What a process that runs sites holds: the state directory and the log."""

from __future__ import annotations

import platform
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from s3syncd import __version__, logs
from s3syncd.config import cgroup
from s3syncd.config.models import Config
from s3syncd.core.plural import counted
from s3syncd.errors import FatalError
from s3syncd.local.probe import capabilities
from s3syncd.supervisor.lock import StateLock

__all__ = ["configure_log", "held_state", "introduce", "watch_shortage"]

_NAMED = 20  # sites named in the first line of the log; of more the number is enough
_EXPOSED = (
    "Every user may put a ledger of their own here, and so have objects deleted: `chmod o-w`,"
    " unless nobody else can reach it."
)


@contextmanager
def held_state(config: Config) -> Iterator[StateLock]:
    """Hold the state directory, and log as configured; give its lock.

    Raises:
        FatalError: another process has the state directory, or it or the log cannot be used.
    """
    lock = StateLock(config.state_dir)
    try:
        configure_log(config)
        if config.state_dir.stat().st_mode & stat.S_IWOTH:
            logs.logger().warning("state.exposed", path=str(config.state_dir), hint=_EXPOSED)
        yield lock
    finally:
        logs.flush()
        logs.configure(level=config.log_level, secrets=config.secret_values())  # closes the file
        lock.release()


def configure_log(config: Config) -> None:
    """Set up the log; tell what is doubtful in the configuration.

    Raises:
        FatalError: the log file cannot be opened; the log is as it was.
    """
    try:
        logs.configure(
            level=config.log_level,
            style=config.log_format,
            file=config.log_file,
            secrets=config.secret_values(),
        )
    except OSError as error:
        raise FatalError(
            f"cannot open the log file {config.log_file}: {error.strerror}",
            hint="make log.file a file that the daemon may write, or leave it out",
        ) from error
    for warning in config.warnings:
        logs.logger().warning("config.doubtful", warning=warning)


def introduce(config: Config) -> None:
    """Say in the log who runs, for whom, and on what; and what will be short."""
    logs.logger().info("daemon.started", **_introduction(config))
    if hint := watch_shortage(config, capabilities()["max_user_instances"]):
        logs.logger().warning("watch.instances_short", sites=len(config.sites), hint=hint)


def watch_shortage(config: Config, limit: object) -> str:
    """Say what to raise where the sites need more inotify instances than a user may have.

    Args:
        config: each of its sites needs one, unless it polls.
        limit: of all programs of this user together; None where the system tells none.
    """
    wanted = sum(site.watcher != "polling" for site in config.sites)
    if not isinstance(limit, int) or wanted < limit:
        return ""
    # As many again for other programs, and a power of two as the kernel's own defaults are.
    enough = 1 << (2 * wanted).bit_length()
    return (
        f"{counted(wanted, 'site needs', 'sites need')} as many inotify instances, {limit} are "
        "allowed; the others find changes by rescans only: "
        f"sysctl -w fs.inotify.max_user_instances={enough}"
    )


def _introduction(config: Config) -> dict[str, Any]:
    """Give the facts of the first line of the log: who runs, for whom, on what. No secret."""
    allowance = cgroup.read()
    names = [site.name for site in config.sites]
    return {
        "version": __version__,
        "sites": names[:_NAMED],
        "sites_total": len(names),
        "config": str(config.path),
        "ledgers": str(config.state_dir),
        "limits": {
            "upload_workers": config.upload_workers,
            "upload_processes": config.upload_processes,
            "checksum_workers": config.checksum_workers,
            "max_in_flight": config.max_in_flight,
            "buffer_bytes": config.buffer_bytes,
        },
        "tells": [
            name
            for name, address in (
                ("http", config.http_listen),
                ("heartbeat", config.heartbeat_url),
                ("notify", config.notify_webhook),
            )
            if address is not None
        ],
        "capabilities": {
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.release()} {platform.machine()}",
            "memory_limit_bytes": allowance.memory_bytes,
            "cpu_limit": allowance.cpus,
            **capabilities(),
        },
    }
