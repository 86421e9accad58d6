"""The table of decisions as sentences: what is seen, and what follows from it."""

from s3syncd.core.entry import Kind
from s3syncd.core.table import UNKNOWN
from tests.core.entries import local, remote, row

__all__ = ["EDITED", "MODES", "REPLACED", "REPUT", "TABLE", "TOUCHED", "K"]

K = Kind
MODES = ("upload", "download", "two-way")
EDITED, TOUCHED = local(size=99, stamp=2), local(stamp=2)
REPLACED, REPUT = remote(size=77, etag="e2"), remote(etag="e2")

# sentence, local, baseline, remote, row, what follows in upload, download, two-way (retire on)
TABLE = [
    ("a file of ours that cannot be looked at",
     UNKNOWN, row(), remote(), 0, None, None, None),
    ("an object that cannot be looked at",
     local(), row(), UNKNOWN, 0, None, None, None),
    ("a place that cannot be looked at, and an object",
     UNKNOWN, None, remote(), 0, None, None, None),
    ("a place that cannot be looked at, and no object any more",
     UNKNOWN, row(), None, 0, None, None, None),
    ("nothing anywhere",
     None, None, None, 1, None, None, None),
    ("a new file",
     local(), None, None, 2, (K.UPLOAD, "new"), None, (K.UPLOAD, "new")),
    ("a foreign object",
     None, None, remote(), 3, None, (K.DOWNLOAD, "new"), (K.DOWNLOAD, "new")),
    ("first contact of equal sizes",
     local(), None, remote(), 4,
     (K.ADOPT, "first_contact"), (K.ADOPT, "first_contact"), (K.ADOPT, "first_contact")),
    ("first contact of different sizes",
     local(), None, remote(size=11), 5,
     (K.UPLOAD, "first_contact"), (K.CONFLICT, "conflict"), (K.CONFLICT, "conflict")),
    ("nothing changed",
     local(), row(), remote(), 6, None, None, None),
    ("an object replaced by one of another size",
     local(), row(), REPLACED, 7,
     (K.UPLOAD, "drift"), (K.DOWNLOAD, "changed"), (K.DOWNLOAD, "changed")),
    ("an object put again with the same size",
     local(), row(), REPUT, 7, (K.ADOPT, "drift"), (K.ADOPT, "changed"), (K.ADOPT, "changed")),
    ("an object with the old version token but another size",
     local(), row(), remote(size=77), 7,
     (K.UPLOAD, "drift"), (K.DOWNLOAD, "changed"), (K.DOWNLOAD, "changed")),
    ("a vanished object",
     local(), row(), None, 8,
     (K.UPLOAD, "vanished"), (K.DELETE_LOCAL, "retired"), (K.DELETE_LOCAL, "retired")),
    ("an edited file",
     EDITED, row(), remote(), 9,
     (K.UPLOAD, "changed"), (K.CONFLICT, "conflict"), (K.UPLOAD, "changed")),
    ("a touched file",
     TOUCHED, row(), remote(), 9,
     (K.UPLOAD, "changed"), (K.ADOPT, "conflict"), (K.UPLOAD, "changed")),
    ("both edited to equal sizes",
     local(size=77, stamp=2), row(), REPLACED, 10,
     (K.ADOPT, "drift"), (K.ADOPT, "drift"), (K.ADOPT, "drift")),
    ("both edited to different sizes",
     EDITED, row(), REPLACED, 11,
     (K.UPLOAD, "drift"), (K.CONFLICT, "conflict"), (K.CONFLICT, "conflict")),
    ("an edited file whose object vanished",
     EDITED, row(), None, 12,
     (K.UPLOAD, "vanished"), (K.FORGET, "kept"), (K.UPLOAD, "vanished")),
    ("a deleted file",
     None, row(), remote(), 13,
     (K.DELETE_REMOTE, "retired"), (K.DOWNLOAD, "vanished"), (K.DELETE_REMOTE, "retired")),
    ("a deleted file whose object was replaced",
     None, row(), REPLACED, 14,
     (K.FORGET, "kept"), (K.DOWNLOAD, "vanished"), (K.DOWNLOAD, "vanished")),
    ("a deleted file whose object was put again",
     None, row(), REPUT, 14,
     (K.FORGET, "kept"), (K.DOWNLOAD, "vanished"), (K.DOWNLOAD, "vanished")),
    ("gone on both sides",
     None, row(), None, 15, (K.FORGET, "gone"), (K.FORGET, "gone"), (K.FORGET, "gone")),
]  # fmt: skip
