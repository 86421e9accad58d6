"""Where moto, the second opinion, is known to answer otherwise than the strict store.

Each entry is watched: `test_against_moto.py` plays its witness and fails when the two agree by now,
so that the list never excuses more than it must. A difference that no entry explains fails, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from tests.strict.sequences import Step, etag_of

__all__ = ["DIFFERENCES", "Difference", "explain"]

Outcome = Mapping[str, object]

OTHER: Final = '"00000000000000000000000000000000"'


@dataclass(frozen=True)
class Difference:
    """One way in which the two differ.

    Attributes:
        name: what moto does, as a sentence.
        why: what S3 does, and how we know.
        explains: tells whether a step with these outcomes (ours, moto's) is a case of it.
        witness: steps of which the last one shows it, on an empty bucket.
    """

    name: str
    why: str
    explains: Callable[[Mapping[str, object], Outcome, Outcome], bool]
    witness: tuple[Step, ...]
    operations: tuple[str, ...]


def explain(step: Step, ours: Outcome, theirs: Outcome) -> Difference | None:
    """Find the entry that explains why the outcomes of a step differ."""
    given = dict(step.given)
    for each in DIFFERENCES:
        if step.name in each.operations and each.explains(given, ours, theirs):
            return each
    return None


def step(name: str, **given: object) -> Step:
    """Write a step."""
    return Step(name, tuple(given.items()))


def _refused(ours: Outcome, code: str, theirs: Outcome) -> bool:
    """Whether it is refused here, with this code, and accepted there."""
    return ours["code"] == code and theirs["status"] == 200


def _has_more_markers(ours: Outcome, theirs: Outcome) -> bool:
    one, other = ours.get("markers"), theirs.get("markers")
    return isinstance(one, list) and isinstance(other, list) and len(one) > len(other)


_ONE: Final = step("put", key="a", body="one")
_VERSIONED: Final = step("keep_versions", status="Enabled")
_SUSPENDED: Final = step("keep_versions", status="Suspended")
_UPLOAD: Final = (step("begin", key="a"), step("part", upload=0, number=1, body="one"))

DIFFERENCES: Final = (
    Difference(
        "takes content whose digest is wrong",
        "BadDigest: documented for Content-MD5 and each x-amz-checksum-*",
        lambda given, ours, theirs: _refused(ours, "BadDigest", theirs),
        (step("put", key="a", body="one", digest="md5", is_right=False),),
        ("put", "part"),
    ),
    Difference(
        "takes keys longer than 1,024 bytes",
        "KeyTooLongError: documented limit",
        lambda given, ours, theirs: _refused(ours, "KeyTooLongError", theirs),
        (step("put", key="x" * 1025, body="one"),),
        ("put",),
    ),
    Difference(
        "does not find keys with a line feed",
        "every sequence of Unicode characters is a key; its routing stops at the line",
        lambda given, ours, theirs: "\n" in str(given["key"]) and theirs["status"] == 404,
        (step("put", key="line\nfeed", body="one"),),
        ("put",),
    ),
    Difference(
        "takes more metadata than 2 KB",
        "MetadataTooLarge: names and values count, 2 KB in all",
        lambda given, ours, theirs: _refused(ours, "MetadataTooLarge", theirs),
        (step("describe", key="a", storage_class="STANDARD", metadata="x" * 2048),),
        ("describe",),
    ),
    Difference(
        "ignores If-None-Match with an ETag when writing",
        "NotImplemented: the model of PutObject expects an asterisk",
        lambda given, ours, theirs: given.get("condition") == "none" and given.get("etag") != "*"
        and ours["code"] == "NotImplemented",
        (step("put", key="a", body="one", condition="none", etag=OTHER),),
        ("put", "copy", "complete"),
    ),
    Difference(
        "ignores conditions of a copy",
        "PreconditionFailed, or NoSuchKey for If-Match on nothing: documented for the source, and "
        "since 2025 for the destination; it looks at If-None-Match of the source only",
        lambda given, ours, theirs: bool(given.get("condition"))
        and ours["status"] in {404, 412} and theirs["status"] == 200,
        (_ONE, step("copy", source="a", key="b c", condition="source match", etag=OTHER)),
        ("copy",),
    ),
    Difference(
        "ignores If-Match when completing an upload",
        "PreconditionFailed, or NoSuchKey where there is nothing: documented",
        lambda given, ours, theirs: given.get("condition") == "match"
        and ours["status"] in {404, 412} and theirs["status"] == 200,
        (*_UPLOAD, step("complete", upload=0, bodies=((1, "one"),), condition="match", etag=OTHER)),
        ("complete",),
    ),
    Difference(
        "ignores the size of the object when completing an upload",
        "InvalidRequest: documented for x-amz-mp-object-size",
        lambda given, ours, theirs: bool(given.get("size"))
        and _refused(ours, "InvalidRequest", theirs),
        (*_UPLOAD, step("complete", upload=0, bodies=((1, "one"),), size=99)),
        ("complete",),
    ),
    Difference(
        "fails at uploads that are not there",
        "NoSuchUpload, documented; it answers 500",
        lambda given, ours, theirs: ours["code"] == "NoSuchUpload" and theirs["status"] == 500,
        (step("complete", upload=0, bodies=((1, "one"),)),),
        ("part", "complete"),
    ),
    Difference(
        "ignores ETags when deleting many",
        "an Error of that key, PreconditionFailed or NoSuchKey: documented for conditional deletes",
        lambda given, ours, theirs: bool(given.get("etag")) and not theirs["errors"],
        (_ONE, step("delete_many", keys=("a",), etag=OTHER)),
        ("delete_many",),
    ),
    Difference(
        "takes an asterisk in If-Match for an ETag",
        "an asterisk is any version: documented for DeleteObject, RFC 9110 for reading",
        lambda given, ours, theirs: given.get("etag") == "*"
        and (ours["status"], theirs["status"]) in {(200, 412), (206, 412), (412, 404)},
        (_ONE, step("delete", key="a", etag="*")),
        ("delete", "get", "head"),
    ),
    Difference(
        "gives an empty object whatever range is asked for",
        "InvalidRange: there is no first byte to give",
        lambda given, ours, theirs: bool(given.get("part"))
        and _refused(ours, "InvalidRange", theirs) and theirs["body"] == b"",
        (step("put", key="a", body=""), step("get", key="a", part="bytes=-2")),
        ("get",),
    ),
    Difference(
        "takes an asterisk in If-None-Match for an ETag",
        "an asterisk is any version: RFC 9110, so that nothing is given",
        lambda given, ours, theirs: (given.get("condition"), given.get("etag")) == ("none", "*")
        and ours["status"] == 304,
        (_ONE, step("head", key="a", condition="none", etag="*")),
        ("get", "head"),
    ),
    Difference(
        "makes no delete marker where there is nothing to delete",
        "documented: the marker is inserted whether there is an object or not",
        lambda given, ours, theirs: (ours.get("marker"), theirs.get("marker")) == (True, False)
        or (ours.get("versions") == theirs.get("versions") and _has_more_markers(ours, theirs)),
        (_VERSIONED, step("delete", key="a")),
        ("delete", "list_versions"),
    ),
    Difference(
        "keeps no version without an id while versioning is suspended",
        "the version null, one at most: documented",
        lambda given, ours, theirs: (ours.get("has_version"), theirs.get("has_version"))
        == (True, False),
        (_VERSIONED, _SUSPENDED, _ONE),
        ("put",),
    ),
    Difference(
        "names another error for the copy of an archived object",
        "InvalidObjectState is what AWS is seen to answer; the model names only moto's",
        lambda given, ours, theirs: theirs["code"] == "ObjectNotInActiveTierError",
        (
            step("describe", key="a", storage_class="GLACIER", metadata="x"),
            step("copy", source="a", key="b c"),
        ),
        ("copy",),
    ),
)  # fmt: skip

assert etag_of("one") != OTHER
