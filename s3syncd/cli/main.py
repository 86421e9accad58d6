"""The parser, and from a command to its module. Imports nothing heavy."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from s3syncd import __version__, collector
from s3syncd.cli import exits
from s3syncd.cli.advice import advice_of
from s3syncd.cli.options import add_approve, add_explain, add_restore, directory
from s3syncd.cli.output import OutputError, guarded, silence
from s3syncd.cli.parser import Parser
from s3syncd.core.advice import CLIENTS
from s3syncd.errors import ConfigError, S3SyncError, UnknownSiteError

__all__ = ["build_parser", "main"]

_DESCRIPTION = """\
Keeps local directories and S3 prefixes equal, continuously.

Without a command, s3syncd runs the daemon in the foreground."""

_EPILOG = """\
exit codes:
  0  ok: done; for status, and for the daemon when it is stopped: in sync
  1  fatal, or no daemon is running
  2  the configuration or the command line cannot be used
  3  held or halted: deletions are held back, or a site waits for a person
  4  not in sync; the stopped daemon does the rest at its next start;
     for restore: some files are not there
  (3 comes before 4: what waits for a person is told first)

signals to the daemon:
  SIGTERM, SIGINT  finish what is in flight, at most shutdown_timeout_seconds,
                   and exit; a second one exits at once
  SIGHUP           the same as: s3syncd reload
"""

_DEFAULT_CONFIG = Path("config.yml")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code and raises only SystemExit (from argparse)."""
    try:
        with guarded():
            return _run(argv)
    except OutputError as error:
        silence()
        print(f"s3syncd: standard output cannot be written: {error}", file=sys.stderr)
        return exits.FATAL
    except BrokenPipeError:
        silence()  # the reader left (`s3syncd plan | head`)
        return exits.FATAL
    except KeyboardInterrupt:
        return exits.INTERRUPTED


def _run(argv: Sequence[str] | None) -> int:
    arguments = build_parser().parse_args(argv)
    arguments.is_config_given = hasattr(arguments, "config")
    arguments.config = getattr(arguments, "config", _DEFAULT_CONFIG)
    command = arguments.command or "run"
    try:
        with collector.loading():
            module = importlib.import_module(f"s3syncd.cli.{command}")
        code: int = module.execute(arguments)
        return code
    except ConfigError as error:
        return _fail(error, exits.CONFIGURATION, arguments)
    except S3SyncError as error:
        return _fail(error, exits.FATAL, arguments)


def build_parser() -> argparse.ArgumentParser:
    """Build the whole command line."""
    parser = Parser(
        prog="s3syncd",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"s3syncd {__version__}")
    _add_config(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    for name, (summary, add_arguments) in _COMMANDS.items():
        command = commands.add_parser(
            name, help=summary, description=_sentence(summary), allow_abbrev=False
        )
        _add_config(command)
        if name in CLIENTS:
            _add_state_dir(command)
        add_arguments(command)
    return parser


def _add_config(parser: argparse.ArgumentParser) -> None:
    # Absent by default: a subcommand's default would overwrite what stood before the command.
    parser.add_argument(
        "-c",
        "--config",
        "-config",
        metavar="FILE",
        type=Path,
        default=argparse.SUPPRESS,
        help="the configuration, before or after the command (default: config.yml)",
    )


def _add_state_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state-dir",
        metavar="DIR",
        type=directory,
        help="the state directory of the daemon, instead of the file that names it",
    )


def _nothing(parser: argparse.ArgumentParser) -> None:
    """Take no arguments of its own."""


def _config(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "what",
        choices=("show", "schema"),
        metavar="show|schema",
        help="show: the configuration in force; schema: a JSON schema of the file, for editors",
    )
    _json(parser)


class _Shells(tuple[str, ...]):
    """What may be completed for, and, told to nobody, what the scripts themselves ask for."""

    __slots__ = ()

    def __contains__(self, word: object) -> bool:
        return word == "sites" or super().__contains__(word)


def _completion(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "shell",
        choices=_Shells(("bash", "zsh", "fish")),
        metavar="bash|zsh|fish",
        help="the shell to write a script for",
    )


def _optional_site(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", metavar="SITE", nargs="?", help="one site (default: all)")


def _json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print JSON")


def _wait(
    parser: argparse.ArgumentParser, what: str, *, until: argparse._ActionsContainer | None = None
) -> None:
    (until or parser).add_argument("--wait", action="store_true", help=f"wait {what}")
    parser.add_argument(
        "--timeout", metavar="S", type=_seconds, help="wait at most S seconds (default: for ever)"
    )


def _check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "sites", metavar="SITE", nargs="*", help="probe these sites alone (default: all)"
    )
    parser.add_argument(
        "--offline", action="store_true", help="validate and print the configuration, ask nobody"
    )
    _json(parser)


def _plan(parser: argparse.ArgumentParser) -> None:
    _optional_site(parser)
    _json(parser)


def _verify(parser: argparse.ArgumentParser) -> None:
    _optional_site(parser)
    _json(parser)


def _status(parser: argparse.ArgumentParser) -> None:
    _optional_site(parser)
    _json(parser)
    one_of = parser.add_mutually_exclusive_group()
    _wait(parser, "until everything asked for is in sync, or a person is waited for", until=one_of)
    one_of.add_argument(
        "--watch", action="store_true", help="show it again each second, until Ctrl-C"
    )
    one_of.add_argument(
        "--live",
        action="store_true",
        help="only whether the daemon turns (exit 0 or 1), whatever S3 does; for liveness probes",
    )


def _sync(parser: argparse.ArgumentParser) -> None:
    _optional_site(parser)
    _json(parser)


def _rescan(parser: argparse.ArgumentParser) -> None:
    _optional_site(parser)
    parser.add_argument("--remote", action="store_true", help="list the bucket too (a reconcile)")
    _wait(parser, "until it is done")


def _pause(parser: argparse.ArgumentParser) -> None:
    _optional_site(parser)
    _wait(parser, "until nothing is in flight any more")


def _resume(parser: argparse.ArgumentParser) -> None:
    _optional_site(parser)
    _wait(parser, "until it is in sync again, or a person is waited for")


def _reload(parser: argparse.ArgumentParser) -> None:
    _json(parser)
    _wait(parser, "until every site has started")


def _reset(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", metavar="SITE", help="the site")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _demo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--once", action="store_true", help="verify the tour and exit")


_COMMANDS: dict[str, tuple[str, Callable[[argparse.ArgumentParser], None]]] = {
    "run": ("run the daemon in the foreground (the default)", _nothing),
    "check": ("validate the configuration and probe every site; leaves nothing behind", _check),
    "plan": ("show what would be done; changes nothing", _plan),
    "sync": ("make every site equal once; the daemon does it when one is running", _sync),
    "verify": ("hash every file and compare with the bucket; fetches and changes nothing", _verify),
    "explain": ("tell why a path is where it is, and what comes next", add_explain),
    "restore": ("get the tree back from the bucket; reads there, writes only to DIR", add_restore),
    "status": ("ask the daemon: in sync or not, since when, what is stuck, what to do", _status),
    "approve": ("let held deletions go ahead, or accept a halted site as it is now", add_approve),
    "rescan": ("look at the whole directory again, with --remote at the bucket too", _rescan),
    "pause": ("stop transferring; survives a restart", _pause),
    "resume": ("go on after a pause", _resume),
    "reload": ("read the configuration again", _reload),
    "reset": ("forget a site's ledger; touches no data", _reset),
    "config": ("print the configuration in force, or what an editor needs to know", _config),
    "completion": ("print what a shell needs to complete commands and sites", _completion),
    "demo": ("a tour on a temporary directory and a small S3 server of its own", _demo),
}


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds; write 60")
    return value


def _sentence(summary: str) -> str:
    return summary[:1].upper() + summary[1:] + "."


def _fail(error: S3SyncError, code: int, arguments: argparse.Namespace) -> int:
    # A configuration's problems name their file themselves, as compilers do.
    is_of_file = isinstance(error, ConfigError) and not isinstance(error, UnknownSiteError)
    prefix = "" if is_of_file else "s3syncd: "
    print(f"{prefix}{error.message}", file=sys.stderr)
    if error.hint:
        site = getattr(arguments, "site", None) or ""
        print(f"  {advice_of(arguments).runnable(error.hint, site=site)}", file=sys.stderr)
    return code
