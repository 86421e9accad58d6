"""A daemon for tests of client commands: the real control socket, scripted answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from s3syncd.web.address import socket_path
from s3syncd.web.control import ControlServer

__all__ = [
    "DRIFT",
    "DRIFTED",
    "EXPLAINED",
    "LATER",
    "OUT_OF_SYNC",
    "FakeDaemon",
    "site_status",
    "write_config",
]

LATER = "2026-11-21T07:00:00Z"
"""An hour after the last passes that `site_status` tells of."""

DRIFT = {"path": "a", "reason": "drift", "hint": "look", "since": None}
DRIFTED = {"in_sync": False, "problems": [DRIFT], "problems_total": 1}
OUT_OF_SYNC = {"in_sync": False, "state": "syncing", "pending": {"actions": 3, "bytes": 4096}}

EXPLAINED: dict[str, Any] = {
    "ok": True,
    "id": "0",
    "is_over": True,
    "explanation": {
        "site": "photos", "path": "a\x1bb", "key": "s3://photos-bucket/a\x1bb",
        "rule": {"is_selected": True, "word": "included", "rule": "inclusions[2]",
                 "pattern": "^a", "text": "inclusions[2] takes it in."},
        "local": {"state": "file", "size_bytes": 2048, "mtime": "2026-11-21T10:00:00Z",
                  "mode": "0644", "inode": 7},
        "remote": {"state": "unknown", "detail": "SlowDown: less"},
        "remembered": None,
        "standing": [{"word": "failed", "text": "It failed once."},
                     {"word": "settling", "text": "It changed."}],
        "facts": {},
        "next": {"row": 0, "word": "nothing", "text": "Nothing is decided."},
        "site_state": {"state": "unavailable", "reason": "bucket_unavailable", "hint": "look"},
    },
}  # fmt: skip
"""What a daemon answers to `explain`, from the beginning to the end."""


def site_status(name: str = "photos", **changes: Any) -> dict[str, Any]:
    """Give the status of a site that is in sync, with changes."""
    return {
        "name": name,
        "state": "idle",
        "reason": None,
        "hint": None,
        "mode": "upload",
        "in_sync": True,
        "last_in_sync_at": "2026-11-21T06:00:00Z",
        "pending": {"actions": 0, "bytes": 0},
        "oldest_pending_seconds": 0,
        "held_deletions": 0,
        "held_list": None,
        "foreign_objects": 0,
        "problems": [],
        "problems_total": 0,
        "last_rescan_at": "2026-11-21T06:00:00Z",
        "last_reconcile_at": "2026-11-21T06:00:00Z",
        "watcher": "inotify",
        "files": 12345,
        "bytes": 3 * 2**30,
    } | changes


class FakeDaemon:
    """Answers with `sites`, one script step per status asked; the last step stays."""

    def __init__(self, state_dir: Path, *steps: list[dict[str, Any]]) -> None:
        self.steps = list(steps) or [[site_status()]]
        self.commands: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, dict[str, Any]] = {}
        self.told: dict[str, Any] = {}
        self.live: dict[str, Any] = {"ok": True}
        self._server = ControlServer(
            socket_path(state_dir),
            status=self._status,
            command=self._command,
            live=lambda: self.live,
        )

    def __enter__(self) -> FakeDaemon:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def _status(self) -> dict[str, Any]:
        sites = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        started = "2026-11-21T05:00:00Z"
        return {"version": "0.1.0", "started_at": started, "sites": sites, **self.told}

    def _command(self, name: str, arguments: dict[str, Any]) -> dict[str, Any]:
        self.commands.append((name, arguments))
        return self.answers.get(name, {"ok": True})


def write_config(directory: Path, **changes: object) -> Path:
    """Write a configuration with the sites photos and docs, its state in `directory`/state."""
    (directory / "state").mkdir(exist_ok=True)
    settings = {"state_dir": f"{directory}/state"} | changes
    lines = [f"{key}: {value}" for key, value in settings.items()]
    lines.append("sites:")
    for name in ("photos", "docs"):
        (directory / name).mkdir(exist_ok=True)
        lines.append(f"- {{name: {name}, path: {directory / name}, bucket: {name}-bucket}}")
    path = directory / "config.yml"
    path.write_text("\n".join(lines) + "\n")
    return path
