"""The server ends whenever it is told to, and however often."""

from __future__ import annotations

import threading

from s3syncd.web.server import Server
from s3syncd.web.sockets import listening_socket


def test_a_server_that_has_ended_may_be_told_to_end_again() -> None:
    for _ in range(20):
        server = Server(listening_socket("127.0.0.1:0"), lambda _environ, _start: [b""])
        thread = threading.Thread(target=server.run)
        thread.start()
        stops = [threading.Thread(target=server.stop) for _ in range(3)]
        for stop in stops:
            stop.start()
        for each in (*stops, thread):
            each.join(10)
            assert not each.is_alive()
        server.stop()
