"""`python -m s3syncd` and the installed command."""

from __future__ import annotations

import sys

from s3syncd.cli.main import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
