"""XML documents, as S3 writes and reads them."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote_plus
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from tests.strict.errors import S3Error

__all__ = ["document", "read", "text_of"]

NAMESPACE: Final = "http://s3.amazonaws.com/doc/2006-03-01/"

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def document(name: str, inner: str) -> bytes:
    """Wrap elements into a document."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<{name} xmlns="{NAMESPACE}">{inner}</{name}>'.encode()


def text_of(key: str, *, is_quoted: bool) -> str:
    """Write a key into a document.

    Quoted as by encoding-type=url: a space is a plus sign, slashes stay. Unquoted, control
    characters become references, most of which no parser of XML 1.0 accepts: so does S3.
    """
    if is_quoted:
        return quote_plus(key, safe="/*").replace("~", "%7E")
    return _CONTROL.sub(lambda found: f"&#x{ord(found[0]):x};", escape(key))


def read(body: bytes, name: str) -> ElementTree.Element:
    """Read a document, its namespace taken off.

    Raises:
        S3Error: MalformedXML.
    """
    try:
        root = ElementTree.fromstring(body)
    except (ElementTree.ParseError, ValueError) as error:
        raise S3Error("MalformedXML") from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    if root.tag != name:
        raise S3Error("MalformedXML")
    return root
