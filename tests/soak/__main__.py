"""`python -m tests.soak [--seconds N] [--seed N]`: one soak, with a line now and then."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.soak.run import soak

_HOUR = 3600.0


def main() -> int:
    """Run it; what breaks a promise is a traceback and leaves its folder."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=_HOUR, help="of unrest (default: 3600)")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 10**6)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="s3syncd-soak-"))
    print(f"seed {given.seed}, in {folder}", flush=True)
    began = time.monotonic()

    def tell(line: str) -> None:
        print(f"[{time.monotonic() - began:6.0f} s] {line}", flush=True)

    report = soak(folder, seconds=given.seconds, seed=given.seed, tell=tell)
    print(report)
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
