"""`s3syncd restore` as a command: beside a daemon, interrupted, and gone on with."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import warm
from tests.e2e.daemon import COMMAND
from tests.e2e.site import tree
from tests.e2e.world import World
from tests.servers import ACCESS_KEY, SECRET_ACCESS_KEY
from tests.strict.fake import FakeStore
from tests.strict.faults import Fault, Kind
from tests.waiting import until


def test_a_tree_comes_back_beside_the_daemon_that_sent_it(rclone_world: World) -> None:
    site = rclone_world.site(prefix="some/prefix/")
    large = os.urandom(17 * 2**20)
    for name, content in {"a": b"one", "d/é +%": b"two", "empty": b"", "large": large}.items():
        site.write(name, content)
    script = site.root / "a"
    script.chmod(0o750)
    os.utime(script, ns=(1, 1234567890_123456789))
    daemon = rclone_world.daemon().start()
    daemon.in_sync()
    before = daemon.site()
    out = rclone_world.folder / "out"
    answer = daemon.run("restore", "data", "--to", str(out), "--json")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    told = json.loads(answer.stdout)
    assert (told["counts"], told["is_whole"]) == ({"restored": 4}, True)
    assert tree(out) == tree(site.root)
    seen = (out / "a").stat()
    assert (seen.st_mode, seen.st_mtime_ns) == (0o100750, 1234567890_123456789)
    assert daemon.site()["last_reconcile_at"] == before["last_reconcile_at"]
    refused = daemon.run("restore", "data", "--to", str(site.root), "--into-root")
    assert refused.returncode == 1
    assert "another s3syncd" in refused.stderr


def _config(folder: Path, endpoint: str) -> Path:
    document: dict[str, Any] = {
        "endpoint": endpoint, "region": "us-east-1", "access_key": ACCESS_KEY,
        "secret_access_key": SECRET_ACCESS_KEY, "state_dir": str(folder / "state"),
        "sites": [{"name": "data", "path": str(folder / "root"), "bucket": "bucket"}],
    }  # fmt: skip
    path = folder / "config.yml"
    path.write_text(json.dumps(document))  # which is YAML, too
    path.chmod(0o600)
    return path


@pytest.mark.skipif(not warm.is_possible(), reason="only Linux hands grandchildren on")
def test_an_interrupted_restore_leaves_nothing_half_done_and_goes_on(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with FakeStore().server() as store:
        store.create_bucket("bucket")
        client = store.as_server.client()
        for name in ("a", "b"):
            client.put_object(Bucket="bucket", Key=name, Body=name.encode() * 1000)
        client.close()
        command = [
            str(COMMAND), "-c", str(_config(tmp_path, store.endpoint)), "restore", "data",
            "--to", str(out),
        ]  # fmt: skip
        held = store.fault(Fault(kind=Kind.HOLD, operation="GetObject", key="b", name="b"))
        said = tmp_path / "said"
        process = warm.start(command, environment=os.environ, output=said)
        until(lambda: store.met(held) and (out / "a").exists(), 50)
        process.send_signal(signal.SIGINT)
        assert process.wait(50) == 130
        assert "1 file is there; run the same restore again" in said.read_text()
        assert tree(out).keys() == {"a", ".s3syncd-restore/claim"}
        store.clear_faults()
        assert warm.start(command, environment=os.environ, output=said).wait(50) == 0
    assert "1 were there already" in said.read_text()
    assert tree(out) == {"a": b"a" * 1000, "b": b"b" * 1000}
