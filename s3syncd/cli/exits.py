"""Exit codes, and how a status becomes one."""

from __future__ import annotations

from s3syncd.core.standing import HELD, NOT_IN_SYNC
from s3syncd.core.standing import IN_SYNC as OK
from s3syncd.core.standing import code_of as exit_code_of
from s3syncd.core.standing import code_of_work as exit_code_of_work

__all__ = [
    "CONFIGURATION",
    "FATAL",
    "HELD",
    "INTERRUPTED",
    "NOT_IN_SYNC",
    "OK",
    "exit_code_of",
    "exit_code_of_work",
]

FATAL = 1
CONFIGURATION = 2

INTERRUPTED = 130
"""What a shell expects of a command ended by Ctrl-C: 128 + SIGINT."""
