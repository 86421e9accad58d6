"""Which filesystem a root is on, and what is mounted inside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from s3syncd.local.mounts import Mount, Mounts, is_local, parse_mountinfo

TABLE = r"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 22 0:40 / /srv/data rw,relatime - nfs4 server:/export rw
31 22 0:41 / /srv/data/in\040ner rw - tmpfs none rw
32 22 0:42 /sub /srv/database rw - xfs /dev/vdb rw
33 22 0:43 / /home/me rw - fuse.sshfs me@host:/ rw
34 33 0:44 / /home/me rw - ext4 /dev/vdc rw
not a line
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "mountinfo"
    path.write_text(TABLE)
    return path


def test_lines_are_read_with_their_escapes() -> None:
    mounts = parse_mountinfo(TABLE)
    assert mounts[2] == Mount("/srv/data/in ner", "tmpfs", 31)
    assert len(mounts) == 6


@pytest.mark.parametrize(
    ("root", "kind", "inner"),
    [
        ("/", "ext4", {"srv/data/", "srv/data/in ner/", "srv/database/", "home/me/"}),
        ("/srv/data", "nfs4", {"in ner/"}),
        ("/srv/data/in ner/x", "tmpfs", set()),
        ("/srv/database/x", "xfs", set()),
        ("/srv/dat", "ext4", set()),
        ("/home/me/x", "ext4", set()),  # the later mount on one point hides the earlier
    ],
)
def test_the_nearest_mount_above_counts(table: Path, root: str, kind: str, inner: set[str]) -> None:
    mounts = Mounts(Path(root), source=table)
    assert mounts.refresh()
    assert mounts.kind == kind
    assert mounts.inner == inner
    mounts.close()


def test_without_a_table_nothing_is_known(tmp_path: Path) -> None:
    mounts = Mounts(tmp_path, source=tmp_path / "none")
    assert not mounts.refresh()
    assert mounts.kind == ""
    assert not mounts.inner


def test_what_is_not_known_to_be_local_is_not() -> None:
    assert is_local("ext4")
    assert is_local("overlay")
    assert not any(is_local(kind) for kind in ("nfs", "cifs", "fuse.sshfs", "9p", "tomorrowfs", ""))
