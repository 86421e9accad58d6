"""Tries what the daemon will write on this machine: its state directory and its log.

By doing it, not by reading permissions: a read-only mount, a full disk and a file system that knows
no locks or WAL show only then. What is tried has a name of its own and is gone afterwards.
"""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import shlex
import shutil
import socket
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from s3syncd.core.finding import Finding, Verdict
from s3syncd.core.safety import least_room
from s3syncd.errors import S3SyncError
from s3syncd.local.room import DiskRoom, room_at

__all__ = ["owner_warning", "probe_ledger_files", "probe_log_file", "probe_state_dir"]

_TRIED: Final = ".s3syncd-check-"
_LEDGER_FILES: Final = ("ledger.sqlite", "ledger.sqlite-wal", "ledger.sqlite-shm")
_UNNAMED: Final = "uid "
_MIB: Final = 1024 * 1024
_REMEDIES: Final = {
    errno.EISDIR: "move that directory away",
    errno.ENOTDIR: "move away the file that stands where a directory has to be",
    errno.ENOSPC: "free space there",
    errno.EDQUOT: "free space there, or raise the quota",
    errno.EROFS: "mount it writable (systemd: ReadWritePaths=)",
    errno.ENXIO: "start what reads there",
}
"""What helps beside another place, by what the system said; root may write wherever one can."""


def probe_state_dir(
    state_dir: Path,
    *,
    try_ledger: Callable[[Path], None],
    look: Callable[[Path], DiskRoom | None] = room_at,
) -> Finding:
    """Try all that the daemon does in its state directory, in a directory of the probe's own.

    Args:
        state_dir: absolute; it need not exist: the daemon makes it, and what is missing above it.
        try_ledger: makes a ledger in a directory and closes it; raises LedgerError.
        look: tells the room of a file system.
    """
    existing = next(each for each in (state_dir, *state_dir.parents) if os.path.lexists(each))
    if not existing.is_dir():
        return _failed(
            "state_dir",
            f"{state_dir} cannot be used: {existing} is no directory",
            "set state_dir to a directory, or move that file away",
        )
    try:
        with _scratch(existing) as scratch:
            _try_lock(scratch)
            _try_socket(scratch)
            try_ledger(scratch)
        if existing == state_dir:
            _try_file(state_dir / "lock")
    except OSError as error:
        return _refused("state_dir", state_dir, existing, error)
    except S3SyncError as error:
        return _failed("state_dir", error.message, "set state_dir to a local file system's")
    room = look(existing)
    if room is not None and room.free_bytes < least_room(room.total_bytes):
        return Finding(
            Verdict.WARNING,
            "state_dir",
            f"{state_dir} has {room.free_bytes // _MIB} MiB left: nothing is begun with so little",
            f"free space on the file system of {existing}, or set state_dir to another",
        )
    if existing != state_dir:
        return Finding(Verdict.OK, "state_dir", f"{state_dir} will be made, in {existing}")
    return Finding(Verdict.OK, "state_dir", f"{state_dir} can be written")


def probe_ledger_files(folder: Path) -> Finding | None:
    """Try to open what a site has in its folder of the state directory; None: all is well."""
    if not os.path.lexists(folder):
        return None
    for path in (folder, *(folder / name for name in _LEDGER_FILES)):
        try:
            if path == folder:
                with _scratch(path):
                    pass
            else:
                _try_file(path)
        except OSError as error:
            return _refused("ledger", path, path, error)
    return None


def probe_log_file(path: Path, state_dir: Path) -> Finding:
    """Try whether the log can be opened, and opened anew after it was rotated.

    Args:
        path: absolute.
        state_dir: the daemon makes it before it opens the log.
    """
    # Where there is none, links lead to where it will be made; /dev/stdout must not be resolved.
    parent = Path(os.path.realpath(path)).parent
    try:
        if path.is_dir():
            return _failed("log_file", f"{path} is a directory", "name a file in log.file")
        _try_file(path)
        is_there = path.exists()
    except OSError as error:
        return _refused("log_file", path, path, error)
    if not is_there and not parent.is_dir() and parent != state_dir:
        return _probe_parent(path, parent)
    if parent.is_dir() and (not is_there or path.is_file()):
        return _probe_making(path, parent, is_there=is_there)
    return Finding(Verdict.OK, "log_file", f"{path} can be written")


def _probe_parent(path: Path, parent: Path) -> Finding:
    """Tell of a log without its directory whether that can be made, and how."""
    existing = next(each for each in parent.parents if os.path.lexists(each))
    try:
        with _scratch(existing):
            pass
    except PermissionError as error:
        if os.geteuid() == 0:  # below /sys, for example, where nobody makes anything
            return _refused("log_file", path, existing, error)
    except OSError as error:
        return _refused("log_file", path, existing, error)
    return _failed(
        "log_file",
        f"{path} cannot be made: {parent} is no directory",
        f"mkdir -p {parent} (as the daemon's user), or set log.file to another place",
    )


def _probe_making(path: Path, parent: Path, *, is_there: bool) -> Finding:
    """Try whether a log can be made where there is none, now or after it was rotated."""
    try:
        with _scratch(parent):
            pass
    except OSError as error:
        if not is_there:
            return _refused("log_file", path, parent, error)
        return Finding(
            Verdict.WARNING,
            "log_file",
            f"{path} can be written, but not made anew when it is rotated: {error.strerror}",
            f"let the daemon's user write in {parent}, or rotate with copytruncate",
        )
    return Finding(Verdict.OK, "log_file", f"{path} can be written")


def owner_warning(places: Iterable[Path]) -> Finding | None:
    """Warn where root looks and another user owns what the daemon writes: it may do all, he not.

    Args:
        places: those that exist count.
    """
    if os.geteuid() != 0:
        return None
    for place in places:
        with suppress(OSError):
            owner = place.stat().st_uid
            if owner:
                name = _name_of(owner)
                return Finding(
                    Verdict.WARNING,
                    "user",
                    f"this was looked at as root, and {place} belongs to {name}",
                    f"if the daemon runs as {name}, check as {name}, too: sudo -u {name} "
                    "s3syncd check",
                )
    return None


@contextmanager
def _scratch(parent: Path) -> Iterator[Path]:
    """Yield a new directory in `parent`, gone afterwards."""
    made = Path(tempfile.mkdtemp(prefix=_TRIED, dir=parent))
    try:
        yield made
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _try_lock(scratch: Path) -> None:
    with (scratch / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.write("0\n")
        file.flush()
        os.fsync(file.fileno())


def _try_socket(scratch: Path) -> None:
    """Make a socket, by the way that works for deep directories, too; see `web.address`."""
    descriptor = os.open(scratch, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            through = Path(f"/proc/self/fd/{descriptor}")
            if through.exists():
                listener.bind(str(through / "s"))
    finally:
        os.close(descriptor)


def _try_file(path: Path) -> None:
    """Open an existing file as the daemon does, and write nothing; a missing one is fine."""
    with suppress(FileNotFoundError):
        # O_NONBLOCK: a FIFO that nobody reads would hold us (ENXIO is told then, as the daemon's).
        os.close(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC))


def _refused(probe: str, wanted: Path, place: Path, error: OSError) -> Finding:
    """Tell what the system said, and whose the place is where that is the reason."""
    said = f"{wanted} cannot be written: {error.strerror}"
    if place != wanted:
        said += f", in {place}"
    me = _name_of(os.geteuid())
    owner = _owner_of(place)
    if isinstance(error, PermissionError) and owner not in {"", me}:
        other = f"if the daemon runs as {owner}, check as {owner}, too"
        given = _given_away(probe, wanted, is_there=place == wanted)
        remedy = f"{place} belongs to {owner}, and this is {me}: {other}; else, as root: {given}"
        return _failed(probe, said, remedy)
    key = "log.file" if probe == "log_file" else "state_dir"
    remedy = _REMEDIES.get(error.errno or 0, "")
    if isinstance(error, PermissionError) and me != "root":
        remedy = f"let {me} write there"
    other = f"set {key} to another place"
    return _failed(probe, said, f"{remedy}, or {other}" if remedy else other)


def _given_away(probe: str, wanted: Path, *, is_there: bool) -> str:
    """Give the command that makes a place this user's; what is above it stays whose it is."""
    me, path = _name_of(os.geteuid()).removeprefix(_UNNAMED), shlex.quote(str(wanted))
    if is_there:
        return f"chown -R {me} {path}"
    if probe == "log_file":
        return f"install -o {me} -m 640 /dev/null {path}"
    return f"install -d -o {me} -m 700 {path}"


def _failed(probe: str, text: str, remedy: str) -> Finding:
    return Finding(Verdict.FAILED, probe, text, remedy)


def _owner_of(place: Path) -> str:
    try:
        return _name_of(place.lstat().st_uid)
    except OSError:
        return ""


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # containers often run users that nobody named
        return f"{_UNNAMED}{uid}"
