"""`python -m s3syncd` and the installed command."""

from __future__ import annotations

import sys

from s3syncd import collector, cores

__all__ = ["main"]


def main() -> int:
    """Run the command line in a process that is ours alone; gives the exit code."""
    cores.own_process()
    collector.own_process()
    with collector.loading():
        from s3syncd.cli.main import main as run_command  # noqa: PLC0415 - loads argparse
    return run_command()


if __name__ == "__main__":
    sys.exit(main())
