"""Tells how a command line was asked, so that what it advises can be copied: see `core.advice`."""

from __future__ import annotations

import argparse
import shlex

from s3syncd.core.advice import Advice

__all__ = ["advice_of"]


def advice_of(arguments: argparse.Namespace) -> Advice:
    """Give how a command line was asked."""
    if state_dir := getattr(arguments, "state_dir", None):
        return Advice(state_dir=shlex.quote(str(state_dir)))
    if getattr(arguments, "is_config_given", hasattr(arguments, "config")):
        return Advice.with_file(arguments.config)
    return Advice()
