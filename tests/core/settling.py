"""A settle table with plain waits, and the paths of what is due in it."""

from s3syncd.core.settle import SettleTable

__all__ = ["names", "table"]


def table(**more):
    settings = {"settle_seconds": 1.0, "settle_open_seconds": 5.0, "deadline_seconds": 60.0}
    return SettleTable(**(settings | more))


def names(due):
    return [path for path, _entry in due]
