"""The installed command under limits: what reaches the server in any stretch of time, and a stop.

The server notes when each request was complete. Bounds are generous: only too much, or a wait that
was not there, is a failure; how long it takes is not judged.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.e2e.daemon import Daemon
from tests.e2e.world import World
from tests.servers import S3Server, Seen, StubServer, respond, stub_server
from tests.waiting import until

KIB = 2**10
MIB = 2**20
LATE_SECONDS = 0.5  # how late a busy machine may notice one request, so that it meets the next


@pytest.fixture
def stub() -> Iterator[StubServer]:
    with stub_server() as server:
        yield server


@pytest.fixture
def stub_world(stub: StubServer, new_world: Callable[..., World]) -> Iterator[World]:
    """A world on the server that notes every request with its time."""
    server = S3Server(stub.endpoint)
    client = server.client()
    yield new_world(server, client)
    client.close()


def assert_within(seen: Sequence[Seen], sizes: Sequence[float], rate: float, most: float) -> None:
    """Check that in no stretch of time more came than rate * t + `most`."""
    for first in range(len(seen)):
        total = 0.0
        for last in range(first, len(seen)):
            total += sizes[last]
            seconds = seen[last].at - seen[first].at + LATE_SECONDS
            assert total <= rate * seconds + most, (first, last, total, seconds)


def puts(stub: StubServer, site: Any) -> list[Seen]:
    """Give the uploads to a site's bucket."""
    return stub.seen("PUT", f"/{site.bucket}/")


def test_no_more_requests_are_made_than_allowed(stub, stub_world):
    site = stub_world.site()
    for number in range(60):
        site.write(f"{number:03}", b"x")
    began = len(stub.history)
    daemon = stub_world.daemon(requests_per_second=20).start()
    daemon.in_sync()
    seen = stub.history[began:]
    assert len(puts(stub, site)) == 60
    assert_within(seen, [1] * len(seen), 20, 20)
    assert seen[-1].at - seen[0].at >= (len(seen) - 20 - 5) / 20
    assert daemon.site()["limits"] == {"bytes_per_second": None, "requests_per_second": 20}
    assert "limited to 20 requests/s" in daemon.run("status").stdout


def test_no_more_bytes_are_sent_than_allowed_by_a_site_of_its_own_limit(stub, stub_world):
    slow = stub_world.site("slow", bandwidth_limit="1MiB/s")
    free = stub_world.site("free")
    for site in (slow, free):
        for number in range(24):
            site.write(f"{number:03}", bytes([number]) * (128 * KIB))
    daemon = stub_world.daemon(requests_per_second="off").start()
    daemon.in_sync("free")
    assert daemon.site("free")["limits"] is None
    daemon.in_sync("slow")
    seen = puts(stub, slow)
    sizes = [len(one.body) for one in seen]
    assert sum(sizes) == 3 * MIB
    assert_within(seen, sizes, MIB, MIB)
    assert seen[-1].at - seen[0].at >= 1.5
    assert daemon.site("slow")["limits"]["bytes_per_second"] == MIB


def test_parts_of_a_large_file_and_what_surrounds_them_obey_both_limits(stub, stub_world):
    answer = "<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>"
    stub.behave(respond(200, answer.encode()), method="POST", contains="?uploads")
    done = '<CompleteMultipartUploadResult><ETag>"e-4"</ETag></CompleteMultipartUploadResult>'
    stub.behave(respond(200, done.encode()), method="POST", contains="uploadId=u")
    site = stub_world.site()
    site.write("large", b"x" * (32 * MIB))
    began = len(stub.history)
    daemon = stub_world.daemon(bandwidth_limit="16MiB/s", requests_per_second=4).start()
    until(lambda: stub.seen("POST", "uploadId=u"), 30, "the upload is complete")
    seen = stub.history[began:]
    assert_within(seen, [1] * len(seen), 4, 4)
    parts = stub.seen("PUT", "partNumber=")
    assert [len(part.body) for part in parts] == [8 * MIB] * 4
    assert_within(parts, [8 * MIB] * 4, 16 * MIB, 16 * MIB)
    assert daemon.stop() in {0, 4}  # the stub is no store that could be asked about the object


def test_huge_files_of_one_site_do_not_hold_up_another(stub, stub_world):
    huge, small = stub_world.site("huge"), stub_world.site("small")
    daemon = stub_world.daemon(bandwidth_limit="1MiB/s").start()
    daemon.in_sync("huge", "small")
    for number in range(8):
        huge.write(str(number), bytes([number]) * (8 * MIB))
    until(lambda: puts(stub, huge), 30, "the first huge file is sent")
    for number in range(30):
        small.write(str(number), b"x" * 10 * KIB)
    daemon.in_sync("small")
    assert len(puts(stub, huge)) < 8
    assert not daemon.site("huge")["in_sync"]


def _waiting(world: World, stub: StubServer, **limits: Any) -> tuple[Daemon, Any]:
    """Start a daemon most of whose requests wait for ages."""
    site = world.site()
    daemon = world.daemon(shutdown_timeout_seconds=60, **limits).start()
    daemon.in_sync()
    for number in range(40):
        site.write(str(number), bytes([number]) * (8 * KIB))
    until(lambda: puts(stub, site), 30, "the first file is sent")
    daemon.wait(lambda status: status["pending"]["actions"] >= 30)
    return daemon, site


def test_a_stop_does_not_wait_for_the_limit_and_nothing_is_in_doubt(stub, stub_world):
    daemon, site = _waiting(stub_world, stub, bandwidth_limit="1KiB/s")
    before = time.monotonic()
    assert daemon.stop() == 4  # the rest waits for the next start
    assert time.monotonic() - before < 30  # half of what the drain may take
    sent = len(puts(stub, site))
    assert sent < 40
    assert daemon.events("transfer.failed") == []
    daemon.write_config({**daemon.document, "bandwidth_limit": "off"})
    daemon.start()
    daemon.in_sync()
    keys = [one.path for one in puts(stub, site)]
    assert len(keys) == len(set(keys)) == 40  # nothing was sent twice
    assert daemon.events("object.late") == []


def test_a_stop_between_two_parts_keeps_what_was_sent(world, proxy):
    site = world.site()
    site.write("large", b"x" * (40 * MIB))
    daemon = world.daemon(
        endpoint=proxy.endpoint, shutdown_timeout_seconds=60, bandwidth_limit="256KiB/s"
    ).start()
    until(lambda: proxy.seen("PUT", "partNumber="), 30, "the first part is on its way")
    before = time.monotonic()
    assert daemon.stop() == 4  # the rest waits for the next start
    assert time.monotonic() - before < 30
    assert site.uploads() == ["large"]
    assert len(proxy.seen("PUT", "partNumber=")) < 5
    daemon.write_config({**daemon.document, "bandwidth_limit": "off"})
    daemon.start()
    daemon.in_sync()
    site.assert_equal()
    numbers = [one.target.partition("partNumber=")[2][:1] for one in proxy.seen("PUT", "partNum")]
    assert sorted(numbers) == ["1", "2", "3", "4", "5"]


def test_a_reload_changes_the_limit_for_those_that_wait_and_restarts_no_site(stub, stub_world):
    daemon, site = _waiting(stub_world, stub, bandwidth_limit="1KiB/s")
    daemon.write_config({**daemon.document, "bandwidth_limit": "100MiB/s"})
    answer = daemon.ask("reload")
    assert (answer["restarted"], answer["needs_restart"]) == ([], [])
    daemon.in_sync()
    assert len(puts(stub, site)) == 40
    assert daemon.site()["limits"]["bytes_per_second"] == 100 * MIB
    daemon.document["sites"][0]["requests_per_second"] = 7
    daemon.write_config({**daemon.document, "bandwidth_limit": None})
    assert daemon.ask("reload")["restarted"] == []
    assert daemon.site()["limits"] == {"bytes_per_second": None, "requests_per_second": 7}
    assert daemon.events("site.started") == []
