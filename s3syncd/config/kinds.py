"""The kinds of values that options have: how each is read, and its bounds."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from s3syncd.config import parse, places, rates
from s3syncd.core.rate import Schedule

__all__ = [
    "Bandwidth",
    "Bucket",
    "Endpoint",
    "Interval",
    "Level",
    "Listen",
    "Milliseconds",
    "Mode",
    "Name",
    "NoticeKinds",
    "Patterns",
    "PerSecond",
    "Prefix",
    "Rate",
    "Region",
    "Role",
    "Seconds",
    "Size",
    "Switch",
    "Text",
    "Whole",
]


def _mode(value: object) -> object:
    if value in ("download", "two-way"):
        raise parse.UnusableError("is not in this version, which only uploads", "write upload")
    return value


Text = Annotated[str, BeforeValidator(parse.text)]
Switch = Annotated[bool, BeforeValidator(parse.switch)]
Whole = Annotated[int, BeforeValidator(parse.whole)]
Seconds = Annotated[float, BeforeValidator(parse.seconds)]
Interval = Annotated[Seconds, Field(ge=1)]
Milliseconds = Annotated[float, BeforeValidator(parse.milliseconds), Field(ge=0.001)]
Size = Annotated[int, BeforeValidator(parse.size_bytes)]
Endpoint = Annotated[str, BeforeValidator(places.endpoint)]
Patterns = Annotated[tuple[str, ...], BeforeValidator(parse.patterns)]
Region = Annotated[str, BeforeValidator(places.region)]
Role = Annotated[str, BeforeValidator(places.role)]
Bucket = Annotated[str, BeforeValidator(places.bucket)]
Prefix = Annotated[str, BeforeValidator(places.prefix)]
Name = Annotated[str, BeforeValidator(places.site_name)]
NoticeKinds = Annotated[tuple[str, ...], BeforeValidator(parse.notice_kinds)]
Level = Annotated[str, BeforeValidator(parse.level)]
Listen = Annotated[str, BeforeValidator(parse.listen)]
Bandwidth = Annotated[Schedule | None, BeforeValidator(rates.bandwidth)]
PerSecond = Annotated[float | None, BeforeValidator(rates.per_second)]
Rate = Annotated[int, BeforeValidator(parse.size_bytes), Field(ge=64 * 1024)]
Mode = Annotated[Literal["upload", "download", "two-way"], BeforeValidator(_mode)]
