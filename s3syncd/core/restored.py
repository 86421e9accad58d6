"""What became of the objects that a restore brings: closed words, and what to do about them."""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["HINTS", "MISSING", "PASSING", "Restored"]


class Restored(NamedTuple):
    """One path, or the key where no path can stand for it.

    `word`: `restored`, `replaced` (another file stood there), `present` (it was there already and
    is proved equal), or a key of `HINTS`. `is_proved`: the content is that of the object, by a
    digest; False for what was brought and could not be proved. `detail`: what was said about it.
    """

    path: str
    word: str
    size_bytes: int = 0
    is_proved: bool = True
    detail: str = ""

    @property
    def hint(self) -> str:
        """What it means, and what to do; empty where all is well."""
        return HINTS.get(self.word, "" if self.is_proved else _UNPROVED)


_UNPROVED: Final = (
    "It is there, and the store tells nothing by which its content could be proved (SSE-KMS, "
    "parts of unknown sizes)."
)

HINTS: Final[dict[str, str]] = {
    "archived": "It is in an archive and cannot be read. Ask for a copy, for each of them: "
    "`aws s3api restore-object --bucket BUCKET --key KEY --restore-request Days=7`; hours later "
    "run the same restore again.",
    "differs": "Another file stands there and was kept: `--overwrite` replaces it.",
    "name_clash": "A directory, link or special file stands there, or something else than a "
    "directory above it (keys `a` and `a/b` cannot both be files): restore into another directory.",
    "not_a_path": "No file can have this name (`..`, `//`, a leading `/`, NUL): fetch the object "
    "by hand.",
    "reserved_name": "Its name is that of our own directory there: fetch the object by hand.",
    "damaged": "What was received is not what the store's digest speaks of, twice; nothing was "
    "written. Look at other versions of it (`--at`), or fetch it by hand.",
    "vanished": "It was deleted after it had been listed.",
    "changing": "It was replaced again and again meanwhile: run the same restore again.",
    "refused": "The store does not let these credentials read it: allow s3:GetObject (with `--at` "
    "s3:GetObjectVersion, with SSE-KMS kms:Decrypt), and run the same restore again.",
    "no_answer": "The store did not answer: run the same restore again.",
    "unreadable": "The file that stands there cannot be read for comparing: make it readable.",
    "unwritable": "It cannot be written there.",
}
"""Why something is not there, with what an operator should do."""

MISSING: Final = frozenset(HINTS)
"""The words of what was not brought."""

PASSING: Final = frozenset({
    "archived", "changing", "refused", "no_answer", "unreadable", "unwritable",
})  # fmt: skip
"""Those of what the same restore may bring at another time."""
