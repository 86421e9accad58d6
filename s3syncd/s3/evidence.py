"""What proves that S3 answered: any web server answers 200, with a page or with nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from xml.etree.ElementTree import Element

from s3syncd.s3.listing import ListingError, document_of

__all__ = ["ANSWERED", "Doubt", "prove_contact", "prove_known"]

_NAMED: Final = frozenset({"CompleteMultipartUpload", "ListMultipartUploads", "ListParts"})
"""What is answered with a document of that name and an ending: Result, or Output (moto).
CreateMultipartUpload is proved by the id that it gives."""

ANSWERED: Final = (*sorted(_NAMED), "CreateMultipartUpload", "ListObjectsV2")
"""Operations whose answers are used."""


class Doubt(Exception):  # noqa: N818 - says what is thought of an answer
    """A success that is none. `is_unmeasured`: its end cannot be told from a broken line."""

    def __init__(self, message: str, *, is_unmeasured: bool = False) -> None:
        super().__init__(message)
        self.is_unmeasured = is_unmeasured


def prove_contact(headers: Mapping[str, str], body: bytes) -> bool:
    """Look whether an answer lists a bucket, in a way that its listings are believed later.

    Args:
        headers: by lower-case name.
        body: decoded.

    Returns:
        False: it is an error behind a success, and says what is wrong.

    Raises:
        Doubt: it does not.
    """
    root, namespace = _document(body)
    if _name_of(root) == "Error":
        return False
    if _name_of(root) != "ListBucketResult" or root.find(f"{namespace}IsTruncated") is None:
        raise Doubt("The answer is no listing.")
    if not headers.keys() & {"content-length", "transfer-encoding"}:
        raise Doubt("The answer does not tell how long it is.", is_unmeasured=True)
    return True


def prove_known(operation: str, body: bytes) -> Element | None:
    """Look whether a success is what an operation answers with; give it, if it has a document.

    Args:
        operation: name of what was asked.
        body: may begin with blanks, which keep a long wait from breaking.

    Raises:
        Doubt: it is another document, half of one, or none where one is needed.
    """
    if not body and operation not in _NAMED:
        return None
    root, _ = _document(body.lstrip())
    name = _name_of(root)
    if operation in _NAMED and name != "Error" and not name.startswith(operation):
        raise Doubt(f"The answer is a {name[:40]}.")
    return root


def _document(body: bytes) -> tuple[Element, str]:
    try:
        return document_of(body)
    except ListingError as error:
        raise Doubt(str(error)) from error


def _name_of(root: Element) -> str:
    return root.tag.rpartition("}")[2]
