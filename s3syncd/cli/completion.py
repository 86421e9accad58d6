"""`s3syncd completion bash|zsh|fish`: a script for the shell that completes what can be typed.

Commands and options are in the script; names of sites are asked for while somebody types, by
`s3syncd -c FILE completion sites`, which reads the file and asks no daemon.
"""

from __future__ import annotations

import argparse

from s3syncd.cli import exits
from s3syncd.cli.grammar import grammar
from s3syncd.cli.shells import SCRIPTS
from s3syncd.cli.wording import printable
from s3syncd.config.peek import peek

__all__ = ["execute"]


def execute(arguments: argparse.Namespace) -> int:
    """Print the script, or the names of the sites, a line each.

    Raises:
        ConfigError: (`sites`) the configuration cannot be read.
    """
    if arguments.shell == "sites":
        # A name that cannot be shown cannot be typed either.
        names = [name for name in peek(arguments.config).sites if name == printable(name)]
        print("".join(f"{name}\n" for name in names), end="")
    else:
        print(SCRIPTS[arguments.shell](grammar()), end="")
    return exits.OK
