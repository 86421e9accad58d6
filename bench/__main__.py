"""`python -m bench [NAME ...] [--files N]`: run the benches and write bench/RESULTS.md."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from bench import first_upload, idle, unchanged
from bench.report import save, show

BENCHES = {
    "first_upload": first_upload.measure,
    "idle": idle.measure,
    "unchanged": unchanged.measure,
}


def main() -> None:
    """Run what was asked for; only a complete run at full size replaces RESULTS.md."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHES)}")
    parser.add_argument("--files", type=int, help="how many files, instead of the bench's own")
    options = parser.parse_args()
    if unknown := set(options.names) - set(BENCHES):
        parser.error(f"no such bench: {', '.join(sorted(unknown))}")
    rows = []
    for name in options.names or BENCHES:
        size = {"files": options.files} if options.files else {}
        with tempfile.TemporaryDirectory(prefix=f"s3syncd-bench-{name}-") as folder:
            for row in BENCHES[name](Path(folder), **size):
                show(row)
                rows.append(row)
    if not options.names and not options.files:
        save(rows)


if __name__ == "__main__":
    main()
