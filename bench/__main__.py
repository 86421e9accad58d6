"""`python -m bench [CASE ...]`: measure, print, and renew bench/RESULTS.md."""

from __future__ import annotations

import argparse
import compileall
import signal
import sys
import traceback
from pathlib import Path

import s3syncd
from bench.cases import CASES
from bench.peers import PEERS, versions
from bench.ram import ram_folder, where
from bench.report import circumstances, save
from bench.setting import Setting

_ORDER = [case.title for case in CASES.values()]


def main() -> int:
    """Run what was asked for; a case that fails costs only its own results."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"of {', '.join(CASES)}")
    parser.add_argument("--files", type=int, help="how many files, instead of the case's own")
    parser.add_argument("--rounds", type=int, help="how often each program runs")
    parser.add_argument("--peers", help=f"beside which programs: of {','.join(PEERS)}, or none")
    parser.add_argument("--seconds", type=float, help="how long, where a case takes a set time")
    options = parser.parse_args()
    if unknown := set(options.cases) - set(CASES):
        parser.error(f"no such case: {', '.join(sorted(unknown))}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # leave nothing behind in memory
    # As pip leaves a package. Where PYTHONDONTWRITEBYTECODE is set, each start would compile it.
    compileall.compile_dir(Path(s3syncd.__file__).parent, quiet=1)
    failed = [name for name in options.cases or CASES if not _run(name, options)]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return len(failed)


def _run(name: str, options: argparse.Namespace) -> bool:
    """One case; False if it failed. Only what has full size is kept."""
    case = CASES[name]
    around = circumstances(versions(), where())
    print(f"\n## {case.title}\n", flush=True)
    with ram_folder(name) as folder:
        setting = Setting(
            folder,
            files=options.files or case.files,
            rounds=options.rounds or case.rounds,
            seconds=options.seconds or case.seconds,
            peers=tuple(peer for peer in PEERS if peer in (options.peers or ",".join(PEERS))),
        )
        try:
            section = case.measure(setting)
        except (Exception, SystemExit):  # noqa: BLE001 the other cases go on
            traceback.print_exc()
            return False
    print("\n" + section.text(around), flush=True)
    if case.is_full(setting):
        save(section, around, _ORDER)
    return True


if __name__ == "__main__":
    sys.exit(main())
