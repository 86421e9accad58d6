"""The objects of a listing page, read by one regular expression that the first of them gives.

Stores write all objects of a page alike. Where that is so, and nothing but plain text stands in
them, C code reads the page at 0.7 us per key; a parser that makes an element of each tag takes 5.
Wherever a page is anything else, nothing is read here: the parser has the last word.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Final, NamedTuple, TypeAlias

__all__ = ["Columns", "Contents", "read_contents"]

_BEGIN: Final = b"<Contents>"
_END: Final = b"</Contents>"
_MAX_ELEMENTS: Final = 16  # an object has about seven
_ELEMENT: Final = re.compile(r"<([A-Za-z0-9]{1,40})>([^<]*)</\1>\s*")

# Up to the next tag. A set of characters would take twice the time: what must not be among them
# (entities, control characters) is looked for afterwards, in all values of a kind at once.
_TEXT: Final = "[^<]*"
_READ: Final = {"Key": "([^<]+)", "Size": "([0-9]{1,18})", "StorageClass": f"({_TEXT})"}
_QUOTES: Final = ("&quot;", "&#34;", '"')

_Layout: TypeAlias = tuple[tuple[str, str], ...]
"""The tags of an object, each with the quote that its text begins with (of an ETag, else '')."""


class Columns(NamedTuple):
    """The objects of a page, in its order: key (still quoted), size in bytes, ETag, class."""

    keys: Sequence[str]
    sizes: Sequence[int]
    etags: Sequence[str]
    classes: Sequence[str]


class Contents(NamedTuple):
    """What was read, and the page with one empty object in the place of all of them."""

    columns: Columns
    rest: bytes


def read_contents(body: bytes) -> Contents | None:
    """Read the objects of a page; None where the page is not as plain as it must be for this.

    The caller parses `rest`, and must find its one object right below the root.
    """
    first, last = body.find(_BEGIN), body.rfind(_END)
    # A comment or a CDATA section could hold what looks like an object.
    if first < 0 or last < first or b"!" in body:
        return None
    # ASCII alone is the same in every encoding that the page may declare and the parser knows.
    region = body[first : last + len(_END)]
    layout = _layout_of(region[: region.find(_END)]) if region.isascii() else None
    if layout is None:
        return None
    rows = _pattern(layout).findall(region.decode("ascii"))
    columns = _columns(layout, rows, len(region)) if rows else None
    if columns is None:
        return None
    return Contents(columns, body[:first] + b"<Contents/>" + body[last + len(_END) :])


def _columns(layout: _Layout, rows: list[tuple[str, ...]], length: int) -> Columns | None:
    wholes, *read = zip(*rows, strict=True)
    # Object follows object: nothing between them was passed over.
    if sum(map(len, wholes)) != length:
        return None
    names = [name for name, _quote in layout if name in _READ or name == "ETag"]
    found = dict(zip(names, read, strict=True))
    none = ("",) * len(rows)
    keys, etags = found["Key"], found.get("ETag", none)
    classes = _classes(found.get("StorageClass", none))
    if classes is None or not (_is_plain("".join(keys)) and _is_plain("".join(etags))):
        return None
    return Columns(keys, list(map(int, found["Size"])), etags, classes)


def _is_plain(text: str) -> bool:
    """Tell whether text means itself; a quote in an ETag is one that was not at its end."""
    return text.isprintable() and not ("&" in text or "<" in text or ">" in text or '"' in text)


def _classes(written: tuple[str, ...]) -> Sequence[str] | None:
    """Give the storage classes; one str for all objects where they are alike."""
    kinds = {each: each or "STANDARD" for each in written}
    if not all(map(_is_plain, kinds)):
        return None
    return [kinds[each] for each in written] if len(kinds) > 1 else [*kinds.values()] * len(written)


def _layout_of(begin: bytes) -> _Layout | None:
    """Give the tags inside the first object, or None where they are nested, missing or many."""
    inside = begin[len(_BEGIN) :].decode("ascii").lstrip()
    layout: list[tuple[str, str]] = []
    at = 0
    while at < len(inside):
        found = _ELEMENT.match(inside, at)
        if found is None or len(layout) == _MAX_ELEMENTS:
            return None
        name, text = found.groups()
        quote = next((each for each in _QUOTES if name == "ETag" and text.startswith(each)), "")
        layout.append((name, quote))
        at = found.end()
    names = {name for name, _quote in layout}
    is_plain = len(names) == len(layout) and {"Key", "Size"} <= names
    return tuple(layout) if is_plain else None


@cache
def _pattern(layout: _Layout) -> re.Pattern[str]:
    """Give the pattern of one object: the same tags in the same order, and no others.

    Those that nobody reads may be missing: what an object was checked with, for example.
    """
    return re.compile(rf"(<Contents>\s*{''.join(map(_part, layout))}</Contents>\s*)")


def _part(named: tuple[str, str]) -> str:
    name, quote = named
    if name == "ETag":
        text = f"{quote}([^{quote[:1] or '<'}]*){quote}"
    elif name in _READ:
        text = _READ[name]
    else:
        return rf"(?:<{name}>{_TEXT}</{name}>\s*)?"
    return rf"<{name}>{text}</{name}>\s*"
