"""The daemon tells by itself: a sign of life, and what needs a person; its file is looked at."""

from __future__ import annotations

import json

import pytest

from tests.e2e.world import World
from tests.servers import respond, stub_server
from tests.waiting import until

pytestmark = pytest.mark.e2e

TOKEN = "T0KEN9f8e7d6c5b4a39281706"


def test_a_hold_is_told_once_the_changed_file_says_where(world: World) -> None:
    site = world.site(retire_deleted=True, max_delete=0)
    site.write("file")
    daemon = world.daemon(reload_on_change=True).start()
    daemon.in_sync()
    (site.root / "file").unlink()
    daemon.wait(lambda s: s["held_deletions"])
    with stub_server() as receiver:
        receiver.behave(respond(200), times=1000)
        url = f"{receiver.endpoint}/{TOKEN}"
        daemon.write_config({
            **daemon.document,
            "heartbeat": {"url": f"{url}/beat", "interval": 1},
            "notify": {"webhook": f"{url}/hook"},
        })  # fmt: skip
        (posted,) = until(lambda: receiver.seen("POST"), 20)
        until(lambda: receiver.seen("GET", contains="/beat"))
        status = until(
            lambda: (s := daemon.status()).get("heartbeat", {}).get("last_sent_at") and s
        )
        said = [daemon.run(*command) for command in (["check", "--offline"], ["status", "--json"])]
    document = json.loads(posted.body)
    (notice,) = document["notices"]
    assert (notice["site"], notice["kind"]) == ("data", "held")
    assert " approve data --list" in document["text"]
    assert status["heartbeat"]["error"] is None
    written = daemon.log_path.read_text() + json.dumps(status) + said[0].stdout + said[1].stdout
    assert '"********"' in said[0].stdout
    assert TOKEN not in written
